#include "agent/engine/ending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ending_fini(struct ending *e)
{
	e->document = document_free(e->document);
}

#define ERROR_SIZE sizeof(struct flume_err)

/* "validate: total: missing" */
static void describe_error(const struct flume_err *err, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", err->path, *err->path ? ": " : "", err->text);
}

/* ---- what a case expects ---- */

static int meets_error(const struct ending *e, const flume_value *one, char *why, size_t size)
{
	const char *wanted = flume_value_text(flume_value_get(one, "expect_error"));
	char got[ERROR_SIZE];
	describe_error(&e->err, got, sizeof got);
	if (e->code < 0 && strstr(got, wanted))
		return 0;
	if (e->code < 0)
		snprintf(why, size, "expected an error with '%.100s', got the error: %.170s",
			 wanted, got);
	else
		snprintf(why, size, "expected an error with '%.200s', got %s", wanted,
			 e->code == FLUME_DROPPED ? "a dropped document" : "none");
	return FLUME_FAILED;
}

int ending_read(const flume_value *one, const char *key, struct document **out, char *why,
		size_t size)
{
	flume_report *report = flume_report_new();
	int rc = document_from_value(out, flume_value_get(one, key), key, report);
	const struct flume_issue *first = rc ? flume_report_get_issue(report, 0) : NULL;
	if (rc && rc != FLUME_NOMEM) {
		snprintf(why, size, "%s: %.200s", key, first ? first->text : "not a document");
		rc = FLUME_FAILED;
	}
	flume_report_free(report);
	return rc;
}

static int meets_document(const struct ending *e, const flume_value *one, char *why,
			  size_t size)
{
	const bool exact = flume_value_get(one, "expect_exact");
	const char *key = exact ? "expect_exact" : "expect";
	struct document *expected;
	if (!flume_value_get(one, key))
		return 0;
	int rc = ending_read(one, key, &expected, why, size);
	if (rc)
		return rc;
	bool matches = document_matches(e->document, expected,
					&(struct document_rules){.exact = exact}, why, size);
	document_free(expected);
	return matches ? 0 : FLUME_FAILED;
}

int ending_meets(const struct ending *e, const flume_value *one, char *why, size_t size)
{
	const flume_value *dropped = flume_value_get(one, "expect_dropped");
	bool wants_drop = dropped && !strcmp(flume_value_text(dropped), "true");
	if (flume_value_get(one, "expect_error"))
		return meets_error(e, one, why, size);
	if (e->code < 0) {
		char text[ERROR_SIZE];
		describe_error(&e->err, text, sizeof text);
		snprintf(why, size, "expected %s, got the error: %.260s",
			 wants_drop ? "it to be dropped" : "a document", text);
		return FLUME_FAILED;
	}
	if (wants_drop == (e->code == FLUME_DROPPED))
		return wants_drop ? 0 : meets_document(e, one, why, size);
	snprintf(why, size,
		 wants_drop ? "expected it to be dropped, got a document"
			    : "expected a document, it was dropped");
	return FLUME_FAILED;
}

/* ---- one and another ---- */

bool ending_counts(const struct ending *e)
{
	return e->code >= 0 || e->code == FLUME_FAILED;
}

static const char *what_is(const struct ending *e)
{
	return e->code == 0 ? "a document" : e->code > 0 ? "a dropped document" : "an error";
}

static bool is_like_in_kind(const struct ending *got, const struct ending *expected)
{
	return got->code == expected->code;
}

static void tell_kinds(const struct ending *got, const struct ending *expected, bool veiled,
		       char *why, size_t size)
{
	char text[ERROR_SIZE];
	describe_error(&got->err, text, sizeof text);
	if (got->code < 0 && veiled)
		snprintf(why, size, "expected %s, got an error (%s)", what_is(expected),
			 flume_code_text(got->code));
	else if (got->code < 0)
		snprintf(why, size, "expected %s, got the error: %.200s", what_is(expected),
			 text);
	else
		snprintf(why, size, "expected %s, got %s", what_is(expected), what_is(got));
}

bool ending_is_like(const struct ending *got, const struct ending *expected,
		    const struct document_rules *rules, char *why, size_t size)
{
	if (!is_like_in_kind(got, expected)) {
		tell_kinds(got, expected, rules->veiled, why, size);
		return false;
	}
	return got->code ||
	       document_matches(got->document, expected->document, rules, why, size);
}

/* ---- rules ---- */

/* The paths are compiled in place of a list that is only read. */
static int add_path(struct path *list, size_t i, const char *text, char *why, size_t size)
{
	struct flume_err err = {0};
	int rc = path_compile(&list[i], text, &err);
	if (rc && rc != FLUME_NOMEM) {
		snprintf(why, size, "except: '%.64s' is no path: %.160s", text, err.text);
		rc = FLUME_FAILED;
	}
	return rc;
}

int rules_read(struct document_rules *rules, const flume_value *list, char *why, size_t size)
{
	size_t n = list ? flume_value_size(list) : 0;
	struct path *paths = n ? calloc(n, sizeof *paths) : NULL;
	*rules = (struct document_rules){.exact = true, .except = paths};
	if (n && !paths)
		return FLUME_NOMEM;
	int rc = 0;
	for (size_t i = 0; !rc && i < n; i++) {
		rc = add_path(paths, i, flume_value_text(flume_value_at(list, i)), why, size);
		rules->n_except += !rc;
	}
	if (rc)
		rules_fini(rules);
	return rc;
}

void rules_fini(struct document_rules *rules)
{
	struct path *paths;
	memcpy(&paths, &rules->except, sizeof paths);
	for (size_t i = 0; i < rules->n_except; i++)
		path_fini(&paths[i]);
	free(paths);
	*rules = (struct document_rules){0};
}
