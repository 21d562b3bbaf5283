/*
 * etcd_server.h - a real etcd of the test's own, on a free loopback port, in a folder of its
 * own; and a loop to wait on.  Everything fails the test when it does not work, a missing etcd
 * too.
 */
#ifndef FLUME_TESTS_UNIT_ETCD_SERVER_H
#define FLUME_TESTS_UNIT_ETCD_SERVER_H

#include "agent/loop/loop.h"

#include <sys/types.h>

struct etcd_server {
	char url[64]; /* "http://127.0.0.1:PORT" */
	char dir[256];
	int port, peer_port;
	pid_t pid; /* 0: not running */
	int guard; /* closed with the test, however that ends: see etcd_server.c */
};

/* Takes ports and a folder; nothing runs yet. */
void etcd_server_init(struct etcd_server *);
/* Starts it, or starts it again on the same data and port; returns when it answers. */
void etcd_server_start(struct etcd_server *);
void etcd_server_kill(struct etcd_server *); /* SIGKILL                 */
void etcd_server_freeze(struct etcd_server *, bool frozen);
void etcd_server_wipe(struct etcd_server *); /* kill, and forget all    */
void etcd_server_fini(struct etcd_server *); /* kill, remove the folder */

/* POSTs `json` to `path` ("/v3/kv/compaction"); returns the reply, valid until the next call.
 */
const char *etcd_server_post(struct etcd_server *, const char *path, const char *json);

/* Runs the loop until `done` is true; `what` is said when it does not become true in time. */
#define LOOP_UNTIL(loop, done, what)                                                    \
	do {                                                                            \
		int64_t until_ = loop_now() + INT64_C(60000000000);                     \
		while (!(done)) {                                                       \
			ck_assert_msg(loop_now() < until_, "did not happen: %s", what); \
			loop_step(loop, 20);                                            \
		}                                                                       \
	} while (0)

#endif
