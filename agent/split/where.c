/* Which nodes a switch is for, by their labels: every label that it names has one of the values. */
#include "agent/split/inside.h"

#include <stdio.h>
#include <string.h>

static const flume_value *value_at(const flume_value *values, size_t i)
{
	return flume_value_type(values) == FLUME_LIST ? flume_value_at(values, i) : values;
}

static size_t count(const flume_value *values)
{
	return flume_value_type(values) == FLUME_LIST ? flume_value_size(values) : 1;
}

static bool is_text(const flume_value *value)
{
	enum flume_value_type type = flume_value_type(value);
	return type == FLUME_BOOL || type == FLUME_NUMBER || type == FLUME_TEXT;
}

static int check_label(const flume_value *key, const flume_value *values, flume_report *report)
{
	char path[256];
	size_t n = count(values);
	const char *what = NULL;
	snprintf(path, sizeof path, AB_ROOT ".where.%.128s", flume_value_text(key));
	if (!*flume_value_text(key) || strchr(flume_value_text(key), '='))
		what = "no label of a node is called so";
	else if (!n || n > AB_LABELS)
		what = "a label has one value, or a list of 1 to 32";
	const flume_value *at = what && n ? key : values;
	for (size_t i = 0; i < n && !what; i++) {
		at = value_at(values, i);
		what = is_text(at) ? NULL : "the value of a label is text";
	}
	if (what)
		flume_report_add(report, "bad-value", path, at, NULL, "%s", what);
	return what ? FLUME_REJECTED : FLUME_OK;
}

int where_check(const flume_value *where, flume_report *report)
{
	size_t n = flume_value_size(where);
	int rc = FLUME_OK;
	if (n > AB_LABELS) {
		flume_report_add(report, "too-many", AB_ROOT ".where", where, NULL,
				 "%zu labels; a switch has at most %d", n, AB_LABELS);
		return FLUME_REJECTED;
	}
	for (size_t i = 0; i < n; i++)
		if (check_label(flume_value_key(where, i), flume_value_at(where, i), report))
			rc = FLUME_REJECTED;
	return rc;
}

static const char *find(const char *const *labels, const char *name)
{
	size_t len = strlen(name);
	for (; labels && *labels; labels++)
		if (!strncmp(*labels, name, len) && (*labels)[len] == '=')
			return *labels + len + 1;
	return NULL;
}

static bool has(const flume_value *values, const char *label)
{
	for (size_t i = 0; label && i < count(values); i++)
		if (!strcmp(flume_value_text(value_at(values, i)), label))
			return true;
	return false;
}

bool where_holds(const flume_value *where, const char *const *labels)
{
	for (size_t i = 0; i < flume_value_size(where); i++)
		if (!has(flume_value_at(where, i),
			 find(labels, flume_value_text(flume_value_key(where, i)))))
			return false;
	return true;
}
