/*
 * inside.h - inside this room: one switch's lane, and the room that holds them all.
 *
 * Two versions matter to a lane: the one that runs, and the one that is wanted and does not run yet,
 * since somebody holds it, or since it does not fit the schemas as they are now.  What is wanted is
 * tried again whenever something has changed that it may depend on.
 *
 * The files: batch and intake (what comes in, and what is decided), advance and swap (from decided
 * to running, and away), uses (who asks it?), judge (does it fit?), copies (last known good), say (log, counters, states),
 * shelf and counts (for HTTP), skew (can the split be chance?), status, metrics.
 */
#ifndef FLUME_AGENT_SWITCHES_INSIDE_H
#define FLUME_AGENT_SWITCHES_INSIDE_H

#include "agent/engine/attempt.h"
#include "agent/engine/guest.h"
#include "agent/engine/scribe.h"
#include "agent/switches/judge.h"
#include "agent/switches/switches.h"
#include "agent/switches/uses.h"
#include "lib/base/map.h"
#include "lib/base/text.h"

#define MS INT64_C(1000000)

enum switch_state { SWITCH_RUNNING, SWITCH_REJECTED, SWITCH_HELD, SWITCH_WAITING };

#define SWITCH_OUTCOMES(X)          \
	X(APPLIED, "applied")       \
	X(UNCHANGED, "unchanged")   \
	X(IGNORED, "ignored")       \
	X(HELD, "held")             \
	X(WAITING, "waiting")       \
	X(REJECTED, "rejected")     \
	X(SUPERSEDED, "superseded") \
	X(REMOVED, "removed")

enum switch_outcome {
#define X(id, word) SWITCH_OUTCOME_##id,
	SWITCH_OUTCOMES(X)
#undef X
		SWITCH_OUTCOME_COUNT
};

struct edition {              /* one version */
	struct ab_switch *sw; /* NULL: there is none */
	struct facts facts;
};

enum copy { /* is what runs on disk? */
	    COPY_DONE,
	    COPY_DUE,
	    COPY_WRITING,
};

struct switch_lane {
	struct switches *all;
	char *name;
	struct switch_slot *slot;
	struct edition runs, next;
	char *place; /* of `next`: what stands for the file in a finding */
	uint64_t generation;
	int64_t since; /* seconds since 1970 */
	bool front;    /* what runs is in front */
	/* It should be, and cannot: a schema has its name, or a variant has none, which is lent by
	 * what runs. */
	bool taken;
	const char *missing;
	bool unasked; /* nobody wants it in front, and no schema asks it */

	bool wants;     /* someone wants it to be here ...                        */
	bool leaving;   /* ... or gone, and that is not carried out yet           */
	bool held_mass; /* `leaving`, as one of too many, which nobody has confirmed */
	struct facts wanted;
	int64_t last_revision;
	char said[DIGEST_SIZE]; /* of the text that the source brought last; "": not known */

	enum switch_state state;
	const char *reason; /* "": none; static */
	struct attempt attempt;

	enum copy copy;
	char copied[DIGEST_SIZE]; /* what the disk has; "": unknown, or nothing */

	bool skewed; /* the split is not what the weights say */
	char skew[200];
	int64_t skewed_at; /* seconds since 1970 */

	uint64_t counts[SWITCH_OUTCOME_COUNT];
};

struct switches {
	struct loop *loop;
	flume_factory *factory;
	struct engine *engine;
	struct switchboard *board;
	struct shelf *shelf;
	struct map lanes;              /* name to struct switch_lane */
	char *state_dir;               /* STATE/switches; NULL: nothing is remembered */
	const flume_value *components; /* of the node; may be NULL */

	bool listed;       /* the source has said all it has             */
	int64_t floor;     /* the newest revision that the disk knew of */
	int64_t forgotten; /* the newest revision that a lane had seen which is gone */
	struct uses uses;
	bool advancing, ending;
	bool unshown;            /* the shelf is not as it should be */
	struct loop_timer *turn; /* something has moved */
	bool turning;            /* it is armed         */

	struct { /* see copies.c */
		struct scribe *scribe;
		struct switch_lane **writing; /* of the job under way */
		struct loop_timer *timer;
		int64_t not_before;
		uint64_t unusable; /* that were passed over at the start */
	} copies;
	struct loop_timer *watch; /* of skew.c */
};

struct switch_lane *switch_at(const struct switches *, size_t i);
/* Finds or makes; NULL when out of memory. */
struct switch_lane *switch_lane(struct switches *, const char *name);
void edition_fini(struct edition *);

/* ---- batch.c: of the sink ---- */

int switches_take_batch(void *switches, enum batch_kind, const struct change *, size_t n,
			int64_t revision);
void switches_take_reset(void *switches, int64_t revision);

/* ---- intake.c ---- */

struct switch_asker { /* all zero: nobody waits for the outcome */
	engine_done_fn *done;
	void *arg;
};

/* 0, or FLUME_NOMEM: it is lost, and whoever waits for it knows. */
int switch_change(struct switches *, const struct change *, const struct switch_asker *,
		  int64_t listed_at, bool mass_delete);
struct switch_asking {
	const struct edition *edition; /* NULL: of the lane's deletion */
	const struct facts *facts;
	int64_t last_revision, listed_at; /* 0: nothing is to be said about the order */
	bool mass_delete;
};
struct decision switch_decide(const struct switch_lane *, const struct switch_asking *);
/* What was wanted and did not run is not wanted any more. */
void switch_supersede(struct switch_lane *);

/* ---- advance.c ---- */

/* Tries what can be tried. */
void switches_advance(struct switches *);
/* The same: soon; in a while, when memory was missing; and now, by the timer. */
void switches_advance_later(void *switches);
void switches_try_again(struct switches *);
void switches_turn(void *switches);
/* Why the table refuses a version; free(3), NULL when out of memory. */
char *switch_explain_version(const struct switch_lane *, const struct facts *,
			     const char *place, const struct decision *);
/* As the guest of the engine. */
int switches_check_schema(void *switches, const flume_schema *, flume_report *);
bool switches_need_schema(void *switches, const char *name, flume_report *);

/* ---- swap.c ---- */

struct judge_world switches_world(struct switches *);
/* Does it fit?  Then it runs from now on, and `edition` is empty; else the report says why not. */
enum judge_verdict switch_swap(struct switch_lane *, struct edition *, bool downgrade,
			       flume_report *);
/* The switch goes, unless schemas that run ask it: then false, with findings. */
bool switch_remove(struct switch_lane *, flume_report *);
/* Does it decide nothing, as far as is known? */
bool switch_is_unasked(const struct switch_lane *);
/* Puts what runs on the shelf.  0 or FLUME_NOMEM. */
int switches_show(struct switches *);

/* ---- copies.c ---- */

/* 0 or FLUME_NOMEM. */
int copies_begin(struct switches *, const char *state_dir);
/* What the disk has is put in force; returns how many run. */
size_t copies_boot(struct switches *);
/* What runs in the lane is to be on disk, or what is there to go. */
void copy_due(struct switch_lane *);
void copies_lost(void *switches); /* the folder is gone */
bool copies_are_written(void *switches);
/* What is left, as far as a moment allows. */
void copies_write(struct switches *);
void copies_end(struct switches *);

/* ---- say.c ---- */

struct switch_saying {
	enum switch_outcome outcome;
	const struct facts *facts;
	const char *from;   /* the version before; NULL: the one that runs */
	const char *stage;  /* NULL: none */
	const char *reason; /* likewise   */
	const char *error;
	bool downgrade;
	bool quiet;
};
/* Logs and counts. */
void switch_say(struct switch_lane *, const struct switch_saying *);
void switch_set_state(struct switch_lane *, enum switch_state, const char *reason);
/* Takes error and report; both may be NULL. */
void switch_attempted(struct switch_lane *, const struct facts *, const char *stage,
		      char *error, flume_report *);
/* What is wanted is what runs. */
void switch_calm(struct switch_lane *, const struct facts *);

/* ---- skew.c ---- */

/* Looks at what was seen, and again in a while. */
void skew_look(void *switches);
void skew_forget(struct switch_lane *);

/* ---- status.c and metrics.c: of the guest ---- */

/* Is it in the status? */
bool switch_is_shown(const struct switch_lane *);
void switches_add_status(void *switches, struct text *, bool brief);
/* The state as it is shown, with its reason. */
const char *switch_state_word(const struct switch_lane *, const char **out_reason);

/* ---- metrics.c: of the guest ---- */

void switches_add_metrics(void *switches, struct text *);
const char *switch_outcome_word(enum switch_outcome);

#endif
