/*
 * tree.h - inside lib/schema: a tree of values, put together from what a reader meets.
 *
 * The reader reports scalars, keys, openings and closings in document order; a map gets key and
 * value in turn.  The tree applies the limits and finds duplicate keys.  Functions that return
 * int return 0, or a negative code after which the reader must stop.
 */
#ifndef FLUME_SCHEMA_TREE_H
#define FLUME_SCHEMA_TREE_H

#include "lib/base/arena.h"
#include "lib/schema/value.h"

struct word { /* a text of the document; short ones that are equal are mostly the same */
	uint32_t size;
	uint32_t at; /* where it lies in the document, once it does */
	char text[]; /* and a NUL */
};

struct draft { /* a value while its document is being read */
	union {
		struct word *word;       /* scalars and keys    */
		struct settled *settled; /* NULL when empty     */
	};
	flume_value value; /* as it will be, but for where that is */
};

struct settled { /* what is in a list or map that was closed */
	struct settled *older;
	size_t at;   /* where it will lie, in values */
	size_t n;    /* drafts, a map's keys too     */
	size_t keys; /* of a large map: how many numbers of entries, sorted by key, lie behind */
	struct draft drafts[];
};

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
	struct draft root;
	struct settled *settled; /* the last one, and so all */
	struct word *recent[32];
	struct draft *pending;
	size_t len, cap;
	struct frame *frames;
	size_t open, frames_cap;
	size_t values, bytes;         /* expanded */
	size_t own_values, own_bytes; /* that the document will hold, texts with their NUL */
	uint32_t maps, members;       /* likewise */
	struct flume_limits limits;
	flume_report *report;
	bool done;  /* there is a root */
	bool found; /* something wrong that did not stop the reader */
	/* What a small document needs. */
	struct draft few_pending[64];
	struct frame few_frames[16];
	char room[4096];
};

/* `bytes` of text are to be read.  It must not move in memory from then on. */
int tree_init(struct tree *, const char *text, size_t bytes, const struct flume_limits *,
	      flume_report *);
void tree_fini(struct tree *);

/* A text for the scalar or key that comes next; NULL when out of memory. */
struct word *tree_word(struct tree *, const char *s, size_t n);
int tree_scalar(struct tree *, const struct draft *scalar);
int tree_key(struct tree *, const struct draft *key);
int tree_open(struct tree *, enum flume_value_type, unsigned line, unsigned column, void *note);
/* Tells what was closed: it is the last pending value, or the root when nothing is open. */
int tree_close(struct tree *, struct extent *out);
/* An alias at line and column of a value that was closed before. */
int tree_share(struct tree *, const struct draft *, const struct extent *, unsigned line,
	       unsigned column);
/* Is a key due? */
bool tree_wants_key(const struct tree *);
/* The value last added. */
const struct draft *tree_last(const struct tree *);

/* Adds a finding and returns FLUME_SYNTAX.  The second tells the path to where the reader is.
 */
int tree_fail(struct tree *, const char *code, unsigned line, unsigned column, const char *hint,
	      const char *fmt, ...) FLUME_PRINTF(6, 7);
int tree_fail_here(struct tree *, const char *code, unsigned line, unsigned column,
		   const char *hint, const char *fmt, ...) FLUME_PRINTF(6, 7);

struct packed {                 /* a finished document */
	void *block;            /* for free(3) */
	size_t after;           /* where, in bytes, the room after it begins */
	uint32_t maps, members; /* members: of maps and of lists */
};

/* The finished document, with so many bytes of room before and after it in its block; or what was
 * wrong with it. */
int tree_take(struct tree *, size_t before, size_t after, struct packed *out);

/* The same of a tree in which nothing is wrong: pack.c.  FLUME_NOMEM. */
int tree_pack(const struct tree *, size_t before, size_t after, struct packed *out);

#endif
