#include "lib/schema/write.h"

#include "tests/unit/reading.h"
#include "tests/unit/suites.h"

static char *written(const flume_value *v, enum flume_format format)
{
	struct text t = {0};
	if (format == FLUME_YAML)
		write_yaml(&t, v);
	else
		write_json(&t, v, WRITE_PRETTY);
	char *s = text_take(&t);
	ck_assert_ptr_nonnull(s);
	return s;
}

static char *canonical(const flume_value *v)
{
	struct text t = {0};
	write_json(&t, v, WRITE_CANONICAL);
	char *s = text_take(&t);
	ck_assert_ptr_nonnull(s);
	return s;
}

/* What is written in either format is read back as the same. */
static void expect_same(const char *json)
{
	flume_value *v = read_value(json, FLUME_JSON);
	char *before = canonical(v);
	for (int format = FLUME_YAML; format <= FLUME_JSON; format++) {
		char *s = written(v, (enum flume_format)format);
		flume_value *again = read_value(s, (enum flume_format)format);
		char *after = canonical(again);
		ck_assert_msg(!strcmp(before, after), "%s\nis written\n%s\nand read\n%s",
			      before, s, after);
		free(after);
		flume_value_free(again);
		free(s);
	}
	free(before);
	flume_value_free(v);
}

static void expect_written(const char *json, enum flume_format format, const char *wanted)
{
	flume_value *v = read_value(json, FLUME_JSON);
	char *s = written(v, format);
	ck_assert_str_eq(s, wanted);
	free(s);
	flume_value_free(v);
}

START_TEST(every_text_survives_anywhere)
{
	static const char *const texts[] = {
		"",
		" ",
		"  lead",
		"trail ",
		"a b",
		"yes",
		"No",
		"on",
		"true",
		"TRUE",
		"null",
		"~",
		"0",
		"12",
		"1e3",
		"0x1",
		"0o7",
		"01",
		"1_000",
		"+1",
		".5",
		"-.inf",
		"12:30:45",
		"-",
		"- ",
		"- a",
		"--",
		"---",
		"...",
		"#",
		"a #b",
		"a#b",
		"#a",
		": ",
		"a: b",
		"a:",
		":a",
		":",
		"?",
		"? a",
		"?a",
		"&a",
		"*a",
		"!a",
		"|",
		">",
		"%a",
		"@a",
		"`a",
		"[a",
		"]",
		"{a",
		"}",
		",",
		"a, b",
		"<<",
		"=",
		"'",
		"''",
		"it's",
		"\\\"",
		"\\\\",
		"\\t",
		"a\\tb",
		"\\n",
		"\\n\\n",
		"a\\n",
		"a\\n\\n",
		"a\\nb",
		"a\\nb\\n",
		"\\na",
		" a\\nb",
		"a \\nb",
		"a\\n b",
		"a\\n\\n b",
		"a\\n\\tb",
		"a\\nb ",
		"\\r",
		"a\\rb",
		"a\\r\\n",
		"\\u0001",
		"\\u007f",
		"\\u0085",
		"\\u00a0",
		"a\\u2028b",
		"\\u2029",
		"\\ufeff",
		"a\\nb\\u0085c",
		"a\\u2028\\nb",
		"\\ufffe",
		"\\ud83d\\ude00",
		"a\\n\\ud83d\\ude00",
		"\xC3\xA9t\xC3\xA9",
		"\xE2\x82\xAC",
		"300ms",
		"1h30m",
		"1.2.0",
		"#!a\\n# b\\n",
		"a\\n--- b\\n... c\\n",
		"a\\n#b",
		"$.items[0].sku",
		".total *= 0.9",
		"2026-11-22",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const char *s = texts[i];
		struct text t = {0};
		text_addf(&t, "\"%s\"", s);
		expect_same(t.s);
		text_fini(&t);
		text_addf(&t,
			  "{\"%s\":\"%s\",\"m\":{\"%s\":[\"%s\",[\"%s\"]]},\"l\":[{\"%s\":\"%"
			  "s\"}]}",
			  s, s, s, s, s, s, s);
		expect_same(t.s);
		text_fini(&t);
	}
}
END_TEST

START_TEST(every_shape_survives)
{
	static const char *const shapes[] = {
		"null",
		"true",
		"1.50",
		"[]",
		"{}",
		"[[]]",
		"[{}]",
		"{\"a\":[]}",
		"{\"a\":{}}",
		"[[],[[]],{},{\"a\":[{},[null]]}]",
		"{\"a\":{\"b\":{\"c\":[[[1]]]}}}",
		"[null,true,false,-0,1E+5,\"\"]",
		"{\"\":{\"\":\"\"}}",
	};
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
		expect_same(shapes[i]);
}
END_TEST

START_TEST(very_long_lines_are_not_folded)
{
	struct text t = {0};
	text_add(&t, "{\"");
	for (int i = 0; i < 300; i++)
		text_add(&t, "long key ");
	text_add(&t, "\":\"");
	for (int i = 0; i < 3000; i++)
		text_add(&t, "long  text: ");
	text_add(&t, "\"}");
	expect_same(t.s);
	text_fini(&t);
}
END_TEST

START_TEST(yaml_is_written_as_people_write_it)
{
	expect_written(
		"{\"version\":\"1.2.0\",\"type\":\"sequence\",\"children\":[{\"ref\":\"a\"},"
		"{\"type\":\"retry\",\"attempts\":3,\"backoff\":\"300ms\",\"child\":{\"ref\":"
		"\"b\"}}],\"x-on\":\"yes\",\"x-n\":null,\"x-e\":[],\"description\":\"one\\n"
		"two\\n\"}",
		FLUME_YAML,
		"version: \"1.2.0\"\n"
		"type: sequence\n"
		"children:\n"
		"- ref: a\n"
		"- type: retry\n"
		"  attempts: 3\n"
		"  backoff: 300ms\n"
		"  child:\n"
		"    ref: b\n"
		"x-on: \"yes\"\n"
		"x-n: null\n"
		"x-e: []\n"
		"description: |\n"
		"  one\n"
		"  two\n");
}
END_TEST

START_TEST(json_is_written_as_people_write_it)
{
	expect_written("{\"b\":[1,{\"a\":null}],\"a\":{},\"e\":[]}", FLUME_JSON,
		       "{\n"
		       "  \"b\": [\n"
		       "    1,\n"
		       "    {\n"
		       "      \"a\": null\n"
		       "    }\n"
		       "  ],\n"
		       "  \"a\": {},\n"
		       "  \"e\": []\n"
		       "}\n");
}
END_TEST

START_TEST(the_canonical_form_sorts_keys_bytewise)
{
	flume_value *v = read_value(
		"{\"b\":1,\"\xC3\xA9\":2,\"a\":{\"z\":1,\"\":2},\"B\":3,\"ab\":4}", FLUME_JSON);
	char *s = canonical(v);
	ck_assert_str_eq(s, "{\"B\":3,\"a\":{\"\":2,\"z\":1},\"ab\":4,\"b\":1,\"\xC3\xA9\":2}");
	free(s);
	flume_value_free(v);
	struct text t = {0}, wanted = {0};
	text_add_char(&t, '{');
	text_add_char(&wanted, '{');
	for (int i = 10; i < 60; i++) {
		text_addf(&t, "%s\"k%d\":%d", i == 10 ? "" : ",", 69 - i, 69 - i);
		text_addf(&wanted, "%s\"k%d\":%d", i == 10 ? "" : ",", i, i);
	}
	text_add_char(&t, '}');
	text_add_char(&wanted, '}');
	v = read_value(t.s, FLUME_JSON);
	s = canonical(v);
	ck_assert_str_eq(s, wanted.s);
	free(s);
	flume_value_free(v);
	text_fini(&t);
	text_fini(&wanted);
}
END_TEST

Suite *suite_write(void)
{
	Suite *suite = suite_create("write");
	TCase *tests = tcase_create("write");
	tcase_add_test(tests, every_text_survives_anywhere);
	tcase_add_test(tests, every_shape_survives);
	tcase_add_test(tests, very_long_lines_are_not_folded);
	tcase_add_test(tests, yaml_is_written_as_people_write_it);
	tcase_add_test(tests, json_is_written_as_people_write_it);
	tcase_add_test(tests, the_canonical_form_sorts_keys_bytewise);
	suite_add_tcase(suite, tests);
	return suite;
}
