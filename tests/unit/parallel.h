/*
 * parallel.h - a rig for children that run at the same time: a clock moved by hand, parts that
 * wait for one another, and calls on threads of their own.
 *
 * The same promises hold on workers and in place, so most tests run in both kinds of rig.
 */
#ifndef FLUME_TESTS_UNIT_PARALLEL_H
#define FLUME_TESTS_UNIT_PARALLEL_H

#include "tests/unit/fixture.h"
#include "tests/unit/threads.h"

#define MS INT64_C(1000000)

extern struct parallel_rig {
	flume_cancel *cancel;    /* of the call; the processor `give-up` requests it         */
	atomic_int meeting;      /* how many stand in `meet`, which waits for `party` of them */
	atomic_int party;        /* and then goes on                                         */
	atomic_int told;         /* how often `stubborn` and `until-told` saw their cancel   */
	atomic_int ran;          /* how often anything of here ran                           */
	atomic_int inside, most; /* how many are in `count-in`, and were at most              */
	atomic_bool elsewhere;   /* `where` ran on another thread than the test's             */
	pthread_t self, caller;  /* of the test, of the last errand                      */
	_Atomic int64_t deadline_ns; /* that `look` saw                                      */
	char merged[256];            /* what the reducer `list` was given: "a=1 b=! c=-"      */
} parallel;

void parallel_open(void);          /* parts that are not prompt, four workers */
void parallel_open_one(void);      /* ... one worker                          */
void parallel_open_in_place(void); /* prompt parts; none of them waits        */
void parallel_close(void);
void parallel_close_in_place(void); /* and no thread was started */

/* Cases of a suite, for the one kind of rig, and for both: returned are on workers, in place. */
TCase *parallel_case(Suite *, const char *name, void (*open)(void), void (*close)(void));

/* A call of `yaml` on a thread of its own. */
struct errand {
	pthread_t thread;
	flume_pipeline *pipeline;
	struct flume_call call;
	struct item *item;
	struct flume_err err;
	int rc;
};
void errand_start(struct errand *); /* with pipeline, call and item filled in */
void errand_begin(struct errand *, const char *yaml, long value, const struct flume_call *);
int errand_end(struct errand *); /* waits; the item and the error become the rig's */

struct flume_factory_info parallel_info(void);

#endif
