#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/document/number.h"
#include "agent/document/paths.h"
#include "agent/document/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct flume_field fields[] = {
	{.name = "field",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Path of the number that decides; without one, no route is named."},
	{.name = "below",
	 .type = FLUME_FIELD_MAP,
	 .required = true,
	 .about = "Names of routes, each with the number that its values are below; the least "
		  "such one counts."},
	{.name = "above",
	 .type = FLUME_FIELD_TEXT,
	 .about = "The route of numbers that are below none of these; without it, no route is "
		  "named."},
	{0},
};

struct bound {
	const char *name; /* of the declaration */
	struct document_view below;
};

struct bucket {
	struct path field;
	const char *above; /* of the declaration; or NULL */
	size_t n;
	struct bound bounds[]; /* from the least up */
};

static const char *pick(const struct flume_call *call, const void *item, void *arg,
			/* NOLINTNEXTLINE(readability-non-const-parameter): a condition */
			char scratch[256])
{
	(void)call;
	(void)scratch;
	const struct bucket *bucket = arg;
	struct document_view view;
	if (!document_get(item, &bucket->field, &view) || !number_is(&view))
		return NULL;
	for (size_t i = 0; i < bucket->n; i++)
		if (number_compare(&view, &bucket->bounds[i].below) < 0)
			return bucket->bounds[i].name;
	return bucket->above;
}

static void done(void *arg)
{
	struct bucket *bucket = arg;
	path_fini(&bucket->field);
	free(bucket);
}

static int compare(const void *a, const void *b)
{
	const struct bound *left = a, *right = b;
	return number_compare(&left->below, &right->below);
}

static int add(struct bucket *bucket, const flume_value *map, size_t i, const char *at,
	       flume_report *report)
{
	char place[512];
	const flume_value *key = flume_value_key(map, i), *value = flume_value_at(map, i);
	const char *text = flume_value_text(value);
	struct bound *bound = &bucket->bounds[bucket->n];
	bound->name = flume_value_text(key);
	snprintf(place, sizeof place, "%s.below.%s", at, bound->name);
	int rc = flume_value_type(value) == FLUME_NUMBER
			 ? number_read(text, strlen(text), &bound->below)
			 : FLUME_INVALID;
	if (rc == FLUME_INVALID) {
		flume_report_add(report, "bad-value", place, value, NULL,
				 "expected a number that a document may hold");
		return FLUME_REJECTED;
	}
	bucket->n += !rc;
	return rc;
}

static int sort(struct bucket *bucket, const flume_value *decl, const char *at,
		flume_report *report)
{
	qsort(bucket->bounds, bucket->n, sizeof *bucket->bounds, compare);
	for (size_t i = 1; i < bucket->n; i++)
		if (!compare(&bucket->bounds[i - 1], &bucket->bounds[i]))
			return setting_refuse(decl, "below", at, report, NULL,
					      "'%.64s' and '%.64s' are below the same number",
					      bucket->bounds[i - 1].name,
					      bucket->bounds[i].name);
	return FLUME_OK;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	const flume_value *map = flume_value_get(decl, "below");
	size_t n = flume_value_size(map);
	struct bucket *bucket = calloc(1, sizeof *bucket + n * sizeof *bucket->bounds);
	if (!bucket)
		return FLUME_NOMEM;
	bucket->above = setting_text(fields, decl, "above");
	int rc = paths_field(&bucket->field, decl, path, report);
	for (size_t i = 0; i < n && rc != FLUME_NOMEM; i++) {
		int failed = add(bucket, map, i, path, report);
		rc = failed ? failed : rc;
	}
	if (!rc)
		rc = sort(bucket, decl, path, report);
	if (rc) {
		done(bucket);
		return rc;
	}
	out->pick = pick;
	out->prompt = true;
	out->arg = bucket;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_bucket = {
	.of = FLUME_CONDITION,
	.kind = "bucket",
	.about = "The range that a number lies in, by name.",
	.fields = fields,
	.example =
		"{kind: bucket, field: total, below: {small: 100, medium: 1000}, above: large}",
	.make = make,
};
