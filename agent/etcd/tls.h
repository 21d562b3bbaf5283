/*
 * tls.h - whom to trust and what to show: the files of TLS, read, checked and kept, and read
 * again when they are others.  For this room.
 */
#ifndef FLUME_AGENT_ETCD_TLS_H
#define FLUME_AGENT_ETCD_TLS_H

#include "agent/etcd/file.h"

enum etcd_tls_part { ETCD_TLS_CA, ETCD_TLS_CERT, ETCD_TLS_KEY, ETCD_TLS_PARTS };

/* One reading of the files; all of it fits together. */
struct etcd_identity {
	unsigned refs;
	int fds[ETCD_TLS_PARTS];        /* copies in memory; -1: no such file is wanted       */
	char paths[ETCD_TLS_PARTS][32]; /* under which they can be opened; "" likewise */
	int64_t ends;  /* seconds since 1970, of the client's certificate; 0: none     */
	bool has_name; /* it has a common name                                         */
};
struct etcd_identity *etcd_identity_ref(struct etcd_identity *);
struct etcd_identity *etcd_identity_unref(struct etcd_identity *); /* NULL is fine */

struct etcd_tls {
	char *files[ETCD_TLS_PARTS]; /* NULL: not wanted */
	struct etcd_stamp stamps[ETCD_TLS_PARTS];
	struct etcd_identity *identity; /* NULL: never was a good one */
	bool looked;
	bool good; /* `identity` is what is in the files */
};

/* FLUME_INVALID (a certificate without its key, ...), FLUME_NOMEM; etcd_tls_fini either way. */
int etcd_tls_init(struct etcd_tls *, const char *ca, const char *cert, const char *key,
		  struct flume_err *);
void etcd_tls_fini(struct etcd_tls *);

enum etcd_tls_look {
	ETCD_TLS_SAME,
	ETCD_TLS_NEW,  /* `identity` is another                                */
	ETCD_TLS_KEPT, /* the files are others and no good: `err`; told once   */
};
/* Negative, with `err`: there is no identity.  FLUME_IO, FLUME_INVALID, FLUME_NOMEM. */
int etcd_tls_look(struct etcd_tls *, struct flume_err *);

/* What may be behind a handshake that failed at `now` (seconds since 1970), as the end of a
 * sentence; "" when nothing is known. */
void etcd_tls_suspect(const struct etcd_tls *, int64_t now, char *out, size_t size);

#endif
