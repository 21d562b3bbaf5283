/*
 * behaviour.h - inside agent/cmd: what two pipelines make of the same documents.
 *
 * Nothing leaves the process.  What differs is what came out (by value, at paths), what became of
 * the document (ok, dropped, failed and how), and which ways it took: of each filter, switch and
 * fallback that it met, by name, in both.  How long it took is told, and is no difference.
 */
#ifndef FLUME_AGENT_CMD_BEHAVIOUR_H
#define FLUME_AGENT_CMD_BEHAVIOUR_H

#include "agent/cmd/quantile.h"
#include "agent/document/document.h"
#include "lib/base/text.h"

#include <stdio.h>

enum { BEHAVIOUR_OLD, BEHAVIOUR_NEW, BEHAVIOUR_SIDES };

#define BEHAVIOUR_ROWS 256

struct behaviour_row { /* what was the one in the old is the other in the new */
	char *step;    /* NULL: the outcome */
	char *ways[BEHAVIOUR_SIDES];
	uint64_t documents;
};

struct behaviour_example { /* NULL: no difference */
	uint64_t line;
	char *outcomes[BEHAVIOUR_SIDES];
	char *output; /* "total: expected 90, got 100": the old one is expected */
	char *routes; /* "tier: gold -> silver" */
};

struct behaviour { /* the first four are the caller's, the rest is zero */
	flume_pipeline *pipelines[BEHAVIOUR_SIDES]; /* lent */
	const struct path *except;                  /* differences below do not count */
	size_t n_except;
	size_t n_examples; /* so many are kept */

	uint64_t documents, differ, outcomes, outputs, routes;
	struct quantile took[BEHAVIOUR_SIDES];
	struct behaviour_row
		rows[BEHAVIOUR_ROWS]; /* later ones are counted in the sums alone */
	size_t n_rows;
	struct behaviour_example *examples;
	size_t n_kept;
};

/* 0 or FLUME_NOMEM. */
int behaviour_compare(struct behaviour *, uint64_t line, const struct document *);
void behaviour_print(const struct behaviour *, FILE *);
/* 0 or FLUME_NOMEM. */
int behaviour_print_json(const struct behaviour *, FILE *);
void behaviour_fini(struct behaviour *);

#endif
