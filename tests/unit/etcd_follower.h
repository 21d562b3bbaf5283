/*
 * etcd_follower.h - a client with one watch on "/w/", and what the watch has told.
 */
#ifndef FLUME_TESTS_UNIT_ETCD_FOLLOWER_H
#define FLUME_TESTS_UNIT_ETCD_FOLLOWER_H

#include "agent/etcd/etcd.h"
#include "tests/unit/etcd_server.h"

extern struct follower {
	struct loop *loop;
	struct etcd *etcd;
	struct etcd_watch *watch;

	char events[8192]; /* "key=value " or "key! " in the order they came */
	size_t len;
	int n, batches;
	int ups, downs;
	int told;     /* 1: up, -1: down  */
	int relist;   /* -1: none asked for */
	int64_t last; /* revision delivered */
	int64_t proved, relist_revision;
	char why[320]; /* it is down */
	bool free_it;  /* the next event, or wish for a list, frees the watch */

	struct etcd_result result; /* of the last call */
	bool answered;
} follower;

/* Takes the loop. */
void follower_begin(struct loop *, const struct etcd_options *);
void follower_end(void);

/* From behind `after`, where there were `keys`.  Asks for proof often, but is patient, as the
 * machine may be busy; unless `first_ms` says how long the first answer may take. */
void follower_watch(int64_t after, int64_t keys, int first_ms);

/* Wait for their answer, which must be a success; give the revision. */
int64_t follower_answer(struct etcd_call *);
int64_t follower_put(const char *key, const char *value);
int64_t follower_list(void);
void follower_done(struct etcd_result *,
		   void *); /* the callback that follower_answer waits for */

#define WAIT_UNTIL(done, what) LOOP_UNTIL(follower.loop, done, what)

#endif
