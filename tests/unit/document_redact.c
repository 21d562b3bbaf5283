/* What is hidden stays hidden. */
#include "agent/document/kinds.h"
#include "agent/outside/kinds.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(a_mask_hides_each_character)
{
	expect_output(with_processor("{kind: redact, fields: [card, n, none, l]}"),
		      "{\"card\":\"1234 5678\",\"n\":-12.5,\"l\":null}",
		      "{\"card\":\"*********\",\"n\":\"*****\",\"l\":null}");
	expect_output(with_processor("{kind: redact, fields: [a, b, c], mask: '•'}"),
		      "{\"a\":true,\"b\":[1],\"c\":{\"d\":2}}",
		      "{\"a\":\"••••••••\",\"b\":\"••••••••\",\"c\":\"••••••••\"}");
	expect_output(with_processor("{kind: redact, fields: [a]}"),
		      "{\"a\":99999999999999999999}", "{\"a\":\"********************\"}");
	expect_output(with_processor("{kind: redact, fields: [a], mask: '#'}"),
		      "{\"a\":\"äöü\"}", "{\"a\":\"###\"}");
}
END_TEST

START_TEST(of_a_short_value_at_most_half_is_kept)
{
	const char *schema =
		with_processor("{kind: redact, fields: [a, b, c, d], keep_last: 4}");
	expect_output(schema,
		      "{\"a\":\"12345678901\",\"b\":\"äöüÄÖÜß\",\"c\":\"x\",\"d\":\"\"}",
		      "{\"a\":\"*******8901\",\"b\":\"****ÖÜß\",\"c\":\"*\",\"d\":\"\"}");
}
END_TEST

START_TEST(a_text_hides_even_the_length)
{
	expect_output(with_processor("{kind: redact, fields: [a, b.c], text: '[hidden]'}"),
		      "{\"a\":\"x\",\"b\":{\"c\":[1,2]}}",
		      "{\"a\":\"[hidden]\",\"b\":{\"c\":\"[hidden]\"}}");
	expect_output(with_processor("{kind: redact, fields: [a], text: ''}"), "{\"a\":\"x\"}",
		      "{\"a\":\"\"}");
}
END_TEST

/* ---- by a hash ---- */

static char key_file[80];

static void write_key(const char *key)
{
	FILE *file = fopen(key_file, "w");
	ck_assert_ptr_nonnull(file);
	fputs(key, file);
	fclose(file);
}

static void make_key_file(void)
{
	const char *below = getenv("TMPDIR");
	snprintf(key_file, sizeof key_file, "%.60s/flume-XXXXXX", below ? below : "/tmp");
	int fd = mkstemp(key_file);
	ck_assert_int_ge(fd, 0);
	close(fd);
	write_key("0123456789abcdef\r\n");
}

static void remove_key_file(void)
{
	unlink(key_file);
}

static int declare(flume_factory *factory, const char *more, flume_report *report)
{
	char yaml[400];
	snprintf(yaml, sizeof yaml,
		 "processors: {hash: {kind: redact-hash, fields: [a, b], key_file: %s%s}}",
		 key_file, more);
	return flume_factory_take_declared(factory, read_constant(yaml), report);
}

static void expect_hashed(flume_factory *factory, const char *input, const char *output)
{
	char found[500];
	flume_pipeline *pipeline = NULL;
	ck_assert_int_eq(build_schema(factory, "ref: hash", &pipeline, found, sizeof found), 0);
	void *item = read_document(input);
	ck_assert_int_eq(flume_pipeline_process(pipeline, NULL, &item, NULL), 0);
	expect_document(item, output);
	flume_pipeline_unref(pipeline);
}

/* HMAC-SHA256 as of RFC 2104, computed elsewhere. */
START_TEST(a_keyed_hash_is_the_same_for_the_same_value)
{
	flume_factory *factory = new_document_factory();
	ck_assert_int_eq(declare(factory, ", digits: 16", NULL), 0);
	expect_hashed(factory, "{\"a\":\"ada@example.com\",\"b\":7,\"c\":1}",
		      "{\"a\":\"512383176ce1b4c2\",\"b\":\"f69cf4852626eee1\",\"c\":1}");
	expect_hashed(factory, "{\"a\":\"7\",\"b\":null}",
		      "{\"a\":\"f69cf4852626eee1\",\"b\":null}");
	flume_factory_free(factory);
}
END_TEST

static void expect_bad_key(const char *why)
{
	flume_factory *factory = new_document_factory();
	flume_report *report = flume_report_new();
	ck_assert_int_eq(declare(factory, "", report), FLUME_REJECTED);
	expect_within(flume_report_get_issue(report, 0)->text, why);
	flume_report_free(report);
	flume_factory_free(factory);
}

START_TEST(a_key_that_is_none_is_refused)
{
	write_key("0123456789abcde\n");
	expect_bad_key("a key has 16 to 4096 bytes");
	FILE *file = fopen(key_file, "w");
	for (int i = 0; i < 4097; i++)
		fputc('x', file);
	fclose(file);
	expect_bad_key("a key has 16 to 4096 bytes");
	remove_key_file();
	expect_bad_key("No such file or directory");
}
END_TEST

START_TEST(where_schemas_are_only_checked_no_key_is_read)
{
	flume_factory *factory = NULL;
	struct flume_options options = {.type = &document_type};
	remove_key_file();
	ck_assert_int_eq(flume_factory_new(&factory, &options, NULL), 0);
	ck_assert_int_eq(document_register(factory, NULL), 0);
	ck_assert_int_eq(outside_register_unopened(factory, NULL), 0);
	ck_assert_int_eq(declare(factory, ", digits: 16", NULL), 0);
	expect_hashed(factory, "{\"a\":\"7\"}", "{\"a\":\"306e9426d794f2f6\"}");
	flume_factory_free(factory);
}
END_TEST

Suite *suite_document_redact(void)
{
	Suite *suite = suite_create("document_redact");
	TCase *masks = tcase_create("masks"), *hashes = tcase_create("hashes");
	tcase_add_test(masks, a_mask_hides_each_character);
	tcase_add_test(masks, of_a_short_value_at_most_half_is_kept);
	tcase_add_test(masks, a_text_hides_even_the_length);
	tcase_add_checked_fixture(hashes, make_key_file, remove_key_file);
	tcase_add_test(hashes, a_keyed_hash_is_the_same_for_the_same_value);
	tcase_add_test(hashes, a_key_that_is_none_is_refused);
	tcase_add_test(hashes, where_schemas_are_only_checked_no_key_is_read);
	suite_add_tcase(suite, masks);
	suite_add_tcase(suite, hashes);
	return suite;
}
