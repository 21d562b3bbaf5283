/* Values that are read out of texts. */
#include "agent/document/moment.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text `from` at `a`, read as declared: what is at `a` then. */
static void expect_read(const char *declaration, const char *from, const char *to)
{
	char output[1000];
	snprintf(output, sizeof output, "{\"a\":%s}", to);
	struct document *input = read_document("{}");
	struct path path = read_path("a");
	ck_assert_int_eq(document_set_text(input, &path, from, strlen(from), NULL), 0);
	char *text = document_dump(input, NULL);
	expect_output(with_processor(declaration), text, output);
	free(text);
	document_free(input);
	path_fini(&path);
}

static void expect_unread(const char *declaration, const char *json, const char *why)
{
	char input[1000];
	snprintf(input, sizeof input, "{\"a\":%s}", json);
	expect_failure(with_processor(declaration), input, why);
}

START_TEST(json_in_a_text_becomes_a_value)
{
	const char *schema = "{kind: parse-json, field: a}";
	expect_read(schema, " {\"b\": [1, \"x\"]} ", "{\"b\":[1,\"x\"]}");
	expect_read(schema, "null", "null");
	expect_unread(schema, "\"{\"",
		      "a: line 1, column 2: expected a key in quotes, but the text ends");
	expect_unread(schema, "7", "a: a number, not a text");
	expect_output(with_processor("{kind: parse-json, field: a.b, to: c}"),
		      "{\"a\":{\"b\":\"1\"}}", "{\"a\":{\"b\":\"1\"},\"c\":1}");
	expect_output(
		with_processor("{kind: parse-json, field: a, to: b, on_failure: nullify}"),
		"{\"a\":\"x\"}", "{\"a\":\"x\",\"b\":null}");
	expect_output(with_processor("{kind: parse-json, field: a, on_failure: remove}"),
		      "{\"a\":\"x\"}", "{}");
	expect_output(with_processor("{kind: parse-json, field: a}"), "{\"a\":null}",
		      "{\"a\":null}");
}
END_TEST

START_TEST(json_in_a_text_does_not_nest_without_end)
{
	char input[1000] = "{\"a\":\"", *at = input + strlen(input);
	memset(at, '[', 256);
	memset(at + 256, ']', 256);
	strcpy(at + 512, "\"}");
	expect_failure(with_processor("{kind: parse-json, field: a}"), input,
		       "a: nested too deep");
}
END_TEST

START_TEST(keys_and_values_become_an_object)
{
	const char *schema = "{kind: parse-kv, field: a}";
	expect_read(schema, " user=ada  msg=\"it \\\"works\\\" \\n\\\\ \\d\" ok b= user=bob",
		    "{\"user\":\"bob\",\"msg\":\"it \\\"works\\\" \\n\\\\ \\\\d\",\"ok\":true,"
		    "\"b\":\"\"}");
	expect_read(schema, "", "{}");
	expect_read(schema, "a=b=c d=\"\"", "{\"a\":\"b=c\",\"d\":\"\"}");
	expect_read(schema, "ä=ö", "{\"ä\":\"ö\"}");
	expect_read("{kind: parse-kv, field: a, between: ';,', equals: ':'}",
		    "a b:1 2;;c:\"x;y\",d", "{\"a b\":\"1 2\",\"c\":\"x;y\",\"d\":true}");
	expect_unread(schema, "\"a=\\\"b\"", "a: column 3: no quote ends the value");
	expect_unread(schema, "\"a=\\\"b\\\\\"", "a: column 3: no quote ends the value");
	expect_unread(schema, "\"a=\\\"b\\\"c\"",
		      "a: column 6: a value goes on behind its quotes");
	expect_unread(schema, "\"x =1\"", "a: column 3: a key is missing");
	expect_unread(schema, "[]", "a: an array, not a text");
}
END_TEST

START_TEST(keys_are_bounded)
{
	char text[4000] = "";
	for (int i = 0; i < 256; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "k%d=1 ", i);
	char input[4100];
	snprintf(input, sizeof input, "{\"a\":\"%sk0=2\"}", text);
	struct document *document = NULL;
	struct flume_err err = {0};
	const char *schema = with_processor("{kind: parse-kv, field: a}");
	ck_assert_int_eq(process_document(schema, input, &document, &err), 0);
	document_free(document);
	snprintf(input, sizeof input, "{\"a\":\"%smore\"}", text);
	ck_assert_int_eq(process_document(schema, input, &document, &err), FLUME_FAILED);
	expect_within(err.text, "more than 256 keys");
	document_free(document);
}
END_TEST

START_TEST(named_groups_become_fields)
{
	const char *schema = with_processor(
		"{kind: parse-regex, field: line, pattern: '^(?<verb>[A-Z]+) (?<path>\\S+)(?: "
		"(?<more>.*))?$', to: req}");
	expect_output(schema, "{\"line\":\"GET /ä x\",\"req\":{\"id\":1}}",
		      "{\"line\":\"GET /ä "
		      "x\",\"req\":{\"id\":1,\"more\":\"x\",\"path\":\"/ä\",\"verb\":"
		      "\"GET\"}}");
	expect_output(schema, "{\"line\":\"GET /\"}",
		      "{\"line\":\"GET /\",\"req\":{\"path\":\"/\",\"verb\":\"GET\"}}");
	expect_output(schema, "{\"line\":null}", "{\"line\":null}");
	expect_failure(schema, "{\"line\":\"get\"}", "line: the pattern does not match");
	expect_failure(schema, "{\"line\":1}", "line: a number, not a text");
	expect_output(with_processor("{kind: parse-regex, field: a, pattern: '(?<a>x)(?<b>y)', "
				     "on_failure: keep}"),
		      "{\"a\":\"-xy-\"}", "{\"a\":\"x\",\"b\":\"y\"}");
	expect_output(with_processor("{kind: parse-regex, field: a, pattern: '(?<a>x)', "
				     "on_failure: keep}"),
		      "{\"a\":7}", "{\"a\":7}");
}
END_TEST

START_TEST(a_text_that_takes_too_long_to_read_fails)
{
	char input[4100] = "{\"a\":\"";
	struct document *document = NULL;
	struct flume_err err = {0};
	size_t n = strlen(input);
	memset(input + n, 'a', 4000);
	memcpy(input + n + 4000, "!\"}", 4);
	ck_assert_int_eq(
		process_document(with_processor("{kind: parse-regex, field: a, pattern: "
						"'^(?<n>(a+)+)$'}"),
				 input, &document, &err),
		FLUME_FAILED);
	expect_within(err.text, "takes too long");
	document_free(document);
}
END_TEST

START_TEST(timestamps_are_read_in_many_forms)
{
	expect_read("{kind: parse-timestamp, field: a}", "2026-11-27 16:04:05+01:00",
		    "\"2026-11-27T15:04:05Z\"");
	expect_read("{kind: parse-timestamp, field: a, as: milliseconds}",
		    "1969-12-31T23:59:59.25Z", "-750");
	expect_read("{kind: parse-timestamp, field: a, as: seconds}", "1969-12-31T23:59:59.25Z",
		    "-1");
	expect_read("{kind: parse-timestamp, field: a, format: '%d/%b/%Y:%H:%M:%S %z'}",
		    "27/Nov/2026:16:04:05 -0330", "\"2026-11-27T19:34:05Z\"");
	expect_read("{kind: parse-timestamp, field: a, format: '%A, %e %B %Y %I:%M %p', zone: "
		    "'+02:00'}",
		    "Friday,  7 November 2026 12:05 AM", "\"2026-11-06T22:05:00Z\"");
	expect_read("{kind: parse-timestamp, field: a, format: '%F %T.%f %Z'}",
		    "2024-02-29 23:59:60.000000001 UTC", "\"2024-03-01T00:00:00.000000001Z\"");
	expect_read("{kind: parse-timestamp, field: a, format: '%Y-%j'}", "2024-366",
		    "\"2024-12-31T00:00:00Z\"");
	expect_read("{kind: parse-timestamp, field: a, format: '%D %R', as: seconds}",
		    "02/03/70 00:01", "2851260");
	expect_read("{kind: parse-timestamp, field: a, format: '@%s%%', as: seconds}", "@-5%",
		    "-5");
	expect_read("{kind: parse-timestamp, field: a, format: seconds}", "1795791845.5",
		    "\"2026-11-27T15:04:05.5Z\"");
	expect_output(with_processor("{kind: parse-timestamp, field: a, format: milliseconds}"),
		      "{\"a\":-1}", "{\"a\":\"1969-12-31T23:59:59.999Z\"}");
	expect_output(with_processor("{kind: parse-timestamp, field: a, format: seconds}"),
		      "{\"a\":253402300799}", "{\"a\":\"9999-12-31T23:59:59Z\"}");
}
END_TEST

START_TEST(what_is_no_time_fails)
{
	static const char *const wrong[] = {
		"\"2026-11-27\"",
		"\"2026-13-01T00:00:00Z\"",
		"\"2026-11-27T24:00:00Z\"",
		"\"2026-11-27T15:04:05\"",
		"\"2026-11-27T15:04:05Zx\"",
		"\"2026-11-27T15:04:05.Z\"",
		"\"9999-12-31T23:59:59-00:01\"",
		"\"0000-01-01T00:00:00+00:01\"",
		"\"\"",
		"5",
		"true",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		expect_unread("{kind: parse-timestamp, field: a}", wrong[i],
			      "a: not a time as of 'rfc3339'");
	expect_unread("{kind: parse-timestamp, field: a, format: seconds}", "253402300800",
		      "a: not a time as of 'seconds'");
	expect_unread("{kind: parse-timestamp, field: a, format: seconds}", "1e300",
		      "a: not a time as of 'seconds'");
	expect_unread("{kind: parse-timestamp, field: a, format: '%Y %H'}", "\"2026 24\"",
		      "a: not a time as of '%Y %H'");
	expect_unread("{kind: parse-timestamp, field: a, format: '%Y %I %p'}", "\"2026 1 xm\"",
		      "a: not a time as of '%Y %I %p'");
}
END_TEST

START_TEST(every_day_comes_back)
{
	struct moment moment = {-62167219200, 0}, again;
	char text[MOMENT_TEXT];
	for (; moment_is_known(&moment); moment.seconds += 86400 * 13 + 3607) {
		size_t len = moment_write(text, &moment);
		ck_assert_msg(moment_read(text, len, &again), "%s", text);
		ck_assert_msg(again.seconds == moment.seconds, "%s", text);
	}
	ck_assert_int_gt(moment.seconds, 253402300799);
}
END_TEST

Suite *suite_document_parse(void)
{
	Suite *suite = suite_create("document_parse");
	TCase *cases = tcase_create("parse");
	tcase_add_test(cases, json_in_a_text_becomes_a_value);
	tcase_add_test(cases, json_in_a_text_does_not_nest_without_end);
	tcase_add_test(cases, keys_and_values_become_an_object);
	tcase_add_test(cases, keys_are_bounded);
	tcase_add_test(cases, named_groups_become_fields);
	tcase_add_test(cases, a_text_that_takes_too_long_to_read_fails);
	tcase_add_test(cases, timestamps_are_read_in_many_forms);
	tcase_add_test(cases, what_is_no_time_fails);
	tcase_add_test(cases, every_day_comes_back);
	suite_add_tcase(suite, cases);
	return suite;
}
