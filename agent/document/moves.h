/* moves.h - what is moved where, all at once: what rename and move share. */
#ifndef FLUME_AGENT_DOCUMENT_MOVES_H
#define FLUME_AGENT_DOCUMENT_MOVES_H

#include "agent/document/document.h"

struct moves {
	size_t n;
	struct document_move list[DOCUMENT_MOVES];
	const struct document_move *by_to[DOCUMENT_MOVES];
};

struct moves *moves_new(void);
void moves_free(void *arg); /* NULL is fine */
/* Takes both paths. */
void moves_add(struct moves *, struct path from, struct path to);
/* When all were added.  Two values cannot be moved to one place: a finding. */
int moves_end(struct moves *, const flume_value *fields, const char *at, flume_report *);
/* More than there is room for: a finding. */
int moves_refuse_many(const flume_value *fields, const char *at, flume_report *);
/* The function of a component. */
int moves_run(const struct flume_call *, void **item, void *arg, struct flume_err *err);

#endif
