/*
 * client.h - struct etcd, as the files of this room share it.
 */
#ifndef FLUME_AGENT_ETCD_CLIENT_H
#define FLUME_AGENT_ETCD_CLIENT_H

#include "agent/etcd/etcd.h"
#include "agent/loop/loop.h"

#include <curl/curl.h>
#include <sys/queue.h>

LIST_HEAD(etcd_calls, etcd_call);
LIST_HEAD(etcd_posts, etcd_post);

struct etcd {
	struct loop *loop;
	struct etcd_options options; /* defaults filled in; endpoints NULL */
	char **endpoints;            /* without a slash at the end         */
	size_t endpoints_len;
	size_t current; /* the endpoint that calls begin with */
	struct etcd_calls calls;

	/* of transport.c */
	CURLM *multi;
	struct loop_timer *timer;
	struct etcd_posts readable;
};

/* "http://a:2379": the endpoint `i`, counted on past the last one. */
const char *etcd_endpoint(const struct etcd *, size_t i);

/* Splits and checks a list of endpoints; FLUME_INVALID or FLUME_NOMEM. */
int etcd_endpoints_parse(const char *given, char ***out, size_t *out_len, struct flume_err *);
void etcd_endpoints_free(char **endpoints, size_t len);

int etcd_transport_init(struct etcd *, struct flume_err *);
void etcd_transport_fini(struct etcd *);

uint32_t etcd_random(void);

#endif
