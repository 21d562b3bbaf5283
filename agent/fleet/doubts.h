/*
 * doubts.h - changes of which it is not known whether somebody recorded them.  Pure.
 */
#ifndef FLUME_AGENT_FLEET_DOUBTS_H
#define FLUME_AGENT_FLEET_DOUBTS_H

#include "agent/source/source.h"
#include "lib/base/map.h"

#define DOUBTS_MOST 4096 /* what comes when there are so many is not recorded */

struct doubt {
	char *name;
	int64_t revision;
	bool deleted;
};

struct doubts { /* all zero is none */
	struct doubt *all;
	size_t n, cap;
	struct map present; /* names that the store has                                  */
	struct map settled; /* names, to the newest revision of theirs that has a record */
	bool lost;          /* there was a list: something may be gone that was there    */
};

/* What a sink is told.  0 or FLUME_NOMEM; then some of it may be missing. */
int doubts_add(struct doubts *, enum batch_kind, const struct change *, size_t n);
/* The change of that name at that revision is recorded, and those before it are not asked about
 * any more when they are met again. */
void doubts_settle(struct doubts *, const char *name, int64_t revision);
/* It does not count what was settled in another store. */
void doubts_forget(struct doubts *);
/* Nothing is asked about any more. */
void doubts_drop(struct doubts *);
bool doubts_any(const struct doubts *);
void doubts_fini(struct doubts *);

#endif
