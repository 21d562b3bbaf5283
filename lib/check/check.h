/*
 * check.h - is this schema right?  All findings at once, in document order.
 *
 * Structure asks nothing of anybody; the full check also asks a scope for components and,
 * through three questions, a store for schemas.  Neither changes anything.
 */
#ifndef FLUME_CHECK_CHECK_H
#define FLUME_CHECK_CHECK_H

#include "lib/base/map.h"
#include "lib/component/scope.h"
#include "lib/flume.h"

/* What a check asks about other schemas; `arg` is passed through. */
struct store_view {
	bool (*has)(void *arg, const char *id);
	/* "a -> b -> a" when referring to `id` would close a circle, NULL when not; free(3). */
	char *(*dup_cycle)(void *arg, const char *id);
	/* As flume_factory_dup_schema_ids. */
	char **(*dup_ids)(void *arg);
	void *arg;
};

struct check_result {
	struct map uses; /* ids of the schemas it refers to; map_fini when done */
};

/* 0, FLUME_REJECTED with findings in the report (may be NULL), or FLUME_NOMEM.  With a NULL
 * scope (and store) only the structure is looked at.  `result` may be NULL. */
int check_schema(flume_schema *, struct flume_scope *, const struct store_view *,
		 const struct flume_limits *, struct check_result *result, flume_report *);

/* What only the document may say, what any node may, and what one with a type may.  The sections
 * have tables of their own. */
extern const struct flume_field document_fields[], node_fields[], type_fields[];
enum { NODE_NAME, NODE_DESCRIPTION }; /* rows of node_fields */
enum { DOCUMENT_VERSION, DOCUMENT_COMPONENTS, DOCUMENT_CANARY, DOCUMENT_FIELDS };

struct part { /* a map below a key of a section, or a list of them */
	const char *key;
	const struct flume_field *fields;
	bool list;
	const struct flume_field *exclusive; /* only one of the rows from here on; or NULL */
	const char *word; /* may stand for the map, whose first row has to be it; or NULL */
};

extern const struct flume_field canary_fields[];
extern const struct part canary_parts[]; /* ends without a key */

/* The shape of a `canary` section. */
void canary_check(const flume_value *canary, struct place *, flume_report *);

#endif
