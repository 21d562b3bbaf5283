/*
 * guest.h - whoever lives above the engine and has a part in what it decides, shows and keeps: what
 * a schema must agree with although it is no schema.
 *
 * All of it runs on the loop.
 */
#ifndef FLUME_AGENT_ENGINE_GUEST_H
#define FLUME_AGENT_ENGINE_GUEST_H

#include "agent/engine/decide.h"
#include "agent/engine/engine.h"
#include "lib/base/text.h"

struct engine_guest {
	/* May the schema run beside what the guest has?  0; FLUME_REJECTED with findings, and then
	 * it is asked again after engine_guest_moved; or FLUME_NOMEM. */
	int (*check)(void *arg, const flume_schema *, flume_report *);
	/* Does the guest stand against the removal of that schema?  A finding says why; its path is
	 * what engine_guest_moved is told when that may be over. */
	bool (*needs)(void *arg, const char *name, flume_report *);
	/* What the questions below are about may have another answer.  Must not call the engine. */
	void (*moved)(void *arg);
	/* Has all that it wants to remember been written?  And: the state folder was gone. */
	bool (*is_saved)(void *arg);
	void (*lost)(void *arg);
	/* A member of the status, with the key; `brief` when there is little room. */
	void (*add_status)(void *arg, struct text *, bool brief);
	void (*add_metrics)(void *arg, struct text *);
	void *arg;
};

/* There is one.  NULL: it leaves. */
void engine_set_guest(struct engine *, const struct engine_guest *);
/* What check and needs say may be another now; `what` is a path of needs. */
void engine_guest_moved(struct engine *, const char *what);
/* The guest's part of the status has changed; or only counts in it. */
void engine_guest_changed(struct engine *);
void engine_guest_counted(struct engine *);
/* It could not write to the state folder; it tries again by itself. */
void engine_guest_trouble(struct engine *, const char *what, const struct flume_err *);

/* ---- what the guest may ask ---- */

enum engine_presence {
	ENGINE_ABSENT,
	ENGINE_COMING, /* wanted, and not running yet */
	ENGINE_RUNS,
};
enum engine_presence engine_find(const struct engine *, const char *name);
/* Has all been heard that a decision is to be measured by, schemas included? */
bool engine_is_ready(const struct engine *);
/* How often a schema has begun to run, or ceased. */
uint64_t engine_get_commits(const struct engine *);
/* Adds what operators said of that name, and the node's policies.  `put_at` is the revision at which
 * the guest's thing was put, which a word that confirms its deletion must have seen gone. */
void engine_ask_operators(const struct engine *, const char *name, int64_t put_at,
			  struct question *);

#endif
