#include "tests/unit/reading.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <time.h>

static void accept(const char *text, const char *wanted)
{
	expect_json(text, FLUME_YAML, wanted);
}

static void refuse(const char *text, const char *wanted)
{
	expect_refusal(text, strlen(text), FLUME_YAML, NULL, wanted);
}

static void refuse_and_free(struct text *t, const char *wanted)
{
	char *s = text_take(t);
	ck_assert_ptr_nonnull(s);
	expect_refusal(s, strlen(s), FLUME_YAML, NULL, wanted);
	free(s);
}

START_TEST(plain_words_are_typed_as_json_types_them)
{
	accept("[true, false, null, ~, 0, -1.5e3]", "[true,false,null,null,0,-1.5e3]");
	accept("a:\nb: ~\n", "{\"a\":null,\"b\":null}");
	accept("- \n- x\n", "[null,\"x\"]");
}
END_TEST

START_TEST(any_other_plain_word_is_text)
{
	accept("[yes, No, on, True, NULL, 0o7, 0x1F, 1_000, +1, .5, 1., 01, .inf, 12:30]",
	       "[\"yes\",\"No\",\"on\",\"True\",\"NULL\",\"0o7\",\"0x1F\",\"1_000\",\"+1\",\"."
	       "5\","
	       "\"1.\",\"01\",\".inf\",\"12:30\"]");
	accept("[300ms, 1.2.0, 2026-11-22]", "[\"300ms\",\"1.2.0\",\"2026-11-22\"]");
}
END_TEST

START_TEST(quotes_make_text)
{
	accept("['true', \"12\", '']", "[\"true\",\"12\",\"\"]");
	accept("a: |\n  12\nb: >-\n  x\n  y\n", "{\"a\":\"12\\n\",\"b\":\"x y\"}");
}
END_TEST

START_TEST(keys_are_text_whatever_they_look_like)
{
	accept("{1: a, true: b, ~: c, '<<': d}",
	       "{\"1\":\"a\",\"true\":\"b\",\"~\":\"c\",\"<<\":\"d\"}");
}
END_TEST

START_TEST(places_count_characters)
{
	flume_value *v =
		read_value("\xEF\xBB\xBF\xC3\xA9: \xE2\x82\xAC\nb:\n  - [x, y]\n", FLUME_YAML);
	ck_assert_uint_eq(flume_value_column(flume_value_key(v, 0)), 1);
	ck_assert_uint_eq(flume_value_column(flume_value_at(v, 0)), 4);
	const flume_value *y = flume_value_at(flume_value_at(flume_value_at(v, 1), 0), 1);
	ck_assert_str_eq(flume_value_text(y), "y");
	ck_assert_uint_eq(flume_value_line(y), 3);
	ck_assert_uint_eq(flume_value_column(y), 9);
	flume_value_free(v);
}
END_TEST

START_TEST(an_alias_is_the_value_it_names)
{
	accept("a: &x {b: [1, 2]}\nc: *x\nd: [*x]\n",
	       "{\"a\":{\"b\":[1,2]},\"c\":{\"b\":[1,2]},\"d\":[{\"b\":[1,2]}]}");
	accept("a: &x 1\nb: &x two\nc: *x\n", "{\"a\":1,\"b\":\"two\",\"c\":\"two\"}");
	accept("&k a: 1\nb: *k\n", "{\"a\":1,\"b\":\"a\"}");
}
END_TEST

START_TEST(what_schemas_have_no_use_for_is_refused)
{
	refuse("a: 1\n<<: {b: 2}\n", "2:1 unsupported");
	refuse("a: !!str 1\n", "1:4 unsupported");
	refuse("a: !own [1]\n", "1:4 unsupported");
	refuse("a: !own {b: 1}\n", "1:4 unsupported");
	refuse("!!set {a}\n", "1:1 unsupported");
	refuse("a: 1\n---\nb: 1\n", "2:1 unsupported");
	refuse("[a]: 1\n", "1:1 unsupported");
	refuse("? {a: 1}\n: 1\n", "1:3 unsupported");
	refuse("a: &x b\n*x : 1\n", "2:1 unsupported");
	refuse("a: &x [*x]\n", "1:8 unsupported");
	refuse("a: *x\n", "1:4 syntax");
	refuse("a: \"\\0\"\n", "1:4 syntax");
	expect_refusal("a: b\0c", 6, FLUME_YAML, NULL, "1:5 syntax");
	accept("a: ! x\n", "{\"a\":\"x\"}");
	accept("---\na: 1\n...\n", "{\"a\":1}");
}
END_TEST

START_TEST(every_duplicate_key_is_reported)
{
	flume_value *v = NULL;
	flume_report *r = flume_report_new();
	const char s[] = "b: 1\na: {x: 1, x: 2, x: 3}\nb: 2\nb: 3\n";
	struct text said = {0};
	ck_assert_int_eq(flume_value_parse(&v, s, sizeof s - 1, FLUME_YAML, NULL, r),
			 FLUME_SYNTAX);
	add_findings(&said, r);
	ck_assert_str_eq(said.s, "2:11: error: duplicate key 'x' [duplicate-key]\n"
				 "  path: root.a.x\n"
				 "  hint: it is on line 2, column 5 already\n"
				 "2:17: error: duplicate key 'x' [duplicate-key]\n"
				 "  path: root.a.x\n"
				 "  hint: it is on line 2, column 5 already\n"
				 "3:1: error: duplicate key 'b' [duplicate-key]\n"
				 "  path: root.b\n"
				 "  hint: it is on line 1, column 1 already\n"
				 "4:1: error: duplicate key 'b' [duplicate-key]\n"
				 "  path: root.b\n"
				 "  hint: it is on line 1, column 1 already\n");
	text_fini(&said);
	flume_report_free(r);
}
END_TEST

START_TEST(duplicates_are_found_in_large_maps_too)
{
	struct text t = {0};
	for (int i = 0; i < 10000; i++)
		text_addf(&t, "k%d: 1\n", i * 7919 % 10000);
	text_add(&t, "k5000: 2\n");
	refuse_and_free(&t, "10001:1 duplicate-key");
}
END_TEST

START_TEST(documents_are_bounded)
{
	struct flume_limits few = {.nodes = 2, .depth = 1, .bytes = 60};
	const struct {
		const char *text, *wanted;
	} cases[] = {
		{"[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]", "1:38 too-many-nodes"},
		{"[[[[[]]]]]", "1:5 too-deep"},
		{"[1,                                                         2]",
		 "1:61 too-large"},
		{"[1,\n\r\n2,\"\u00e4\u00e4\",                                               "
		 "3]",
		 "3:53 too-large"},
		{"[&a [1,2,3,4,5],*a,*a]", "1:20 too-many-nodes"},
		{"[&a [[[]]],[[*a]]]", "1:14 too-deep"},
		{"[&a aaaaaaaaaaaaaaaaaaaaaaaaa,*a,*a]", "1:34 too-large"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		expect_refusal(cases[i].text, strlen(cases[i].text), FLUME_YAML, &few,
			       cases[i].wanted);
		if (!strchr(cases[i].text, '&'))
			expect_refusal(cases[i].text, strlen(cases[i].text), FLUME_JSON, &few,
				       cases[i].wanted);
	}
	flume_value *v;
	const char full[] = "[1,2,3,4,5,6,7,8,9,10,11,12,[[[]]]]";
	ck_assert_int_eq(flume_value_parse(&v, full, sizeof full - 1, FLUME_YAML, &few, NULL),
			 0);
	flume_value_free(v);
}
END_TEST

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A tenth of the time these need on a slow machine would do; what is quadratic needs minutes.
 */
START_TEST(hostile_documents_are_refused_quickly)
{
	double begin = seconds();
	struct text t = {0};
	text_add(&t, "a: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 60; i++)
		text_addf(&t, "b%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i,
			  i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	refuse_and_free(&t, "6:10 too-many-nodes");

	text_add(&t, "a: &a \"");
	for (int i = 0; i < 500000; i++)
		text_add_char(&t, 'x');
	text_add(&t, "\"\nb: [*a, *a, *a]\n");
	refuse_and_free(&t, "2:9 too-large");

	for (int i = 0; i < 50000; i++)
		text_addf(&t, "- &a%d x\n", i);
	refuse_and_free(&t, "1001:3 too-many-nodes");

	for (int i = 0; i < 1000000; i++)
		text_add_char(&t, '[');
	refuse_and_free(&t, "1:257 too-deep");

	for (int i = 0; i < 250000; i++)
		text_add(&t, "{a: ");
	refuse_and_free(&t, "1:1025 too-deep");

	for (int i = 0; i < 500000; i++)
		text_add(&t, "- ");
	refuse_and_free(&t, "1:513 too-deep");

	for (int i = 0; i < 10 << 20; i++)
		text_add_char(&t, ' ');
	refuse_and_free(&t, "1:1048577 too-large");

	text_add_char(&t, '{');
	for (int i = 0; i < 150000; i++)
		text_add(&t, "a: b, ");
	refuse_and_free(&t, "1:479999 too-many-nodes");
	ck_assert_msg(seconds() - begin < 20, "%.1f s", seconds() - begin);
}
END_TEST

/* Each is compared with all before it. */
START_TEST(directives_are_few_and_anything_may_look_like_one)
{
	static const char *const breaks[] = {"\n",       "\r",           "\r\n",
					     "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"};
	struct text t = {0};
	for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++) {
		flume_report *report = flume_report_new();
		flume_value *v = NULL;
		for (int n = 0; n < 101; n++)
			text_addf(&t, "%%TAG !a%d! tag:x,2000:%s", n, breaks[i]);
		text_addf(&t, "---%sa: b%s", breaks[i], breaks[i]);
		ck_assert_int_eq(flume_value_parse(&v, t.s, t.len, FLUME_YAML, NULL, report),
				 FLUME_SYNTAX);
		ck_assert_str_eq(flume_report_get_issue(report, 0)->text,
				 "there are more than 100 %TAG directives");
		flume_report_free(report);
		text_fini(&t);
	}
	text_add(&t, "\"\xC3\x85%TAG");
	for (int i = 0; i < 300; i++)
		text_add(&t, "\xC3\x85%TAG \xE2\x80\xA6%TAG");
	text_add_char(&t, '"');
	char *text = text_take(&t);
	ck_assert_ptr_nonnull(text);
	accept(text, text);
	free(text);
}
END_TEST

Suite *suite_yaml(void)
{
	Suite *suite = suite_create("yaml");
	TCase *tests = tcase_create("yaml");
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, plain_words_are_typed_as_json_types_them);
	tcase_add_test(tests, any_other_plain_word_is_text);
	tcase_add_test(tests, quotes_make_text);
	tcase_add_test(tests, keys_are_text_whatever_they_look_like);
	tcase_add_test(tests, places_count_characters);
	tcase_add_test(tests, an_alias_is_the_value_it_names);
	tcase_add_test(tests, what_schemas_have_no_use_for_is_refused);
	tcase_add_test(tests, every_duplicate_key_is_reported);
	tcase_add_test(tests, duplicates_are_found_in_large_maps_too);
	tcase_add_test(tests, documents_are_bounded);
	tcase_add_test(tests, hostile_documents_are_refused_quickly);
	tcase_add_test(tests, directives_are_few_and_anything_may_look_like_one);
	suite_add_tcase(suite, tests);
	return suite;
}
