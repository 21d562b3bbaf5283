/*
 * tree.h - inside lib/schema: a tree of values, put together from what a reader meets.
 *
 * The reader reports scalars, keys, openings and closings in document order; a map gets key and
 * value in turn.  The tree applies the limits and finds duplicate keys.  Functions that return
 * int return 0, or a negative code after which the reader must stop.
 */
#ifndef FLUME_SCHEMA_TREE_H
#define FLUME_SCHEMA_TREE_H

#include "lib/schema/value.h"

/* What a value is worth with all that is below it, and below the aliases in it. */
struct extent {
	size_t values;
	size_t bytes;   /* of text */
	unsigned depth; /* of lists and maps */
};

struct frame { /* a list or map that is still open */
	enum flume_value_type type;
	unsigned line, column;
	size_t first;        /* its first item among those pending */
	struct extent below; /* at its opening; depth: of what was closed in it */
	void *note;          /* the reader's own */
};

struct tree {
	struct arena arena;
	struct document *document;
	flume_value *pending;
	size_t len, cap;
	struct frame *frames;
	size_t open, frames_cap;
	size_t values, bytes; /* expanded */
	struct flume_limits limits;
	flume_report *report;
	bool done;  /* there is a root */
	bool found; /* something wrong that did not stop the reader */
};

/* `bytes` of text are to be read. */
int tree_init(struct tree *, const char *text, size_t bytes, const struct flume_limits *,
	      flume_report *);
void tree_fini(struct tree *);

/* The text of scalars and keys lies in the tree's arena. */
int tree_scalar(struct tree *, const flume_value *scalar);
int tree_key(struct tree *, const flume_value *key);
int tree_open(struct tree *, enum flume_value_type, unsigned line, unsigned column, void *note);
/* Tells what was closed: it is the last pending value, or the root when nothing is open. */
int tree_close(struct tree *, struct extent *out);
/* An alias at line and column of a value that was closed before. */
int tree_share(struct tree *, const flume_value *, const struct extent *, unsigned line,
	       unsigned column);
/* Is a key due? */
bool tree_wants_key(const struct tree *);
/* The value last added. */
const flume_value *tree_last(const struct tree *);

/* Adds a finding and returns FLUME_SYNTAX.  The second tells the path to where the reader is.
 */
int tree_fail(struct tree *, const char *code, unsigned line, unsigned column, const char *hint,
	      const char *fmt, ...) FLUME_PRINTF(6, 7);
int tree_fail_here(struct tree *, const char *code, unsigned line, unsigned column,
		   const char *hint, const char *fmt, ...) FLUME_PRINTF(6, 7);

/* The finished document, or what was wrong with it. */
int tree_take(struct tree *, flume_value **out);

#endif
