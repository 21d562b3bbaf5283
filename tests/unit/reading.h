/* reading.h - what tests say about documents, in few words. */
#ifndef FLUME_TESTS_UNIT_READING_H
#define FLUME_TESTS_UNIT_READING_H

#include "lib/base/text.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* The findings, one a line: "3:5: error: text [code]", then hint and path indented. */
static inline void add_findings(struct text *out, const flume_report *r)
{
	for (size_t i = 0; i < flume_report_size(r); i++) {
		const struct flume_issue *issue = flume_report_get_issue(r, i);
		text_addf(out, "%u:%u: error: %s [%s]\n", issue->line, issue->column,
			  issue->text, issue->code);
		if (*issue->path)
			text_addf(out, "  path: %s\n", issue->path);
		if (issue->hint)
			text_addf(out, "  hint: %s\n", issue->hint);
	}
}

static inline flume_value *read_value(const char *text, enum flume_format format)
{
	flume_value *v = NULL;
	ck_assert_msg(flume_value_parse(&v, text, strlen(text), format, NULL, NULL) == 0, "%s",
		      text);
	return v;
}

/* Fails unless the text means what this compact JSON says. */
static inline void expect_json(const char *text, enum flume_format format, const char *wanted)
{
	flume_value *v = read_value(text, format);
	char *json = flume_value_dup_json(v);
	ck_assert_str_eq(json, wanted);
	free(json);
	flume_value_free(v);
}

/* Fails unless the text is refused and the first finding is "line:column code". */
static inline void expect_refusal(const char *text, size_t len, enum flume_format format,
				  const struct flume_limits *limits, const char *wanted)
{
	flume_value *v = NULL;
	flume_report *r = flume_report_new();
	ck_assert_msg(flume_value_parse(&v, text, len, format, limits, r) == FLUME_SYNTAX,
		      "accepted: %.200s", text);
	ck_assert_ptr_null(v);
	ck_assert_uint_ge(flume_report_size(r), 1);
	const struct flume_issue *issue = flume_report_get_issue(r, 0);
	struct text seen = {0};
	text_addf(&seen, "%u:%u %s", issue->line, issue->column, issue->code);
	ck_assert_msg(!strcmp(seen.s, wanted), "%.200s: %s instead of %s: %s", text, seen.s,
		      wanted, issue->text);
	text_fini(&seen);
	flume_report_free(r);
}

#endif
