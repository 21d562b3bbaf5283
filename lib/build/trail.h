/*
 * trail.h - the nodes that are being built, from the root of their document down to the one at
 * hand; each lies on the stack of its builder.
 */
#ifndef FLUME_BUILD_TRAIL_H
#define FLUME_BUILD_TRAIL_H

#include "lib/base/text.h"
#include "lib/connector/connector.h"

struct trail {
	struct trail *up; /* NULL: the root */
	const flume_value *node;
	const struct connector *connector;
	const char *name; /* its own; NULL: none */
	size_t key, item; /* where it stands in the one above, once that was asked for */
	size_t next_key, next_item; /* where to look for the next of those below */
	bool found;
};

/* "root.children[1](fallback).then" */
void trail_path(struct trail *, struct text *out);

#endif
