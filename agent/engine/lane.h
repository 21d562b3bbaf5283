/*
 * lane.h - inside this room: one schema's lane, and the engine that holds them all.
 *
 * Three versions of a schema matter to its lane: the one that runs, the one kept to go back to
 * while that is on probation, and the next one, which is waited for or in its canary.  A lane
 * stays for a while when its schema is gone, for its counters; see prune.c.
 *
 * All of it belongs to the thread of the loop.
 */
#ifndef FLUME_AGENT_ENGINE_LANE_H
#define FLUME_AGENT_ENGINE_LANE_H

#include "agent/engine/attempt.h"
#include "agent/engine/bad.h"
#include "agent/engine/breaker.h"
#include "agent/engine/engine.h"
#include "agent/engine/facts.h"
#include "agent/engine/fresh.h"
#include "agent/engine/guest.h"
#include "agent/engine/probation.h"
#include "agent/engine/sides.h"
#include "agent/engine/traffic.h"
#include "agent/engine/trial.h"
#include "lib/base/map.h"
#include "lib/base/text.h"

#define MS INT64_C(1000000)

/* What the stages before the swap said: "passed", "inconclusive"; NULL: there was none. */
struct verdicts {
	const char *shadow, *live; /* static */
};

struct release {
	flume_schema *schema; /* NULL: there is none */
	struct facts facts;
	int64_t since; /* seconds since 1970 */
	bool proven, inconclusive;
	struct verdicts verdicts;
	struct tally past;   /* of its pipelines that are gone, and of those of its users */
	struct tally before; /* of what ran before it, as far as known                    */
};

enum lane_state {
	LANE_RUNNING,
	LANE_PROBATION,
	LANE_REJECTED,
	LANE_ROLLED_BACK,
	LANE_HELD,
	LANE_WAITING,
};

/* Who waits for the outcome of a change; all zero is nobody, as for what a source brings. */
struct asker {
	engine_done_fn *done;
	void *arg;
};

enum next_stage {
	NEXT_DUE,
	NEXT_TRIAL,   /* in its canary, or in line for it                  */
	NEXT_SHADOW,  /* its cases have passed: see stages.c               */
	NEXT_LIVE,    /* likewise                                          */
	NEXT_BLOCKED, /* did not get on: tried again when what it waits for changes */
	NEXT_HELD, /* `held` says why: asked about again when that may be over; see again.c */
};

/* The pipelines of the schemas that refer to one: it is at work inside of them. */
struct followers {
	flume_pipeline **list;
	size_t n;
};

struct waits { /* for other schemas: for those of a name, or any; see wait.c */
	bool any;
	struct map names;
};

struct next {
	flume_schema *schema; /* NULL: there is none */
	struct facts facts;
	char *place;
	enum next_stage stage;
	bool downgrade;
	bool begun; /* its cases, or calls, run: see crash.c */
	bool tried; /* the stages after the cases are over, in this context */
	bool shown;
	bool over;        /* it was refused, and is kept since it may be cleared */
	const char *held; /* NEXT_HELD: a reason of decide.h; static */
	struct asker asker;
	char context[DIGEST_SIZE]; /* refs_context when it was prepared */
	char cases[DIGEST_SIZE];   /* likewise, extras_digest           */
	flume_change *change;      /* NEXT_TRIAL ... */
	struct trial *trial;
	struct share *share; /* NEXT_SHADOW, NEXT_LIVE */
	struct verdicts verdicts;
	int64_t began;        /* the stage */
	int64_t since;        /* likewise, seconds since 1970 */
	int64_t counted_at;   /* its counts were last shown */
	uint64_t as_of;       /* engine.commits when its canary began */
	uint64_t cases_as_of; /* likewise, sides.moved */
	struct waits waits;   /* NEXT_BLOCKED: for whom ... */
	int code;             /* ... why ... */
	bool due;             /* ... whether one of them changed since ... */
	bool told;            /* ... and whether that was said, for this try and for any */
	bool ever_told;
	const char *failed; /* FLUME_FAILED: in which stage; static */
	flume_report *report;
};

#define OUTCOMES(X)                     \
	X(APPLIED, "applied")           \
	X(UNCHANGED, "unchanged")       \
	X(IGNORED, "ignored")           \
	X(HELD, "held")                 \
	X(WAITING, "waiting")           \
	X(REJECTED, "rejected")         \
	X(SUPERSEDED, "superseded")     \
	X(PROVEN, "proven")             \
	X(INCONCLUSIVE, "inconclusive") \
	X(ROLLED_BACK, "rolled_back")   \
	X(REMOVED, "removed")

enum outcome {
#define X(id, word) OUTCOME_##id,
	OUTCOMES(X)
#undef X
		OUTCOME_COUNT
};

enum save { /* of what the disk should have: see saves.c */
	    SAVE_NOTHING,
	    SAVE_DUE,
	    SAVE_WRITING,
	    SAVE_FAILED,
};

struct lane {
	struct engine *engine;
	char *name;
	flume_binding *binding; /* NULL: nothing runs */
	struct release runs;
	struct release kept; /* only while `runs` is on probation */
	struct next next;
	struct next aside; /* the source's, while a proposal has its place */

	bool wants;     /* someone wants the schema to be here ... */
	bool leaving;   /* ... or wants it gone, and that is not carried out yet */
	bool held_back; /* `leaving`, and kept: `reason` says why                */
	bool held_mass; /* ... as one of too many, which nobody has confirmed    */
	bool leave_told, leave_due;
	struct waits leave_waits; /* who stands against it; `leave_due`: that may be over */
	struct asker leave_asker; /* who proposes it, whatever is wanted */
	struct facts wanted;
	int64_t last_revision;  /* 0: none was seen ...         */
	bool recalled;          /* ... or the disk had it; it may come once more */
	bool remembered;        /* the disk had a copy of it: it has served here */
	char said[DIGEST_SIZE]; /* of the text that came with it; "": not known */
	char seen[DIGEST_SIZE]; /* of the text that an unordered source brought last */

	enum lane_state state;
	const char *reason; /* "": none; static */
	struct attempt attempt;

	flume_pipeline *counted; /* the one that serves: its calls are counted now */
	struct followers followers;
	struct probation_limits limits;
	int64_t began;
	int64_t fall_at; /* going back failed, and is tried again then; 0: no */

	struct bad bad;
	struct bad tries; /* see crash.c */
	struct breaker breaker;
	bool refuses;             /* so says the page of the breaker */
	struct note cleared;      /* the last clear that was carried out; at 0: none was */
	enum save save, bad_save; /* of what is proven; of `bad` */
	int64_t save_at, bad_save_at;
	char saved[DIGEST_SIZE]; /* what STATE/proven/NAME holds; "": unknown, or nothing */
	bool tries_unsaved;      /* `tries` could not be written */

	uint64_t idle_since; /* engine.ticks; 0: there is something to remember */
	uint64_t counts[OUTCOME_COUNT];
	bool watched;       /* on probation                   */
	bool good;          /* the last reload was successful */
	int64_t success_at; /* seconds since 1970; 0: never   */
};

struct engine {
	struct loop *loop;
	flume_factory *factory;
	int hearing; /* its ticket */
	struct board *board;
	struct engine_options options; /* its texts are ours; labels is NULL */
	char *labels;                  /* as JSON                            */
	struct probation_limits probation;
	struct breaker_limits breaker;

	struct map lanes; /* name to struct lane */
	struct sides sides;
	uint64_t ticks;
	int64_t forgotten;         /* the newest revision that a lane had seen which is gone */
	struct engine_guest guest; /* all zero: there is none */
	struct trials *trials;
	struct traffic *traffic;
	struct {                   /* see turns.c                        */
		struct lane *lane; /* NULL: nobody's turn           */
		int64_t until, share, over;
	} turns;
	uint64_t commits;      /* changes of the store so far        */
	bool advancing, again; /* see advance.c                      */
	bool ending;
	struct loop_timer *tick;
	int64_t tick_at; /* INT64_MAX: not armed */

	bool listed;    /* the source has said all it has            */
	int64_t floor;  /* the newest revision that the disk knew of */
	int64_t proved; /* revision                                  */
	struct {        /* see sight.c                               */
		struct fresh fresh;
		int64_t proved_at; /* seconds since 1970; 0: never */
		uint64_t resets;
		int64_t reset_at; /* seconds since 1970 */
	} sight;
	bool link_up;
	char *link_why;              /* NULL: nothing to say       */
	char *disk_why;              /* NULL: the disk is fine     */
	struct scribe *scribe;       /* NULL: nothing is remembered */
	struct {                     /* see saves.c */
		struct lane **lanes; /* of the job under way */
		bool bad;            /* ... which writes their `bad` */
		int64_t began, look_at, pause;
		uint64_t unusable; /* copies that were passed over at the start */
	} saves;
	char *rates; /* as they were written last  */
	int64_t rates_at;
	char started[STAMP_SIZE];
	struct { /* see config.c; NULL: there is none to speak of */
		char *status, *metrics;
	} config;

	struct loop_timer *pin;
	bool pinning; /* the timer is armed */
	bool changed; /* the status, but for the proved revision */
	int64_t changed_at;
	int64_t told_proved, told_at;
	int64_t pinned_proved, pinned_proved_at; /* on the page */
	void (*on_status)(void *arg);
	void *on_status_arg;
};

#endif
