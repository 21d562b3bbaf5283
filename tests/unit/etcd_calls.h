/*
 * etcd_calls.h - an etcd of the test's own, and a client that waits for answers.
 */
#ifndef FLUME_TESTS_UNIT_ETCD_CALLS_H
#define FLUME_TESTS_UNIT_ETCD_CALLS_H

#include "agent/etcd/sync.h"
#include "tests/unit/etcd_server.h"

extern struct calls {
	struct etcd_server server;
	struct etcd_sync *client;
	struct etcd_result result; /* of the last verb */
	struct flume_err err;
} calls;

/* A checked fixture. */
void calls_begin(void);
void calls_end(void);
/* `request_ms` 0: the client's own patience. */
struct etcd_sync *calls_connect(const char *endpoints, int request_ms);
int64_t calls_put(const char *key, const char *value); /* must work; the revision */
int calls_range(struct etcd_query);

#endif
