/* grammar.h - inside lib/describe: what JSON Schema has for tables and for a choice of tables. */
#ifndef FLUME_DESCRIBE_GRAMMAR_H
#define FLUME_DESCRIBE_GRAMMAR_H

#include "lib/component/registry.h"
#include "lib/describe/rows.h"

/* Members of `properties`: told, or only allowed because they are told elsewhere. */
void grammar_rows(struct writer *, const struct flume_field *table);
void grammar_allow(struct writer *, const struct flume_field *table);
/* Around such members: an object that has nothing else but free keys. */
void grammar_open(struct writer *);
void grammar_close(struct writer *);
/* Which of them must be there; which two must not be there together. */
void grammar_require(struct writer *, const struct flume_field *table);
void grammar_exclude(struct writer *, const char *one, const char *other);
void grammar_exclude_all(struct writer *, const struct flume_field *rows); /* NULL: nothing */

/* An element of `allOf`: what holds when `key` is there (and is `word`, unless that is NULL).
 * `then` is open in between. */
void grammar_open_case(struct writer *, const char *key, const char *word);
void grammar_close_case(struct writer *);

/* Is the value of this row a section, "#/$defs/..."? */
bool sections_have(const struct flume_field *row);
void sections_definitions(struct writer *, struct registry *);

#endif
