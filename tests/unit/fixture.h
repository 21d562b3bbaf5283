/*
 * fixture.h - a factory over small items, a clock that moves only when somebody sleeps on it, a
 * listener that writes down, and the verbs that promises are made of.
 *
 * One rig per test: rig_open and rig_close are a checked fixture.  Closing frees the factory
 * and then wants every item freed and every component done, each once.
 */
#ifndef FLUME_TESTS_UNIT_FIXTURE_H
#define FLUME_TESTS_UNIT_FIXTURE_H

#include "lib/flume.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>

struct item {
	long value;
	char marks[64]; /* one letter per step that touched it */
};

struct seen { /* one event, with texts of its own */
	enum flume_event_kind kind;
	char name[64], schema_id[64], version[16], old_version[16], path[192];
	uint64_t generation;
	int64_t duration_ns;
	int code;
	bool by_call;
	uint64_t call_id;
};

#define RIG_MOST   64
#define RIG_EVENTS 512

extern struct rig {
	flume_factory *factory;
	flume_report *report;     /* of the last verb that fills one */
	struct item *item;        /* what the last run left          */
	struct flume_err err;     /* of the last run                 */
	atomic_long items;        /* alive                           */
	atomic_long clones;       /* ever made                       */
	atomic_long added;        /* components that were registered */
	atomic_long done;         /* ... and let go                  */
	atomic_long made, unmade; /* components that rig_add_makers' kinds made */
	atomic_long fail_clone;   /* let this one, from 1, fail      */

	atomic_long fails_left;   /* `flaky` fails so often        */
	const char *word;         /* what the condition `word` says */
	int handle_code;          /* what the handler `turn` makes of an error */
	struct flume_err handled; /* what the handlers saw last     */
	char handled_marks[64];

	long sent[RIG_MOST]; /* values that the channel `box` got */
	size_t n_sent;
	int64_t send_deadline_ns; /* of the last call that a channel got  */

	atomic_int at_gate; /* calls that stand in `gate` */
	atomic_bool gate_open;

	_Atomic int64_t now_ns; /* of the clock                    */
	int64_t slept[RIG_MOST];
	size_t n_slept;
	flume_cancel *cancel_in_sleep; /* requested by the next sleep */
	atomic_bool held;              /* a sleep waits until the test moves now_ns */
	atomic_int asleep;             /* ... so many do, or sleep by rig_hand_clock */

	struct seen seen[RIG_EVENTS];
	atomic_size_t n_seen;
} rig;

void rig_open(void);
void rig_close(void);
/* With options of one's own, and parts that are all prompt or all not. */
void rig_open_with(const struct flume_options *, bool prompt);
/* The checked fixture on a case of its own, with a generous limit for sanitizers. */
TCase *rig_case(Suite *, const char *name);

/* ---- schemas ---- */

flume_schema *rig_schema(const char *yaml); /* must parse */
int rig_check(const char *yaml);            /* fully, against the rig's factory */
int rig_set(const char *id, const char *yaml);
void rig_must_set(const char *id, const char *yaml);
/* Setting it is rejected; one of the findings is exactly this ("line:col: path: text [code]",
 * then " (hint)" if it has one). */
void rig_refuses(const char *id, const char *yaml, const char *finding);
/* One of the findings of the last report is exactly this. */
void rig_found(const char *finding);
void rig_add(const struct flume_component *);
/* Kinds to declare: predicates is {value}, all {of}, not {of}; processor note {text}; channel
 * away, for the node's own configuration only; and two that are broken, another and nothing. */
void rig_add_makers(void);
int rig_declare(const char *yaml); /* flume_factory_take_declared */

/* Prepares that change; it must be right. */
flume_change *rig_prepared(const char *id, const char *yaml);
/* Of the schema stored under `id`, "" when there is none; until the next one is asked for. */
const char *rig_stored_version(const char *id);

/* ---- runs ---- */

/* Builds `yaml` and runs a fresh item through it; `call` may be NULL. */
int rig_run(const char *yaml, long value);
int rig_run_call(const char *yaml, long value, const struct flume_call *);
/* Runs a fresh item through the schema stored under `id`. */
int rig_process(const char *id, long value);
void rig_left(const char *marks); /* the last run left these */
void rig_failed_at(const char *path, const char *text);

/* A call on a thread of its own that stands in the processor `gate` until it is landed. */
struct flight {
	pthread_t thread;
	flume_binding *binding;
	struct item *item;
	int rc;
};
void rig_take_off(struct flight *, const char *id);     /* returns when it stands there */
void rig_take_off_in(struct flight *, flume_binding *); /* takes the binding         */
int rig_land(struct flight *);                          /* opens the gate, for all flights */

struct item *rig_item(long value);
void rig_free_item(void *item);
extern const struct flume_item_type rig_items;
extern const struct flume_clock rig_clock;
/* The same time, but who sleeps waits until the test has moved it so far. */
extern const struct flume_clock rig_hand_clock;
extern const struct flume_component rig_parts[]; /* ends without a name */

/* ---- events ---- */

void rig_write_down(const struct flume_event *, void *arg); /* a listener */
int rig_listen(void); /* writes events down from now on; the ticket */
size_t rig_saw(enum flume_event_kind, const char *name);
const struct seen *rig_last(enum flume_event_kind); /* must have been seen */
/* These were seen since it was asked last, in this order: names with a blank between them. */
void rig_told(const char *names);

#endif
