/* rows.h - inside lib/describe: a row of a field table, told in JSON. */
#ifndef FLUME_DESCRIBE_ROWS_H
#define FLUME_DESCRIBE_ROWS_H

#include "lib/describe/writer.h"

/* A member named as the row, with what JSON Schema can say of its value. */
void row_as_schema(struct writer *, const struct flume_field *row);
/* Members of `$defs` that row_as_schema refers to, but for "node". */
void rows_definitions(struct writer *);
/* An object with all that the row says. */
void row_as_spec(struct writer *, const struct flume_field *row);

#endif
