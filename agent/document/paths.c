#include "agent/document/paths.h"

#include <stdio.h>
#include <stdlib.h>

int paths_compile(struct path *out, const flume_value *text, const char *at,
		  flume_report *report)
{
	struct flume_err err = {0};
	const char *s = flume_value_text(text);
	int rc = path_compile(out, s, &err);
	if (rc != FLUME_INVALID)
		return rc;
	flume_report_add(report, "bad-path", at, text, NULL, "'%.64s' is not a path: %s", s,
			 err.text);
	return FLUME_REJECTED;
}

int paths_key(struct path *out, const flume_value *decl, const char *key, const char *at,
	      flume_report *report)
{
	char place[512];
	snprintf(place, sizeof place, "%s.%s", at, key);
	return paths_compile(out, flume_value_get(decl, key), place, report);
}

int paths_field(struct path *out, const flume_value *decl, const char *at, flume_report *report)
{
	return paths_key(out, decl, "field", at, report);
}

static void free_field(void *arg)
{
	path_fini(arg);
	free(arg);
}

int paths_arg(struct flume_component *out, const flume_value *decl, const char *at,
	      flume_report *report)
{
	struct path *field = malloc(sizeof *field);
	int rc = field ? paths_field(field, decl, at, report) : FLUME_NOMEM;
	if (rc) {
		free(field);
		return rc;
	}
	out->arg = field;
	out->done = free_field;
	return FLUME_OK;
}

int paths_fields(struct paths **out, const flume_value *decl, const char *at,
		 flume_report *report)
{
	return paths_list(out, decl, "fields", at, report);
}

int paths_list(struct paths **out, const flume_value *decl, const char *key, const char *at,
	       flume_report *report)
{
	const flume_value *fields = flume_value_get(decl, key);
	size_t n = flume_value_size(fields);
	struct paths *paths = calloc(1, sizeof *paths);
	int rc = FLUME_OK;
	if (!paths || !(paths->list = calloc(n ? n : 1, sizeof *paths->list))) {
		paths_free(paths);
		return FLUME_NOMEM;
	}
	for (size_t i = 0; i < n && rc != FLUME_NOMEM; i++) {
		char place[512];
		snprintf(place, sizeof place, "%s.%s[%zu]", at, key, i);
		int failed = paths_compile(&paths->list[paths->n], flume_value_at(fields, i),
					   place, report);
		if (failed)
			rc = failed;
		else
			paths->n++;
	}
	if (rc)
		paths_free(paths);
	else
		*out = paths;
	return rc;
}

static int compare(const void *a, const void *b)
{
	return path_compare(a, b);
}

void paths_reduce(struct paths *paths)
{
	size_t kept = 0;
	qsort(paths->list, paths->n, sizeof *paths->list, compare);
	for (size_t i = 0; i < paths->n; i++) {
		if (kept && path_covers(&paths->list[kept - 1], &paths->list[i]))
			path_fini(&paths->list[i]);
		else
			paths->list[kept++] = paths->list[i];
	}
	paths->n = kept;
}

void paths_free(void *arg)
{
	struct paths *paths = arg;
	if (!paths)
		return;
	for (size_t i = 0; i < paths->n; i++)
		path_fini(&paths->list[i]);
	free(paths->list);
	free(paths);
}
