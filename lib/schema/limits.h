/*
 * limits.h - how large a document may be: the one place with the numbers.
 *
 * A schema is limited in its own terms, nodes and levels of nodes.  A reader cannot tell a node
 * from another value yet, so it allows a few values for each.
 */
#ifndef FLUME_SCHEMA_LIMITS_H
#define FLUME_SCHEMA_LIMITS_H

#include "lib/flume.h"

#include <stdint.h>

#define LIMIT_BYTES            ((size_t)1 << 20)
#define LIMIT_NODES            ((size_t)10000)
#define LIMIT_LEVELS           64u
#define LIMIT_VALUES_PER_NODE  ((size_t)8)
#define LIMIT_VALUES_PER_LEVEL 4u

/* What no program can raise: a document is less than 2 GiB, some twenty times its text at most,
 * and trees are walked by recursion. */
#define LIMIT_MOST_BYTES  ((size_t)1 << 26)
#define LIMIT_MOST_NODES  ((size_t)1 << 27)
#define LIMIT_MOST_LEVELS 500u

/* Of one YAML document. */
#define LIMIT_ANCHORS   ((size_t)1000)
#define LIMIT_TAG_LINES 100

/* The limits (may be NULL) with the defaults in place of 0, and none beyond what is possible.
 */
static inline struct flume_limits limits_effective(const struct flume_limits *wanted)
{
	struct flume_limits l = wanted ? *wanted : (struct flume_limits){0};
	if (!l.bytes)
		l.bytes = LIMIT_BYTES;
	if (!l.nodes)
		l.nodes = LIMIT_NODES;
	if (!l.depth)
		l.depth = LIMIT_LEVELS;
	if (l.bytes > LIMIT_MOST_BYTES)
		l.bytes = LIMIT_MOST_BYTES;
	if (l.nodes > LIMIT_MOST_NODES)
		l.nodes = LIMIT_MOST_NODES;
	if (l.depth > LIMIT_MOST_LEVELS)
		l.depth = LIMIT_MOST_LEVELS;
	return l;
}

static inline size_t limits_values(const struct flume_limits *effective)
{
	return effective->nodes * LIMIT_VALUES_PER_NODE;
}

static inline unsigned limits_depth(const struct flume_limits *effective)
{
	return effective->depth * LIMIT_VALUES_PER_LEVEL;
}

#endif
