/*
 * ab.h - an A/B switch: which of its variants is a document in?
 *
 * Made of a document (schemas/README.md has its keys), immutable and counted, so any number of
 * threads may ask one at once.  What it answers depends on the switch and the document alone: no
 * clock, no chance, no node, and nothing that was answered before.
 *
 * The answer, in this order: the default, when the switch is off, when the node is none of those it
 * is for, when the document has no key; the override of the key; else a variant by weight.  A document
 * moves from a variant to another only when the share of the other grew by a larger factor
 * (race.h): what grows alone loses nobody.
 */
#ifndef FLUME_AGENT_SPLIT_AB_H
#define FLUME_AGENT_SPLIT_AB_H

#include "agent/document/document.h"
#include "agent/document/split.h"

#define AB_NAME      129 /* bytes of the name of a switch or a variant, with its NUL */
#define AB_VARIANTS  32
#define AB_OVERRIDES 10000
#define AB_LABELS    32          /* in `where`, and values of each */
#define AB_WHOLE     SPLIT_WHOLE /* all documents: a weight of 1 is a thousandth of a per cent */

struct ab_switch;

/* Reads a switch.  Returns 0, FLUME_SYNTAX or FLUME_REJECTED with every finding (paths begin with
 * "switch"), or FLUME_NOMEM. */
int ab_parse(struct ab_switch **out, const char *name, const char *text, size_t len,
	     enum flume_format, flume_report *);
/* The same for a document that is parsed already, of which it keeps a reference. */
int ab_make(struct ab_switch **out, const char *name, flume_schema *document, flume_report *);
struct ab_switch *ab_ref(struct ab_switch *);
struct ab_switch *ab_unref(struct ab_switch *);

/* All that is lent here lives as long as the switch. */
const char *ab_name(const struct ab_switch *);
/* What it was read from: its version, digest and text.  It is no schema that could be built. */
flume_schema *ab_document(const struct ab_switch *);

struct ab_variant {
	const char *name;
	uint32_t weight; /* 0 ... AB_WHOLE */
};

/* Sorted by name, at least one; NULL past the end. */
size_t ab_count(const struct ab_switch *);
const struct ab_variant *ab_variant(const struct ab_switch *, size_t i);
/* Its number, or -1. */
int ab_find(const struct ab_switch *, const char *variant);
size_t ab_default(const struct ab_switch *);
bool ab_enabled(const struct ab_switch *);
/* Is it for a node with these labels ("k=v", NULL at the end; may be NULL)? */
bool ab_applies(const struct ab_switch *, const char *const *labels);
/* What it says of serving POST /pipelines/NAME, where its variants are names of schemas. */
enum ab_front {
	AB_FRONT_UNSAID, /* as soon as one of them is the name of a schema */
	AB_FRONT_YES,
	AB_FRONT_NO,
};
enum ab_front ab_front(const struct ab_switch *);

/* The document of a switch as JSON Schema, for editors; free(3).  NULL when out of memory. */
char *ab_dup_json_schema(void);

enum ab_why {
	AB_WEIGHT,
	AB_OVERRIDE,
	AB_DISABLED,
	AB_ELSEWHERE, /* the node is none of those it is for                 */
	AB_NO_KEY,    /* nothing at `by`, or null, an array, an object or "" */
	AB_WHYS,
};
/* "weight", "override", "disabled", "elsewhere", "no-key" */
const char *ab_why_text(enum ab_why);

struct ab_choice {
	size_t variant;
	enum ab_why why;
	uint64_t hash; /* of the key; 0 without one */
};

/* `applies` is what ab_applies said.  Takes no lock and no memory. */
struct ab_choice ab_choose(const struct ab_switch *, bool applies, const struct document *);
/* The same for a key as text; a length of 0 is none. */
struct ab_choice ab_choose_key(const struct ab_switch *, bool applies, const char *key,
			       size_t len);

#endif
