/*
 * client.h - struct etcd, as the files of this room share it.
 */
#ifndef FLUME_AGENT_ETCD_CLIENT_H
#define FLUME_AGENT_ETCD_CLIENT_H

#include "agent/etcd/etcd.h"
#include "agent/etcd/ring.h"
#include "agent/etcd/tls.h"
#include "agent/loop/loop.h"

#include <curl/curl.h>
#include <sys/queue.h>

LIST_HEAD(etcd_calls, etcd_call);
LIST_HEAD(etcd_posts, etcd_post);

struct etcd {
	struct loop *loop;
	struct etcd_options options; /* defaults filled in; the texts NULL */
	char **endpoints;            /* shuffled; without a slash at the end */
	struct etcd_ring ring;
	bool secure;       /* one of them is https */
	char *server_name; /* NULL: that of the endpoint */
	struct etcd_tls tls;
	struct etcd_login *login;
	struct etcd_calls calls;
	struct etcd_posts waiting; /* for a token */
	struct etcd_pool
		*pools[2]; /* that posts share, of posts for themselves; NULL: none yet */
};

/* "http://a:2379": the endpoint `i`. */
const char *etcd_endpoint(const struct etcd *, size_t i);
/* What calls and watches made of it. */
void etcd_endpoint_failed(struct etcd *, size_t i);
void etcd_endpoint_worked(struct etcd *, size_t i);
/* The one to turn to next; those in `except` (a bit each) only if there is no other. */
size_t etcd_endpoint_next(const struct etcd *, size_t from, uint64_t except);

/* Splits and checks a list of endpoints; FLUME_INVALID or FLUME_NOMEM. */
int etcd_endpoints_parse(const char *given, char ***out, size_t *out_len, struct flume_err *);
void etcd_endpoints_free(char **endpoints, size_t len);

void etcd_notice(const struct etcd *, bool bad, const char *text);
uint32_t etcd_random(void);

#endif
