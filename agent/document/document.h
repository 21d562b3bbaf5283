/*
 * document.h - the items of the agent: JSON documents.
 *
 * A document is its own bytes and an index of them.  What nobody touches leaves as it came, byte for
 * byte: `1.10`, `1E5`, integers of any size, escapes, the order of keys.  White space between
 * tokens does not: what is written is compact, on one line.
 *
 * Components look into a document and change it through this header alone.  A document belongs to
 * one thread at a time, readers included: what they ask for is decoded then.  A constant is decoded
 * beforehand, and many may read it.  Memory is kept for the thread's next documents.
 *
 * Paths are compiled beforehand (path.h).  Errors are FLUME_FAILED with a text that begins
 * with the path: "customer.city: parent is a number", where there is one.
 */
#ifndef FLUME_AGENT_DOCUMENT_H
#define FLUME_AGENT_DOCUMENT_H

#include "agent/document/path.h"
#include "lib/flume.h"

#define DOCUMENT_DEPTH  256        /* arrays and objects within each other, at the most */
#define DOCUMENT_NUMBER 1024       /* characters of a number, at the most               */
#define DOCUMENT_SIZE   (1U << 30) /* bytes of a document that is read, at the most     */

struct document;
struct text;

/* Strict RFC 8259: UTF-8, any value as root; duplicate keys and lone surrogates are refused, and so
 * are numbers beyond a double that are not written as integers, and what exceeds the bounds above.
 * Returns 0, FLUME_SYNTAX ("line 1, column 14: ...") or FLUME_NOMEM.  `text` is copied. */
int document_parse(struct document **out, const char *text, size_t len, struct flume_err *err);
/* A constant of a schema, its numbers as they are written there.  Returns 0; FLUME_REJECTED with
 * findings under `path` when a number is too large or the nesting too deep; or FLUME_NOMEM. */
int document_from_value(struct document **out, const flume_value *, const char *path,
			flume_report *);
/* Makes it a constant, until it is changed. */
void document_settle(struct document *);
struct document *document_clone(const struct document *); /* NULL when out of memory */
struct document *document_free(struct document *);
/* Compact JSON on one line.  free(3); NULL when out of memory.  `out_len` may be NULL. */
char *document_dump(const struct document *, size_t *out_len);

/* The same of what stands at `path`, behind what is in `text` already; text.h says how memory that
 * runs out is noticed.  False when there is nothing.  A NULL `path` is the root. */
bool document_write(const struct document *, const struct path *, struct text *);

/* What a factory of documents is made with. */
extern const struct flume_item_type document_type;

/* ---- looking ---- */

enum document_kind {
	DOCUMENT_NULL,
	DOCUMENT_BOOL,
	DOCUMENT_INTEGER,
	DOCUMENT_REAL,  /* written with a fraction or an exponent */
	DOCUMENT_LARGE, /* an integer beyond 64 bits, which only its digits tell */
	DOCUMENT_TEXT,
	DOCUMENT_ARRAY,
	DOCUMENT_OBJECT,
};

/* "a number", "null": for messages. */
const char *document_kind_text(enum document_kind);

struct document_view { /* borrowed until the document changes */
	enum document_kind kind;
	bool truth;
	int64_t integer;
	double real;
	const char *text;   /* UTF-8, terminated, but may hold a NUL of its own */
	size_t len;         /* of the text; elements of an array, members of an object */
	const char *number; /* of a number: as it is written, not terminated; NULL: computed */
	size_t number_len;
};

/* One member or element after the other, in their order; `key` is NULL in an array, else not
 * terminated, and gone when `fn` returns, which must change nothing.  Ends with what `fn` returns when
 * that is not 0, with FLUME_NOT_FOUND when no container is at `path` (NULL: the root), and with
 * FLUME_NOMEM. */
typedef int document_each_fn(void *arg, const char *key, size_t key_len,
			     const struct document_view *);
int document_each(const struct document *, const struct path *, document_each_fn *, void *arg);
/* False when there is nothing at `path`. */
bool document_get(const struct document *, const struct path *, struct document_view *out);
/* The same, where null counts as nothing. */
bool document_has(const struct document *, const struct path *);
struct document_view document_root(const struct document *);

/* Equal by value: 1 is 1.0, and no digit of a large integer is lost.  Arrays and objects equal
 * nothing. */
bool document_view_equal(const struct document_view *, const struct document_view *);
/* Numbers by value, texts by code point.  False, and no order, for anything else. */
bool document_view_compare(const struct document_view *, const struct document_view *,
			   int *out_order);
/* A scalar as JSON writes it, text without quotes; a real in its shortest form, whatever it was
 * written as.  Returns its length, which may be beyond `size`, and 0 for null, arrays and
 * objects. */
size_t document_view_text(const struct document_view *, char *buffer, size_t size);

struct document_rules { /* all zero: what is expected must be there, the rest is free */
	bool exact;     /* members that nobody expects are differences too */
	bool veiled;    /* `why` shows no values: they may be somebody's   */
	const struct path *except; /* whatever lies there, or does not, is no difference */
	size_t n_except;
};

/* Does `actual` have all that `expected` names, by these rules (NULL: all zero)?  Objects may have
 * more, arrays may not; scalars are equal by value.  If not, `why` tells the first few
 * differences: "items[0].total: expected 90, got 100; id: expected 1, got nothing"; veiled:
 * "items[0].total: another number; id: missing". */
bool document_matches(const struct document *actual, const struct document *expected,
		      const struct document_rules *, char *why, size_t size);

/* ---- changing ---- */

/* Stores a copy of `constant`.  Missing parents are created, an index one past the end appends.
 * When it fails nothing has changed.  Returns 0, FLUME_FAILED or FLUME_NOMEM. */
int document_set(struct document *, const struct path *, const struct document *constant,
		 struct flume_err *err);
/* The same for values that are made on the way: a text (UTF-8, any bytes in it), a number, a
 * truth, null, and any JSON.  FLUME_FAILED also when `text` is not UTF-8, `real` is not finite, or
 * `json` is not one JSON value.  Both may be lent by the same document. */
int document_set_text(struct document *, const struct path *, const char *text, size_t len,
		      struct flume_err *err);
int document_set_integer(struct document *, const struct path *, int64_t,
			 struct flume_err *err);
int document_set_real(struct document *, const struct path *, double real,
		      struct flume_err *err);
int document_set_truth(struct document *, const struct path *, bool, struct flume_err *err);
int document_set_null(struct document *, const struct path *, struct flume_err *err);
int document_set_json(struct document *, const struct path *, const char *json, size_t len,
		      struct flume_err *err);
/* A copy of what stands at `from` in `other`, which may be the same document; a NULL `from` is the
 * root.  FLUME_NOT_FOUND, with nothing in `err`, when there is nothing. */
int document_copy(struct document *, const struct path *to, const struct document *other,
		  const struct path *from, struct flume_err *err);
/* The members of `from`'s root are set in the root of the first: what both have is replaced, or, when
 * both are objects, merged in turn.  FLUME_FAILED when one of the roots is no object. */
int document_merge(struct document *, const struct document *from, struct flume_err *err);
/* False when there was nothing; elements behind a removed one move up. */
bool document_remove(struct document *, const struct path *);

struct document_move {
	struct path from, to;
};

/* Moves all at once, so that two may change places.  `moves` is sorted by `from` and `by_to`
 * has the same ones, sorted by `to`; `n` is at most DOCUMENT_MOVES.  What is not there is not
 * moved, what stood at `to` goes.  A move that fails leaves its value, and those of the later
 * ones, where they were, as far as the earlier ones have left that place. */
#define DOCUMENT_MOVES 64
int document_move(struct document *, const struct document_move *moves,
		  const struct document_move *const *by_to, size_t n, struct flume_err *err);

/* Removes whatever none of the paths covers.  `paths` is sorted, and none lies in another.
 * FLUME_FAILED when the root is a scalar. */
int document_keep(struct document *, const struct path *paths, size_t n, struct flume_err *err);

#endif
