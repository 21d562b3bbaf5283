/*
 * fields.h - the grammar of a map as a table: one row checks a key, reads it, documents it.
 *
 * The readers below take what the table says when the key is absent, and may only be asked for
 * what a check has passed.
 */
#ifndef FLUME_SCHEMA_FIELDS_H
#define FLUME_SCHEMA_FIELDS_H

#include "lib/base/text.h"
#include "lib/flume.h"

/* Where a check stands: "root.children[2].then".  Grows going down, is cut coming back.  Steps are
 * kept as they are and written out only for a finding, so a clean document pays for none.  Keys
 * and labels are borrowed. */
struct place_step {
	const char *key;   /* NULL: an element */
	const char *label; /* of an element: "(primary)", or NULL */
	size_t index;
};

struct place {
	struct place_step few[24], *steps;
	size_t n, cap;
	bool failed; /* for want of memory */
	struct text text;
};

void place_init(struct place *, const char *root);
void place_fini(struct place *);
/* Good until the place moves; "" when out of memory. */
const char *place_text(struct place *);
/* Each returns where to go back to.  What there is no memory for is counted all the same, so that
 * going back stays right. */
bool place_grow(struct place *);
static inline size_t place_push(struct place *place, const struct place_step step)
{
	size_t back = place->n++;
	if (back < place->cap || (back == place->cap && place_grow(place)))
		place->steps[back] = step;
	return back;
}
static inline size_t place_key(struct place *place, const char *key)
{
	return place_push(place, (struct place_step){.key = key});
}
static inline size_t place_index(struct place *place, size_t i,
				 const char *label) /* "(primary)", or NULL */
{
	return place_push(place, (struct place_step){.index = i, .label = label});
}
static inline void place_back(struct place *place, size_t n)
{
	place->n = n;
}

/* The row for `name`, or NULL. */
const struct flume_field *fields_find(const struct flume_field *table, const char *name);

/* What every map may have besides: these, and keys that begin so. */
extern const struct flume_field fields_everywhere[];
#define FIELDS_FREE "x-"

/* What a FLUME_FIELD_COUNT may be. */
void fields_bounds(const struct flume_field *row, int64_t *out_least, int64_t *out_most);

/* Looks at the keys of `map`: unknown ones and missing ones are findings.  `also` are tables of
 * keys that belong to others (NULL at the end; may be NULL).  Then `each` (may be NULL) gets every
 * entry that has a row, in document order. */
typedef void fields_each_fn(void *arg, const struct flume_field *row, const flume_value *value);
void fields_check_keys(const struct flume_field *table, const struct flume_field *const *also,
		       const flume_value *map, struct place *, flume_report *,
		       fields_each_fn *each, void *arg);
/* Keys and values, but for those that are the checker's own affair. */
void fields_check(const struct flume_field *table, const struct flume_field *const *also,
		  const flume_value *map, struct place *, flume_report *);
/* Looks at one value by its row; the types of connectors are the checker's own affair and pass.
 */
void fields_check_value(const struct flume_field *row, const flume_value *, struct place *,
			flume_report *);

const char *fields_text(const struct flume_field *table, const flume_value *map,
			const char *name);
int64_t fields_count(const struct flume_field *table, const flume_value *map, const char *name);
/* NaN when out of memory, or when there is neither a value nor a default. */
double fields_number(const struct flume_field *table, const flume_value *map, const char *name);
/* Nanoseconds; 0 when there is neither a value nor a default. */
int64_t fields_duration(const struct flume_field *table, const flume_value *map,
			const char *name);

#endif
