/* catalogue.h - inside agent/cmd: what schemas can be made of, one entry for each kind of component
 * and of node, out of the JSON of flume_factory_dup_spec. */
#ifndef FLUME_AGENT_CMD_CATALOGUE_H
#define FLUME_AGENT_CMD_CATALOGUE_H

#include "lib/base/text.h"

struct entry {
	const char *section;   /* "processors"; "nodes" */
	const char *what;      /* "processor"; "node" */
	const char *name;      /* "equals" */
	const flume_value *is; /* its row: kind, about, fields, ... */
};

struct catalogue { /* all zero is an empty one */
	flume_value *root;
	struct entry *all; /* nodes last */
	size_t n;
};

/* 0 or FLUME_NOMEM; catalogue_fini either way. */
int catalogue_read(struct catalogue *, const char *spec);
void catalogue_fini(struct catalogue *);
/* Leaves those called `words[0]`, when that is all there is; or else those in which every word is
 * found, whatever its case. */
void catalogue_find(struct catalogue *, char *const *words, size_t n);
/* The name nearest to `word`, or NULL. */
const char *catalogue_near(const struct catalogue *, const char *word);

/* "text" behind `key`; "" when absent. */
const char *entry_text(const flume_value *, const char *key);
bool entry_is_true(const flume_value *, const char *key);
/* Who brings it: "built in", "plug-in luhn 1.0.0". */
const char *entry_origin(const struct entry *);

/* All that can be said of one, and how it is written; for people. */
void entry_page(struct text *, const struct entry *);
/* The row with its section, as one object. */
void entry_json(struct text *, const struct entry *);

#endif
