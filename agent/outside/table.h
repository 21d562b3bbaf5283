/* table.h - texts by key, read from CSV or JSON at once and then only looked into.  Any thread. */
#ifndef FLUME_AGENT_OUTSIDE_TABLE_H
#define FLUME_AGENT_OUTSIDE_TABLE_H

#include "lib/flume.h"

struct table;

/* CSV (RFC 4180, UTF-8) with a line of names first.  The key is what stands in the column `key` (NULL:
 * the first one), its value the text in the column `value`, or (NULL) an object of the other columns.
 * Returns 0; FLUME_SYNTAX ("line 3: 2 fields, expected 4"), also for a key that is there twice; or
 * FLUME_NOMEM. */
int table_read_csv(struct table **out, const char *text, size_t len, const char *key,
		   const char *value, struct flume_err *err);
/* A JSON object: each member is a key with its value.  text[len] is a NUL. */
int table_read_json(struct table **out, const char *text, size_t len, struct flume_err *err);
struct table *table_free(struct table *);

size_t table_size(const struct table *);
/* The value as JSON, not terminated; NULL when there is none. */
const char *table_get(const struct table *, const char *key, size_t len, size_t *out_len);

/* For those who read: a table of their own making.  FLUME_EXISTS for a key that is there. */
struct table *table_new(void);
int table_add(struct table *, const char *key, size_t key_len, const char *json, size_t len);

#endif
