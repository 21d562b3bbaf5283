#include "agent/document/moves.h"

#include <stdio.h>
#include <stdlib.h>

struct moves *moves_new(void)
{
	return calloc(1, sizeof(struct moves));
}

void moves_free(void *arg)
{
	struct moves *moves = arg;
	for (size_t i = 0; moves && i < moves->n; i++) {
		path_fini(&moves->list[i].from);
		path_fini(&moves->list[i].to);
	}
	free(moves);
}

void moves_add(struct moves *moves, struct path from, struct path to)
{
	moves->list[moves->n++] = (struct document_move){from, to};
}

static int compare_from(const void *a, const void *b)
{
	const struct document_move *left = a, *right = b;
	return path_compare(&left->from, &right->from);
}

static int compare_to(const void *a, const void *b)
{
	const struct document_move *const *left = a, *const *right = b;
	return path_compare(&(*left)->to, &(*right)->to);
}

/* Which of them came last would decide. */
int moves_end(struct moves *moves, const flume_value *fields, const char *at,
	      flume_report *report)
{
	char place[512];
	snprintf(place, sizeof place, "%s.fields", at);
	qsort(moves->list, moves->n, sizeof *moves->list, compare_from);
	for (size_t i = 0; i < moves->n; i++)
		moves->by_to[i] = &moves->list[i];
	qsort(moves->by_to, moves->n, sizeof(const struct document_move *), compare_to);
	for (size_t i = 1; i < moves->n; i++) {
		const struct path *to = &moves->by_to[i]->to;
		if (path_compare(&moves->by_to[i - 1]->to, to))
			continue;
		flume_report_add(report, "bad-path", place, fields, NULL,
				 "two fields are moved to '%.64s'", to->text);
		return FLUME_REJECTED;
	}
	return FLUME_OK;
}

int moves_refuse_many(const flume_value *fields, const char *at, flume_report *report)
{
	size_t n = flume_value_size(fields);
	if (n <= DOCUMENT_MOVES)
		return FLUME_OK;
	flume_report_add(report, "bad-value", at, fields, "use two of them",
			 "%zu fields; one step moves at most %d", n, DOCUMENT_MOVES);
	return FLUME_REJECTED;
}

int moves_run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	const struct moves *moves = arg;
	return document_move(*item, moves->list, moves->by_to, moves->n, err);
}
