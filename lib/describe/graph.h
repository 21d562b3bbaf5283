/* graph.h - inside lib/describe: how a drawing is written down. */
#ifndef FLUME_DESCRIBE_GRAPH_H
#define FLUME_DESCRIBE_GRAPH_H

#include "lib/base/text.h"

enum look {
	LOOK_STEP,
	LOOK_ELSEWHERE, /* what the schema does not define itself */
	LOOK_BROKEN,    /* no node at all                         */
};

struct graph_format {
	const char *begin, *end;
	const char *line; /* between two lines of a label */
	/* A character of ASCII for a label, which ends in what stands in the text. */
	void (*add_char)(struct text *, char c);
	void (*add_vertex)(struct text *, size_t id, enum look, const char *label);
	void (*add_edge)(struct text *, size_t from, size_t to, const char *label);
};

extern const struct graph_format graph_dot, graph_mermaid;

#endif
