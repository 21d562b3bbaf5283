/*
 * sides.h - inside this room: what comes beside the schemas, and says how they are handled.
 *
 * Each side is a map of its own: extra cases by schema (extras.c), and what operators said (holds.c,
 * clears.c).  sides.c takes it in.
 */
#ifndef FLUME_AGENT_ENGINE_SIDES_H
#define FLUME_AGENT_ENGINE_SIDES_H

#include "agent/engine/decide.h"
#include "agent/engine/engine.h"
#include "agent/engine/note.h"
#include "lib/base/map.h"

struct lane;

struct side {
	struct engine *engine;
	enum engine_side kind;
	bool awaited;    /* its first list is on its way */
	bool listed;     /* it has come                  */
	struct map said; /* name to struct note; of ENGINE_CASES to struct extras */
};

struct sides {
	struct side all[ENGINE_SIDES];
	struct map pins_here;     /* name to struct note, said on this node */
	struct note *freeze_here; /* NULL: none */
	int64_t open_at; /* changes wait for the first lists until then; 0: nothing came yet */
	int64_t save_at; /* a file is to be written (again) then; 0: no */
	uint64_t moved;  /* how often the cases changed */
	bool holds_unsaved; /* STATE/holds is not what is held here */
	bool late;          /* it was said that a list did not come in time */
};

/* The cases of one schema. */
struct extras {
	flume_schema *good; /* see extra_read; NULL: none was */
	struct facts facts; /* of that one */
	struct facts broken;
	char *error; /* of a newer one, which is broken; NULL: none is */
	bool unsaved;
};

/* ---- sides.c ---- */

void sides_init(struct engine *);
void sides_fini(struct engine *);
/* From disk: cases, and what was held here. */
void sides_boot(struct engine *);
/* May changes be carried out, or is something to come that they have to be measured by? */
bool sides_ready(const struct engine *);
/* A source has spoken: what is to come from the sides should come soon. */
void sides_hurry(struct engine *);
/* The store counts revisions anew. */
void sides_reset(struct engine *);
/* Returns when to be called next, or INT64_MAX. */
int64_t sides_tick(struct engine *, int64_t now);
/* Something could not be written: it is tried again. */
void sides_save_later(struct engine *);
/* The state folder was gone: all of it is written again. */
void sides_lost(struct engine *);
/* NULL: nobody said anything. */
const struct note *side_note(const struct engine *, enum engine_side, const char *name);

/* ---- extras.c ---- */

/* NULL: there are none.  Lent. */
flume_schema *extras_of(const struct engine *, const char *name);
/* Of all that a change has to meet, for its schema and for those that refer to it. */
void extras_digest(const struct engine *, flume_change *, char out[DIGEST_SIZE]);
/* 0 or FLUME_NOMEM. */
int extras_take(struct side *, const struct change *);

void extras_drop(struct side *, const char *name);
void extras_boot(struct engine *);
/* Writes a few, for the loop waits meanwhile; false when some could not be written. */
bool extras_save(struct engine *);
bool extras_are_saved(const struct engine *);
void extras_lost(struct engine *);
void extras_fini(struct side *);
void extras_free(struct extras *);

/* ---- holds.c ---- */

void holds_boot(struct engine *);
/* Makes the folder what is held here, if it is not; false when it cannot. */
bool holds_save(struct engine *);
void holds_ask(const struct engine *, const char *name, struct question *);
/* Who holds it; NULL: nobody. */
const struct note *holds_find(const struct engine *, const char *name, bool *out_all,
			      bool *out_here);
void holds_tell(const char *name, const struct note *, bool on, bool here);

/* ---- clears.c ---- */

/* `fresh`: said just now, not read again at a start. */
void clears_take(struct engine *, const char *name, const struct note *, bool fresh);
/* The last clear that is known, to be remembered with a change that fails; "": none is.  At a start
 * that is what was known when the change was tried. */
void clears_mark(const struct lane *, const char *digest, char out[NOTE_ID]);

#endif
