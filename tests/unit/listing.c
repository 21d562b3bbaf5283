#include "agent/source/listing.h"

#include "lib/base/text.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* "a=TEXT(json) b=TEXT", or the error. */
static const char *taken(const char *text)
{
	static char out[1024];
	struct listing listing = {0};
	struct flume_err err = {0};
	struct text said = {0};
	int code = listing_read(&listing, text, strlen(text), &err);
	for (size_t i = 0; !code && i < listing.n; i++) {
		text_addf(&said, "%s%s=", i ? " " : "", listing.parts[i].name);
		text_add_n(&said, listing.parts[i].text, listing.parts[i].len);
		text_add(&said, listing.parts[i].format == FLUME_JSON ? "(json)" : "");
	}
	snprintf(out, sizeof out, "%s", code ? err.text : said.s ? said.s : "");
	text_fini(&said);
	listing_fini(&listing);
	return out;
}

START_TEST(an_object_is_taken_as_it_stands)
{
	ck_assert_str_eq(
		taken("{\"a\": {\"version\" : \"1\",\n \"x\":[1, {}, []]} , \"b\":{}}"),
		"a={\"version\" : \"1\",\n \"x\":[1, {}, []]}(json) b={}(json)");
}
END_TEST

START_TEST(a_text_holds_yaml_or_json)
{
	ck_assert_str_eq(taken("{\"a\": \"version: \\\"1\\\"\\nref: \\u0078\\n\"}"),
			 "a=version: \"1\"\nref: x\n");
	ck_assert_str_eq(taken("{\"a\": \" {}\"}"), "a= {}(json)");
	ck_assert_str_eq(taken("{\"a\": \"\\ud83d\\ude00\\u00e4\"}"),
			 "a=\xf0\x9f\x98\x80\xc3\xa4");
}
END_TEST

START_TEST(parts_come_by_name)
{
	ck_assert_str_eq(taken("{\"c\": \"1\", \"a\": \"2\", \"b\": \"3\"}"), "a=2 b=3 c=1");
}
END_TEST

/* Whatever their order, they cost what they are: in the square of their number it took a minute. */
START_TEST(names_in_the_wrong_order_hold_up_nobody)
{
	struct text all = {0};
	struct listing listing = {0};
	for (unsigned i = 300000; i; i--)
		text_addf(&all, "%c\"%06u\":0", i == 300000 ? '{' : ',', i);
	text_add_char(&all, '}');
	clock_t before = clock();
	ck_assert_int_eq(listing_read(&listing, all.s, all.len, NULL), 0);
	ck_assert_int_lt((clock() - before) / CLOCKS_PER_SEC, 10);
	ck_assert_uint_eq(listing.n, 300000);
	ck_assert_str_eq(listing.parts[0].name, "000001");
	listing_fini(&listing);
	text_fini(&all);
}
END_TEST

START_TEST(none_are_none)
{
	ck_assert_str_eq(taken("{}"), "");
	ck_assert_str_eq(taken("\xef\xbb\xbf\n { }\n"), "");
}
END_TEST

START_TEST(what_is_no_schema_is_left_to_whoever_reads_it)
{
	ck_assert_str_eq(taken("{\"a\": 42, \"b\": nul, \"c\": [true], \"d\": null}"),
			 "a=42(json) b=nul(json) c=[true](json) d=null(json)");
	ck_assert_str_eq(taken("{\"a\": {\"x\": 01}, \"b\": {}}"),
			 "a={\"x\": 01}(json) b={}(json)");
}
END_TEST

START_TEST(nothing_is_made_of_half_an_answer)
{
	static const char whole[] = "{\"a\": {\"x\": [1, \"\\u00e4\\n\"]}, \"b\": \"y: 1\"}";
	for (size_t n = 0; n < sizeof whole - 1; n++) {
		struct listing listing = {0};
		struct flume_err err = {0};
		ck_assert_int_eq(listing_read(&listing, whole, n, &err), FLUME_SYNTAX);
		ck_assert_str_ne(err.text, "");
		listing_fini(&listing);
	}
}
END_TEST

START_TEST(what_is_wrong_is_said_with_its_place)
{
	static const struct {
		const char *text, *error;
	} wrong[] = {
		{"",
		 "1:1: expected a JSON object of names and schemas: the answer ends too soon"},
		{"<html>", "1:1: expected a JSON object of names and schemas, not '<'"},
		{"[]", "1:1: expected a JSON object of names and schemas, not '['"},
		{"{\"a\": {}",
		 "1:9: expected ',' or '}' after a schema: the answer ends too soon"},
		{"{\"a\": {}} x", "1:11: expected nothing more, not 'x'"},
		{"{\"a\": {},}", "1:10: expected a text in double quotes, not '}'"},
		{"{\"a\" {}}", "1:6: expected ':' after a name, not '{'"},
		{"{\"a\":\n {\"x\": ]}}", "2:8: expected a value, not ']'"},
		{"{\"a\": {\"x\": [1}}", "1:15: expected ',' or ']', not '}'"},
		{"{\"a\": \"\\x\"}",
		 "1:9: expected one of \"\\/bfnrtu after a backslash, not 'x'"},
		{"{\"a\": \"\\ud800\"}",
		 "1:14: the first half of a surrogate pair stands alone"},
		{"{\"a\": \"\\udc00\"}",
		 "1:10: the second half of a surrogate pair stands alone"},
		{"{\"a\": \"\\u12g4\"}", "1:10: expected four hexadecimal digits, not '1'"},
		{"{\"a\": \"\n\"}",
		 "1:8: expected the closing quote of a text, not the byte 0x0A"},
		{"{\"a\": {},\n \"a\": {}}", "2:2: here is a second schema of the name 'a'"},
		{"{\"b\": 1, \"b\": 2, \"a\": 3, \"a\": 4, \"b\": 5}",
		 "1:10: here is a second schema of the name 'b'"},
		{"{\"a\": {}, \"\\u0061\": {}}",
		 "1:11: here is a second schema of the name 'a'"},
		{"{\"A b\": {}}",
		 "1:2: expected a name of [a-z0-9._-], as of a schema, not 'A b'"},
		{"{\"a\\u0000b\": {}}",
		 "1:2: expected a name of [a-z0-9._-], as of a schema, not 'a'"},
		{"{\"\": {}}", "1:2: expected a name of [a-z0-9._-], as of a schema, not ''"},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ck_assert_str_eq(taken(wrong[i].text), wrong[i].error);
}
END_TEST

START_TEST(depth_has_a_limit)
{
	char deep[2000] = "{\"a\": ";
	memset(deep + 6, '[', 1500);
	ck_assert_str_eq(taken(deep), "1:519: too deep");
}
END_TEST

START_TEST(each_allocation_may_fail)
{
	static const char text[] = "{\"a\": {}, \"b\": \"x\", \"c\": \"y\"}";
	for (long nth = 1;; nth++) {
		struct listing listing = {0};
		struct flume_err err = {0};
		memory_fails_at(nth);
		int code = listing_read(&listing, text, sizeof text - 1, &err);
		bool failed = memory_is_back();
		ck_assert_int_eq(code, failed ? FLUME_NOMEM : 0);
		listing_fini(&listing);
		if (!failed)
			break;
	}
}
END_TEST

Suite *suite_listing(void)
{
	Suite *suite = suite_create("listing");
	TCase *tests = tcase_create("listing");
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, an_object_is_taken_as_it_stands);
	tcase_add_test(tests, a_text_holds_yaml_or_json);
	tcase_add_test(tests, parts_come_by_name);
	tcase_add_test(tests, names_in_the_wrong_order_hold_up_nobody);
	tcase_add_test(tests, none_are_none);
	tcase_add_test(tests, what_is_no_schema_is_left_to_whoever_reads_it);
	tcase_add_test(tests, nothing_is_made_of_half_an_answer);
	tcase_add_test(tests, what_is_wrong_is_said_with_its_place);
	tcase_add_test(tests, depth_has_a_limit);
	tcase_add_test(tests, each_allocation_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}
