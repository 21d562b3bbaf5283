/*
 * change.h - inside lib/factory: a change between its preparing (prepare.c) and its commit (change.c).
 *
 * It holds a candidate for the schema that is set and for each stored schema that refers to it, and
 * remembers what it looked at.  One thread at a time.
 */
#ifndef FLUME_FACTORY_CHANGE_H
#define FLUME_FACTORY_CHANGE_H

#include "lib/factory/store.h"

struct candidate {
	struct slot *slot;    /* a reference; of a new id: not in the store yet */
	flume_schema *schema; /* to be stored, or stored already when it is a dependent's */
	flume_schema *was;    /* what the store held; NULL: nothing */
	flume_pipeline *pipeline;
	struct map uses;
	bool fresh;          /* the store does not have this id */
	flume_pipeline *old; /* during the commit: what it took the place of, if that keeps
			      * states */
};

struct flume_change {
	flume_factory *factory;
	struct candidate own;   /* the one that is set */
	struct candidate *list; /* with those that refer to it; of one: &own */
	size_t n;
	struct map reads; /* id to the schema that was found under it, a reference each */
	bool unread;      /* one of them could not be remembered, for want of memory     */
	bool committed;
	int64_t began_ns;
};

/* Makes all candidates.  0; FLUME_UNCHANGED, if `asked` and the store serves that already; or an error, which
 * was told as an event.  What is not 0 has left nothing in the change. */
int change_prepare(flume_change *, flume_factory *, const char *id, flume_schema *, bool asked,
		   flume_report *);
void candidates_fini(flume_change *); /* and what was remembered */
/* FLUME_EVENT_SCHEMA_UPDATE_FAILED; the report may be NULL. */
void change_emit_failed(const struct hub *, const char *id, const flume_schema *,
			int64_t began_ns, int rc, const flume_report *);

#endif
