/*
 * describe.h - what can be said in a schema, and what one says, for people and programs.
 *
 * Everything comes from the tables that check and build: a new connector, kind or key appears
 * here by itself.  What is given back is freed with free(3), and NULL when out of memory.
 */
#ifndef FLUME_DESCRIBE_DESCRIBE_H
#define FLUME_DESCRIBE_DESCRIBE_H

#include "lib/component/registry.h"

/* JSON: connectors, kinds and components. */
char *spec_dup(struct registry *);
/* The grammar as JSON Schema; without a registry, declarations are only asked for a `kind`. */
char *json_schema_dup(struct registry *);

#endif
