/*
 * etcd_story.h - the decisions of a watch in virtual time: what happens is told, and what is to
 * be done is compared.
 */
#ifndef FLUME_TESTS_UNIT_ETCD_STORY_H
#define FLUME_TESTS_UNIT_ETCD_STORY_H

#include "agent/etcd/follow.h"

#include <check.h>

#define S INT64_C(1000000000)

extern struct story {
	struct etcd_follow f;
	struct etcd_todo todo; /* after what happened last */
	int64_t now;
} story;

struct story_change {
	int64_t revision;
	int64_t version; /* 0: a delete */
};

/* A checked fixture: revision 100 with 2 keys was listed, and the watch is new. */
void story_begin(void);
void story_end(void);
/* Exactly this is to be done; deliveries are made. */
void story_expect(unsigned what);
void story_time_is(int64_t at);
/* Waits for what is next. */
void story_wake(void);
void story_message(struct etcd_message m);
void story_created(int64_t revision);
/* An event message whose header is far ahead of it, as it is when history is replayed. */
void story_events(bool fragment, const struct story_change *changes, size_t n);
void story_progress(int64_t revision);
void story_stream_ends(const char *text);
void story_probed(int64_t revision, int64_t newest, int64_t count);
void story_unanswered(void);
/* Opened, created, and the first probe asked for; ... */
void story_come_up(void);
/* ... and answered. */
void story_come_up_proved(void);
void story_wants_relist(enum etcd_relist why, int64_t revision);
#define EVENTS(...)                                                 \
	story_events(false, (struct story_change[]){__VA_ARGS__},   \
		     sizeof((struct story_change[]){__VA_ARGS__}) / \
			     sizeof(struct story_change))
#define FRAGMENT(...)                                               \
	story_events(true, (struct story_change[]){__VA_ARGS__},    \
		     sizeof((struct story_change[]){__VA_ARGS__}) / \
			     sizeof(struct story_change))

#endif
