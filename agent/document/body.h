/*
 * body.h - what a document is made of, for the files of this room.
 *
 * A document is its own bytes and an index of them: one node a value, in the order in which they
 * came, each linked to its next sibling.  The bytes hold no white space between tokens, so a value
 * that nobody changed is written by copying them.  A change unlinks nodes or links new ones, whose
 * bytes stand behind all others; the containers on the way to it are marked, for they have to be
 * written member by member from then on.
 *
 * Nodes and bytes are named by number, so that all of it can be moved and copied at once.  Node 0 is the
 * root, nobody's sibling and nobody's child, so 0 also stands for none.
 */
#ifndef FLUME_AGENT_DOCUMENT_BODY_H
#define FLUME_AGENT_DOCUMENT_BODY_H

#include "agent/document/document.h"
#include "lib/base/text.h"

#define BODY_PAD 64 /* readable bytes behind the last one, of which sixteen are zero */

enum {
	NODE_ESCAPED = 1,     /* a text with a backslash in it        */
	NODE_KEY_ESCAPED = 2, /* the same of the key                  */
	NODE_CHANGED = 4,     /* a container that is not as its bytes */
	NODE_DECODED = 8,     /* a text that is in `texts`            */
};

struct node {
	uint32_t at, len;      /* the value in `bytes`; of no use when it is changed */
	uint32_t key, key_len; /* of a member, between the quotes                    */
	uint32_t next;         /* sibling                                            */
	uint8_t kind;          /* enum document_kind                                 */
	uint8_t flags;
	uint16_t hash; /* of the key, for the one who builds the index */
	union {
		struct {
			uint32_t first, count; /* of a container */
		};
		struct {
			uint32_t text, text_len; /* of a decoded text, in `texts` */
		};
	};
};

struct document {
	char *bytes;
	struct node *nodes;
	char *texts; /* decoded and terminated; has room for all of them from the beginning */
	size_t bytes_cap, texts_cap;
	uint32_t nodes_cap;
	uint32_t n_bytes, n_nodes, n_texts;
	uint32_t fresh_bytes, fresh_nodes; /* how many there were when nothing was left over */
	bool escaped_keys;                 /* a node that has NODE_KEY_ESCAPED, or had */
};

/* ---- memory ---- */

/* An empty one, from the thread's own store where that has one.  NULL when out of memory. */
struct document *body_new(void);
/* Room for so many more nodes and bytes; what was removed may be cleared away for it, and then all
 * numbers change.  False when out of memory. */
bool body_reserve(struct document *, size_t nodes, size_t bytes);
/* The same, but numbers stay. */
bool body_grow(struct document *, size_t nodes, size_t bytes);
/* Behind the last byte. */
void body_pad(struct document *);
/* Nothing of it is left over. */
void body_fresh(struct document *);

/* ---- looking ---- */

static inline bool body_is_container(const struct node *node)
{
	return node->kind == DOCUMENT_ARRAY || node->kind == DOCUMENT_OBJECT;
}

struct document_view body_view(const struct document *, uint32_t at);
/* 0 for a scalar, 1 for an empty array. */
size_t body_depth(const struct document *, uint32_t node);
/* Nodes of it and all within it. */
size_t body_count(const struct document *, uint32_t node);

struct found {
	uint32_t node;   /* 0: there is none */
	uint32_t before; /* its sibling, or the last one there is; 0: it is the first */
};
/* What a step leads to, and nothing from a scalar. */
struct found body_step(const struct document *, uint32_t from, const struct path_step *);
/* False when there is nothing.  A NULL `path` is the root. */
bool body_find(const struct document *, const struct path *, uint32_t *out);

/* ---- writing ---- */

/* The most that body_write may write. */
size_t body_bound(const struct document *, uint32_t node);
/* Writes the value to where there is room for it, and returns its length. */
size_t body_write(const struct document *, uint32_t node, char *to);

/* ---- changing, where there is room for it ---- */

/* The way down to a place. */
struct place {
	uint32_t trail[PATH_STEPS + 1]; /* from the root; as many as there are */
	size_t known;                   /* the step that leads from the last of them */
	struct found found;             /* where that leads                          */
};
void body_aim(const struct document *, const struct path *, struct place *out);
/* Bytes and nodes that body_put may take. */
size_t body_keys(const struct path *);
/* May something of this depth be stored there? */
int body_check(const struct document *, const struct path *, const struct place *, size_t depth,
	       struct flume_err *);
/* Stores the node where it may be; what is there goes. */
void body_put(struct document *, const struct path *, const struct place *, uint32_t node);
/* The same, in front of what is there, when that is the end of the path. */
void body_insert(struct document *, const struct path *, const struct place *, uint32_t node);
/* Takes the value of `node`; key and place stay. */
void body_replace(struct document *, uint32_t at, uint32_t node);
/* Takes out what is there and returns it; 0 when there is nothing. */
uint32_t body_detach(struct document *, const struct path *);
/* Takes out, or puts in, the child behind `before`; the parents above have to be marked. */
void body_unlink(struct document *, uint32_t parent, uint32_t before, uint32_t node);
void body_link(struct document *, uint32_t parent, uint32_t before, uint32_t node);

/* A new node, whose value are the `len` bytes that were written behind the last one. */
uint32_t body_scalar(struct document *, enum document_kind, size_t len);
/* A copy of what is in another document, or in this one: it takes body_bound and body_count of
 * it. */
uint32_t body_copy(struct document *, const struct document *, uint32_t node);

#endif
