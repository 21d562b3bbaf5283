/*
 * inside.h - inside this room: what its files ask of each other, all on the thread of the loop.
 *
 * What comes in, and what is decided: batch, intake, again (what is asked of the table, and asked
 * anew).  What comes beside the schemas: sides with extras, holds and clears.  The way of a change:
 * advance (check, build, canary, swap), stages (shadow and live canary, before the swap), count and
 * guard (probation, going back), retire (deletions), refs and wait (what depends on other schemas).
 * The state folder: boot, memory, saves, rates; crash and turns (what follows from a crash).  What
 * is seen from outside: say (outcomes: log, counters, answers), sight (is the source still seen?),
 * pages (the board) with status and metrics, guest (who lives above, and has a say).  tick and prune (names
 * that are gone) come by now and then.
 */
#ifndef FLUME_AGENT_ENGINE_INSIDE_H
#define FLUME_AGENT_ENGINE_INSIDE_H

#include "agent/engine/lane.h"

/* ---- engine.c ---- */

/* Finds or makes; NULL when out of memory. */
struct lane *engine_lane(struct engine *, const char *name);
struct lane *engine_lane_at(struct engine *, size_t i);
/* Only at the end of a tick, when nobody is at work on one. */
struct lane *lane_free(struct lane *);
/* Moves it out of the lane. */
struct next lane_take_next(struct lane *);
/* Gives up what is under way; who still waits for it hears that it was superseded. */
void next_fini(struct engine *, struct next *);
/* Gives up what is under way, for the change to begin anew some time. */
void next_rest(struct next *);
/* Refused, but wanted: it stays, for it may be cleared, or its circumstances may change. */
void next_refused(struct next *);
void lane_supersede(struct lane *);
/* What was put aside, too. */
void lane_supersede_all(struct lane *);
/* The source's next change makes room for a proposal ... */
void lane_put_aside(struct lane *);
/* ... and comes back when that was refused. */
void lane_bring_back(struct lane *);
/* Is it to be deleted as soon as that is possible? */
bool lane_leaves(const struct lane *);
void release_fini(struct release *);
/* Is it in the status? */
bool lane_shown(const struct lane *);
/* The generation that serves; 0 when nothing does. */
uint64_t lane_generation(const struct lane *);

/* ---- intake.c ---- */

/* One change; `asker` may be all zero.  What follows from it is for engine_advance().
 * FLUME_NOMEM: it is lost, and whoever waits for it knows. */
int intake_change(struct engine *, const struct change *, const struct asker *,
		  int64_t listed_at, bool mass_delete);

/* ---- again.c ---- */

struct asking { /* what the lane alone does not say */
	bool deleted;
	const flume_schema *schema; /* NULL: of a deletion, or it could not be read */
	const struct facts *facts;
	int64_t last_revision, listed_at; /* 0: nothing is to be said about the order */
	bool mass_delete;
};
struct decision again_ask(const struct lane *, const struct asking *);
/* May the lane's next change be tried now?  If not, that was told. */
bool again_may_try(struct lane *);
/* Has an operator agreed with its deletion? */
bool again_confirmed(const struct lane *);
/* Keeps a schema that is `leaving`, and says so. */
void again_hold_deletion(struct lane *, const char *reason);
/* Something changed that answers depend on; engine_advance() is to follow. */
void again_lane(struct lane *);
/* The same for all lanes, and carries on. */
void again_all(struct engine *);

/* ---- tick.c ---- */

/* Has engine_tick run at `at`, or before. */
void engine_wake(struct engine *, int64_t at);
void engine_tick(void *arg);

/* ---- prune.c ---- */

/* Frees lanes that have nothing to remember, but for the last few.  At the end of a tick. */
void lanes_prune(struct engine *);

/* ---- batch.c: of the sink ---- */

int batch_take(void *engine, enum batch_kind, const struct change *, size_t n,
	       int64_t revision);
void batch_reset(void *engine, int64_t revision);

/* ---- advance.c ---- */

/* Carries on with whatever can be carried on. */
void engine_advance(struct engine *);
/* The point of no return for what is next; or it is blocked, or starts over. */
void lane_swap(struct lane *);
/* What is next has failed in `stage`: it is bad, by itself or together with what it refers to. */
void lane_fail(struct lane *, const char *stage, const struct flume_err *);
/* It did not get on, for want of memory and the like: tried again. */
void lane_block(struct lane *, int code);
/* Are the cases that what is next has met no longer those in force? */
bool lane_met_other_cases(const struct lane *);
/* Is that what is kept to go back to? */
bool lane_keeps(const struct lane *, const struct facts *);

/* ---- stages.c ---- */

/* The cases have passed: begins the next stage that the schema asks for, or swaps. */
void stages_begin(struct lane *);
/* Looks at the stage; returns when to look again, or INT64_MAX. */
int64_t stages_look(struct lane *, int64_t now);
/* "canary", "shadow", "live"; NULL when what is next is in none of them. */
const char *stage_word(const struct next *);

/* ---- guard.c ---- */

/* The lane's new release has just been swapped in. */
void guard_begin(struct lane *, const struct probation_limits *);
void guard_end(struct lane *);
/* Looks at the probation, if there is one; returns when to look again, or INT64_MAX. */
int64_t guard_look(struct lane *, int64_t now);

/* ---- count.c ---- */

/* flume_change_commit, after which the calls of what serves now are counted. */
int count_commit(struct engine *, flume_change *);
/* The calls of what runs, in all its pipelines and those of its users. */
struct tally count_calls(const struct lane *);
/* Nothing serves any more. */
void count_end(struct lane *);

/* ---- retire.c ---- */

/* Removes a schema that is leaving.  False when something still refers to it. */
bool lane_retire(struct lane *);
/* Says that it could not be removed, once. */
void lane_retire_tell(struct lane *);

/* ---- memory.c ---- */

/* The schema is gone, and so are its copies. */
void memory_gone(struct lane *);
/* Remembers that `facts` failed, and lets the breaker know.  `context` is that of refs_context,
 * when the failure may depend on it, or "". */
void memory_bad(struct lane *, const struct facts *, const char *context, const char *stage,
		const char *error);
/* Writes what is bad; what fails is tried again. */
void memory_bad_write(struct lane *);
/* Lets the breaker know, and remembers nothing. */
void memory_bad_update(struct lane *, const struct facts *);
void memory_trouble(struct engine *, const char *what, const struct flume_err *err);
/* Everything that should be on disk is. */
void memory_is_fine(struct engine *);

/* ---- saves.c ---- */

/* Makes e->scribe, if there is a state folder.  0 or FLUME_NOMEM. */
int saves_begin(struct engine *);
/* Has what is due written, many at a time. */
void saves_tick(struct engine *, int64_t now);
/* The disk failed: the next try comes after a pause that grows. */
void saves_pause(struct engine *);
/* Writes what is left, as far as the time allows. */
void saves_end(struct engine *);

/* ---- rates.c ---- */

/* Writes what is known of the rates, if that changed. */
void rates_save(struct engine *);
/* Returns when to be called next, or INT64_MAX. */
int64_t rates_tick(struct engine *, int64_t now);
/* Of what runs already. */
void rates_boot(struct engine *);

/* ---- crash.c ---- */

/* Writes down what is being tried now, if that changed. */
void crash_note(struct lane *);
/* Was it under way in a crash, not long ago? */
bool crash_suspects(const struct lane *, const struct facts *);
/* No longer, from now on; crash_note comes next. */
void crash_clear(struct lane *, const struct facts *);
/* Writes again what could not be written.  Returns whether all is written now. */
bool crash_rewrite(struct engine *);
/* All is to be written again. */
void crash_lost(struct engine *);
/* Something was dropped from its tries. */
void crash_forget(struct lane *);
/* The files of STATE/tried, by name, after those of STATE/bad. */
void crash_boot(struct engine *, char **names);

/* ---- turns.c ---- */

/* So many changes are suspected of a crash. */
void turns_begin(struct engine *, size_t suspects);
/* May the lane's next change go on?  That begins its turn, if it is suspected. */
bool turns_allow(struct lane *);
/* Something has happened in the lane, which may have ended its turn. */
void turns_note(struct lane *);
/* Returns when to be called next, or INT64_MAX. */
int64_t turns_tick(struct engine *, int64_t now);

/* ---- say.c ---- */

struct saying {
	enum outcome outcome;
	const struct facts *facts;
	const char *from;   /* the version before; NULL: the one that runs     */
	const char *to;     /* of a way back: the version that runs from now on */
	const char *stage;  /* NULL: none */
	const char *reason; /* likewise   */
	const char *error;
	bool downgrade;
	bool quiet; /* for the log: nobody did anything */
};
/* Logs and counts. */
void lane_say(struct lane *, const struct saying *);
void asker_answer(struct engine *, struct asker *, const struct engine_answer *);
/* Takes error and report, even on failure; both may be NULL. */
void lane_attempted(struct lane *, const struct facts *, const char *stage, char *error,
		    flume_report *);
/* What was wanted is now in this state. */
void lane_state(struct lane *, enum lane_state, const char *reason);
/* What is wanted is what runs. */
void lane_calm(struct lane *, const struct facts *);
/* `next`, which is not the lane's any more, has a version that cannot be. */
void lane_reject_version(struct lane *, struct next *, const struct decision *);
/* `next` was refused at `stage`.  Takes error and report; answers, so one that is waited for
 * must have left the lane. */
void lane_reject(struct lane *, struct next *next, const char *stage, const char *reason,
		 char *error, flume_report *);

/* ---- refs.c ---- */

/* Does every finding say that a ref is unknown which names a schema with a lane of its own? */
bool refs_are_awaited(struct engine *, const flume_schema *, const flume_report *);
/* May `schema` refer to `name`? */
bool refs_include(const flume_schema *, const char *name);
/* The ref that stands there; NULL when there is none.  Lent by the schema. */
const char *refs_name_at(const flume_schema *, unsigned line, unsigned column);
/* Adds the names of the known schemas it may refer to, itself or through others.  0 or
 * FLUME_NOMEM. */
int refs_reach(struct engine *, const flume_schema *, struct map *out);
/* A digest of those schemas as they run now, and of the extra cases of the lane's own; "" when there
 * are none.  0 or FLUME_NOMEM. */
int refs_context(const struct lane *, const flume_schema *, char out[DIGEST_SIZE]);

/* ---- wait.c ---- */

void waits_fini(struct waits *);
void waits_for(struct waits *, const char *name);
/* For all that it refers to, itself or through others. */
void waits_for_refs(struct waits *, struct engine *, const flume_schema *);
/* For that schema, and all that it refers to. */
void waits_for_dependent(struct waits *, struct engine *, const char *name);
/* For those that can cure the findings; for nobody when one of them is about the text alone. */
void waits_for_findings(struct waits *, struct engine *, const flume_schema *,
			const flume_report *);
/* The store has another schema of this name now, or none: what waited for that is due. */
void engine_moved(struct engine *, const char *name);
/* What waits for that name is due, though the store has not changed. */
void engine_stir(struct engine *, const char *name);

/* ---- sight.c ---- */

/* Once it is known whether there is a source. */
void sight_begin(struct engine *);
/* The bound has changed. */
void sight_bound(struct engine *);
void sight_proved(struct engine *, int64_t revision);
/* The store was wiped or restored. */
void sight_reset(struct engine *);
/* Returns when to be called next, or INT64_MAX. */
int64_t sight_tick(struct engine *, int64_t now);
/* Members of the status: what every proof changes ... */
void sight_write_proof(struct engine *, struct text *);
/* ... and the rest of them, which come next. */
void sight_write(struct engine *, struct text *);
/* Lines of /readyz?verbose. */
void sight_explain(struct engine *, struct text *);

/* ---- guest.c: what the guest is asked; see guest.h ---- */

int guest_check(struct engine *, const flume_schema *, flume_report *);
/* For it to think otherwise. */
void guest_wait(struct waits *);
bool guest_needs(struct engine *, const char *name, flume_report *);
void guest_moved(struct engine *);
bool guest_is_saved(struct engine *);
void guest_lost(struct engine *);
void guest_add_status(struct engine *, struct text *, bool brief);
void guest_add_metrics(struct engine *, struct text *);

/* ---- pages.c: of the board ---- */

/* Pins a new page soon. */
void board_changed(struct engine *);
/* The same for counts that change all the time: they are no reason to tell of it. */
void board_counted(struct engine *);
/* Pins a new proof soon, and tells of a new revision when none was told for a while. */
void board_proved(struct engine *);
void board_pace(struct engine *);
/* At once, if anything changed. */
void board_flush(struct engine *);

/* ---- status.c, metrics.c: what stands on a page ---- */

/* JSON; `brief` stays empty when the whole of it may go to etcd, and `out_proof` says what another proof
 * would change.  Out of memory the texts have failed. */
void status_write(struct engine *, struct text *, struct text *brief,
		  struct page_proof *out_proof);
void metrics_write(struct engine *, bool ready, struct text *);
const char *outcome_word(enum outcome);
/* The state as it is shown, with its reason. */
const char *lane_state_word(const struct lane *, const char **out_reason);
bool lane_is_shown_as(const struct lane *, enum lane_state);

#endif
