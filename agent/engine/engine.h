/*
 * engine.h - takes changes, and decides, checks, builds, proves, swaps, watches and remembers.
 *
 * Lives on the loop's thread.  Each schema has a lane of its own: its changes are handled one
 * after another, the newest one waiting supersedes older ones, and no lane waits for another's
 * canary or probation.  Canary cases run on threads of their own.  Every step of a lane is a
 * pure decision (decide.h, shadow.h, live.h, probation.h, breaker.h) that this room only carries out.
 */
#ifndef FLUME_AGENT_ENGINE_ENGINE_H
#define FLUME_AGENT_ENGINE_ENGINE_H

#include "agent/engine/board.h"
#include "agent/engine/traffic.h"
#include "agent/loop/loop.h"
#include "agent/source/source.h"
#include "lib/flume.h"

struct engine;

struct engine_options {
	const char *node;
	const char *agent_version;
	const char *source;          /* "etcd", "dir", "url" or "none"                       */
	const char *const *labels;   /* "k=v", NULL at the end; may be NULL                 */
	const char *state_dir;       /* last known good; NULL: nothing is remembered       */
	bool apply_same_version;     /* policy same_version: apply                          */
	bool deny_downgrade;         /* policy downgrade: deny                              */
	int64_t case_limit_ns;       /* of a canary case without max_latency (0: 1 s)       */
	int64_t probation_ns;        /* where the schema says nothing (0: none)             */
	int64_t probation_requests;  /* likewise: fewer is no verdict (0: 50)               */
	double probation_error_rate; /* likewise: 0.01 is one per cent (0: that)            */
	unsigned breaker_failures;   /* distinct bad updates, at most 16 (0: 5) ...         */
	int64_t breaker_window_ns;   /* ... within this time open the breaker (0: 10 min)   */
	int64_t blind_after_ns;      /* without a proof from the source (0: never)          */
};

int engine_new(struct engine **out, struct loop *, flume_factory *, struct board *,
	       const struct engine_options *, struct flume_err *err);
/* What an operator may change while it runs: labels, the two policies, case_limit_ns, the three of
 * probation, blind_after_ns; the other options are as they were.  For decisions, canaries and
 * probations that begin from now on.  0, or FLUME_NOMEM, and then nothing has changed. */
int engine_change(struct engine *, const struct engine_options *);
/* What the node says of its own configuration; copied.  FLUME_NOMEM: it says what it said before. */
struct engine_config {
	const char *why; /* the last reading was refused; NULL: it was not */
	int64_t at;      /* of the last good reading, seconds since 1970 */
	uint64_t applied, rejected;
	const char *const *waiting; /* options that wait for a restart; NULL at the end */
};
int engine_say_config(struct engine *, const struct engine_config *);
/* Cancels what runs and waits a moment for it; whoever still waits for an answer hears that it
 * was superseded.  Returns NULL. */
struct engine *engine_free(struct engine *);

/* Starts what was proven here before, from the state folder.  A copy that cannot be used is
 * logged and passed over.  Returns how many run. */
size_t engine_boot(struct engine *);

/* The sink to give to a source. */
struct sink engine_sink(struct engine *);

/* What comes beside the schemas.  The name of a change is that of a schema. */
enum engine_side {
	ENGINE_CASES,    /* canaries/NAME: see extra.h                                */
	ENGINE_PINS,     /* pins/NAME: the schema is held at what runs; all see note.h */
	ENGINE_FREEZE,   /* freeze (its name is "freeze"): all of them are            */
	ENGINE_CLEARS,   /* bad/NAME: what failed is forgotten, and tried again       */
	ENGINE_CONFIRMS, /* confirm/NAME: a deletion held as one of too many goes on  */
	ENGINE_SIDES
};
/* The sink for one of them.  Who asks for it has to feed it: no change is carried out before its
 * first list, or a few seconds after the first word of the schemas. */
struct sink engine_side_sink(struct engine *, enum engine_side);

enum engine_result {
	ENGINE_APPLIED, /* swapped in; probation may still run */
	ENGINE_UNCHANGED,
	ENGINE_REJECTED,  /* the report and `stage` say why       */
	ENGINE_HELD,      /* `reason` says why                    */
	ENGINE_NOT_FOUND, /* of a deletion                        */
	ENGINE_IN_USE,    /* of a deletion: another schema refers to it */
	ENGINE_SUPERSEDED,
};
struct engine_answer {
	enum engine_result result;
	const char *stage;  /* "parse", "check", "build", "canary", "shadow", "live"; "" */
	const char *reason; /* "known-bad", "case 'x': total: expected 90, got 100"; "" */
	const flume_report *report; /* findings; may be NULL */
	uint64_t generation;
};
/* One change with an answer: what HTTP PUT and DELETE do.  `done` runs once, on the loop, maybe
 * before this returns; the board shows the outcome by then.  What the answer points to is lent
 * until `done` returns, or submits again.  A change that is not applied leaves nothing behind:
 * it is not wanted, and not tried again.  Its origin is "http": a source's lists do not delete
 * it. */
typedef void engine_done_fn(void *arg, const struct engine_answer *);
void engine_submit(struct engine *, const struct change *, engine_done_fn *, void *arg);

/* ---- what an operator decides on this node ---- */

struct note;

/* Holds the schema (NULL: all) at what runs, also over a restart.  0, FLUME_IO when it holds but
 * could not be written, or FLUME_NOMEM. */
int engine_hold(struct engine *, const char *name, const struct note *, struct flume_err *err);
/* Takes that back.  FLUME_NOT_FOUND when it was not said on this node. */
int engine_release(struct engine *, const char *name, const struct note *,
		   struct flume_err *err);
/* Forgets that the version of the note's digest failed here, or without one the version that is
 * wanted, or `all`; and closes the update breaker.  What is wanted is tried again.  FLUME_NOT_FOUND
 * when nothing is known of the name. */
int engine_clear(struct engine *, const char *name, const struct note *, bool all,
		 struct flume_err *err);

/* Carries out deletions that are held as too many (`name` NULL: all of them), as far as nobody holds
 * the schemas by a pin or a freeze.  FLUME_NOT_FOUND when none of this name is held that way. */
int engine_agree(struct engine *, const char *name, const struct note *, struct flume_err *err);
/* Carries out a deletion that is held as one of too many; with an answer likewise:
 * ENGINE_NOT_FOUND when none of this name is held. */
void engine_confirm(struct engine *, const char *name, engine_done_fn *, void *arg);

/* Which live documents go to candidates: for the threads that serve them, which must have ended
 * before engine_free.  Lent. */
struct traffic *engine_get_traffic(struct engine *);

/* Called on the loop whenever the node's status changed (not with each request). */
void engine_on_status(struct engine *, void (*fn)(void *arg), void *arg);

#endif
