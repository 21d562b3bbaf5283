/*
 * store.h - what etcd holds: every key with all its versions, revision by revision, and leases.
 *
 * One store for the whole cluster: members differ in how much of it they have applied (see
 * members.h).
 */
#ifndef FLUME_SIM_STORE_H
#define FLUME_SIM_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct version {
	int64_t revision, create_revision, number, lease;
	bool deleted;
	char *value;
	size_t len;
};

struct key {
	char *name;
	struct version *list; /* oldest first */
	size_t n, cap;
};

struct item { /* of a revision */
	size_t key, version;
};

struct revision {
	struct item *items;
	size_t n;
};

struct lease {
	int64_t id, ttl_ns, ends;
};

struct store {
	struct key *keys; /* sorted by name */
	size_t keys_len;
	struct revision *log; /* of revision 2 and up */
	int64_t last;         /* 1 when empty          */
	int64_t compacted;    /* what is older is gone  */
	struct lease *leases;
	size_t leases_len;
	bool open; /* the last revision may get more items */
};

void store_init(struct store *);
void store_fini(struct store *);

/* What is written between the two is one revision; without any there is none. */
void store_begin(struct store *);
void store_end(struct store *);
void store_put(struct store *, const char *key, const char *value, size_t len, int64_t lease);
/* False: there is no such key. */
bool store_delete(struct store *, const char *key);

/* As it was at `revision`; NULL: not there. */
const struct version *store_get(const struct store *, const char *key, int64_t revision);
const struct version *key_at(const struct key *, int64_t revision);
/* Everything beyond `revision` has never been. */
void store_cut(struct store *, int64_t revision);

/* NULL: there is no such lease. */
struct lease *store_lease(struct store *, int64_t id);
void store_grant(struct store *, int64_t id, int64_t ttl_ns, int64_t now);
/* With the keys under it. */
void store_revoke(struct store *, int64_t id);

#endif
