/* top_print.h - inside agent/cmd: the rows of an interval, as text and as JSON. */
#ifndef FLUME_AGENT_CMD_TOP_PRINT_H
#define FLUME_AGENT_CMD_TOP_PRINT_H

#include "agent/cmd/top_rates.h"
#include "lib/base/text.h"

struct top_view {
	const struct top_row *rows;
	size_t n;
	const char *node; /* "" when it does not say */
	double seconds;   /* of the interval */
	const char *at;   /* "2026-11-27T16:00:00Z" */
};

void top_head(struct text *);
/* A line for each row, its columns below those of the head. */
void top_lines(struct text *, const struct top_view *);
/* One object, one line. */
void top_json(struct text *, const struct top_view *);

#endif
