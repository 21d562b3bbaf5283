#include "lib/schema/fields.h"
#include "tests/unit/reading.h"
#include "tests/unit/suites.h"

#include <stdio.h>

static const struct flume_field one_of_each[] = {
	{"text", FLUME_FIELD_TEXT, .about = ""},
	{"bool", FLUME_FIELD_BOOL, .about = ""},
	{"count", FLUME_FIELD_COUNT, .fallback = "7", .about = ""},
	{"small", FLUME_FIELD_COUNT, .min = -2, .max = 2, .about = ""},
	{"number", FLUME_FIELD_NUMBER, .about = ""},
	{"percent", FLUME_FIELD_PERCENT, .about = ""},
	{"duration", FLUME_FIELD_DURATION, .fallback = "30s", .about = ""},
	{"pause", FLUME_FIELD_DURATION, .about = ""},
	{"scalar", FLUME_FIELD_SCALAR, .about = ""},
	{"any", FLUME_FIELD_ANY, .about = ""},
	{"texts", FLUME_FIELD_TEXTS, .about = ""},
	{"map", FLUME_FIELD_MAP, .about = ""},
	{"text-map", FLUME_FIELD_TEXT_MAP, .about = ""},
	{"predicates", FLUME_FIELD_PREDICATES, .about = ""},
	{0},
};

static const struct flume_field needy[] = {
	{"first", FLUME_FIELD_TEXT, .required = true, .about = ""},
	{"second", FLUME_FIELD_TEXT, .required = true, .about = ""},
	{0},
};

/* What is said about the document, "" when nothing. */
static char *findings(const struct flume_field *table, const char *yaml)
{
	struct text said = {0};
	flume_value *map = read_value(yaml, FLUME_YAML);
	flume_report *report = flume_report_new();
	int rc = flume_fields_check(table, map, "here", report);
	ck_assert_int_eq(rc, flume_report_size(report) ? FLUME_REJECTED : 0);
	ck_assert_int_eq(flume_fields_check(table, map, "here", NULL), rc);
	add_findings(&said, report);
	flume_report_free(report);
	flume_value_free(map);
	return text_take(&said);
}

static void passes(const char *yaml)
{
	char *said = findings(one_of_each, yaml);
	ck_assert_msg(!*said, "%s: %s", yaml, said);
	free(said);
}

static void fails(const struct flume_field *table, const char *yaml, const char *wanted)
{
	char *said = findings(table, yaml);
	ck_assert_msg(!strcmp(said, wanted), "%s\nwanted:\n%s\nsaid:\n%s", yaml, wanted, said);
	free(said);
}

START_TEST(what_fits_its_row_passes)
{
	static const char *const good[] = {
		"{}",
		"{text: a, bool: true, count: 3, number: 0.5}",
		"{text: 3}",
		"{text: true}",
		"{text: \"null\"}",
		"{count: 1}",
		"{count: 1000000}",
		"{small: -2}",
		"{small: 0}",
		"{number: 1e300}",
		"{percent: 0%}",
		"{percent: 100%}",
		"{percent: 0.5%}",
		"{percent: 100.000%}",
		"{percent: 007%}",
		"{percent: \"12.25%\"}",
		"{duration: 1ns}",
		"{duration: \"1h30m\"}",
		"{scalar: null}",
		"{scalar: 1.50}",
		"{scalar: ''}",
		"{any: [1, {a: b}]}",
		"{texts: [a, 1, true]}",
		"{map: {a: [1]}}",
		"{text-map: {a: b}}",
		"{predicates: a}",
		"{predicates: [a, b]}",
		"{description: [anything], x-: 1, x-any-thing: {a: b}}",
	};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		passes(good[i]);
}
END_TEST

START_TEST(what_does_not_fit_says_what_was_expected)
{
	static const struct {
		const char *yaml, *said;
	} cases[] = {
		{"{text: [a]}", "1:8: error: expected text, found a list [wrong-type]\n"
				"  path: here.text\n"},
		{"{text: ''}", "1:8: error: must not be empty [empty]\n  path: here.text\n"},
		{"{text: ~}", "1:8: error: must not be empty [empty]\n  path: here.text\n"},
		{"{bool: yes}", "1:8: error: expected true or false, found text [wrong-type]\n "
				" path: here.bool\n"},
		{"{bool: 'true'}", "1:8: error: expected true or false, found quoted text "
				   "[wrong-type]\n  path: here.bool\n"},
		{"{count: 0}", "1:9: error: 0 is not a whole number from 1 to 1000000 "
			       "[out-of-bounds]\n  path: here.count\n"},
		{"{count: 1000001}", "1:9: error: 1000001 is not a whole number from 1 to "
				     "1000000 [out-of-bounds]\n  path: here.count\n"},
		{"{small: 3}", "1:9: error: 3 is not a whole number from -2 to 2 "
			       "[out-of-bounds]\n  path: here.small\n"},
		{"{number: 0}", "1:10: error: 0 is not a number above 0 [out-of-bounds]\n"
				"  path: here.number\n"},
		{"{number: -1}", "1:10: error: -1 is not a number above 0 [out-of-bounds]\n"
				 "  path: here.number\n"},
		{"{number: 1e999}", "1:10: error: 1e999 is not a number above 0 "
				    "[out-of-bounds]\n  path: here.number\n"},
		{"{number: .nan}", "1:10: error: expected a number, found text [wrong-type]\n"
				   "  path: here.number\n"},
		{"{number: '1'}", "1:10: error: expected a number, found quoted text "
				  "[wrong-type]\n  path: here.number\n"},
		{"{pause: 0ms}", "1:9: error: a duration here must be above 0 "
				 "[out-of-bounds]\n  path: here.pause\n"},
		{"{pause: {}}", "1:9: error: expected a duration, found a map [wrong-type]\n"
				"  path: here.pause\n"},
		{"{percent: [1%]}", "1:11: error: expected a percentage, found a list "
				    "[wrong-type]\n  path: here.percent\n"},
		{"{scalar: {a: b}}", "1:10: error: expected a constant, found a map "
				     "[wrong-type]\n  path: here.scalar\n"},
		{"{texts: a}",
		 "1:9: error: expected a list, found text [wrong-type]\n  path: here.texts\n"},
		{"{texts: []}", "1:9: error: must not be empty [empty]\n  path: here.texts\n"},
		{"{texts: [a, [b], '']}",
		 "1:13: error: expected text, found a list [wrong-type]\n"
		 "  path: here.texts[1]\n"
		 "1:18: error: must not be empty [empty]\n  path: here.texts[2]\n"},
		{"{map: [a]}",
		 "1:7: error: expected a map, found a list [wrong-type]\n  path: here.map\n"},
		{"{map: {}}", "1:7: error: must not be empty [empty]\n  path: here.map\n"},
		{"{text-map: {a: {b: c}}}",
		 "1:16: error: expected text, found a map [wrong-type]\n"
		 "  path: here.text-map.a\n"},
		{"{predicates: []}",
		 "1:14: error: must not be empty [empty]\n  path: here.predicates\n"},
		{"{predicates: {a: b}}", "1:14: error: expected text, found a map "
					 "[wrong-type]\n  path: here.predicates\n"},
		{"[a]",
		 "1:1: error: expected a map, found a list [wrong-type]\n  path: here\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		fails(one_of_each, cases[i].yaml, cases[i].said);
}
END_TEST

START_TEST(percentages_are_digits_a_fraction_and_a_sign)
{
	static const char *const bad[] = {"1",    "%",    "-1%",  "+1%",   "1%%",    "1 %",
					  ".5%",  "5.%",  "1e1%", "0x1%",  "100.1%", "101%",
					  "nan%", "inf%", "1,5%", "1000%", "%1",     "''"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char yaml[64], *said;
		snprintf(yaml, sizeof yaml, "percent: %s", bad[i]);
		if (*bad[i] == '%')
			snprintf(yaml, sizeof yaml, "percent: '%s'", bad[i]);
		said = findings(one_of_each, yaml);
		ck_assert_msg(strstr(said, "[bad-percent]") != NULL, "%s: %s", yaml, said);
		free(said);
	}
}
END_TEST

START_TEST(unknown_keys_are_findings_with_a_suggestion)
{
	fails(one_of_each, "{txt: a, duratoin: 1s, elsewhere: 1}",
	      "1:2: error: unknown key 'txt' [unknown-key]\n  path: here\n"
	      "  hint: did you mean 'text'?\n"
	      "1:10: error: unknown key 'duratoin' [unknown-key]\n  path: here\n"
	      "  hint: did you mean 'duration'?\n"
	      "1:24: error: unknown key 'elsewhere' [unknown-key]\n  path: here\n");
	fails(one_of_each, "{x: a, Description: 1}",
	      "1:2: error: unknown key 'x' [unknown-key]\n  path: here\n"
	      "1:8: error: unknown key 'Description' [unknown-key]\n  path: here\n");
}
END_TEST

START_TEST(required_keys_are_missed_one_by_one)
{
	fails(needy, "{}",
	      "1:1: error: 'first' is required [missing-key]\n  path: here\n"
	      "1:1: error: 'second' is required [missing-key]\n  path: here\n");
	fails(needy, "{second: a, frist: b}",
	      "1:1: error: 'first' is required [missing-key]\n  path: here\n"
	      "1:13: error: unknown key 'frist' [unknown-key]\n  path: here\n"
	      "  hint: did you mean 'first'?\n");
}
END_TEST

START_TEST(without_a_table_no_key_is_known)
{
	fails(NULL, "{a: 1, x-b: 2}",
	      "1:2: error: unknown key 'a' [unknown-key]\n  path: here\n");
}
END_TEST

START_TEST(a_key_that_is_cut_stays_whole_characters)
{
	char yaml[256] = "{", *said;
	for (int i = 0; i < 30; i++)
		strcat(yaml, "\xE2\x82\xAC"); /* three bytes, and 64 is no multiple of it */
	strcat(yaml, ": 1}");
	said = findings(one_of_each, yaml);
	for (const char *s = said; *s;) {
		unsigned char c = (unsigned char)*s;
		ck_assert_msg(c < 0x80 || !strncmp(s, "\xE2\x82\xAC", 3) ||
				      !strncmp(s, "\xE2\x80\xA6", 3),
			      "%s", said);
		s += c < 0x80 ? 1 : 3;
	}
	free(said);
}
END_TEST

START_TEST(readers_take_the_value_or_the_default)
{
	flume_value *given = read_value(
		"{count: 3, number: 2.5e-1, duration: 5ms, pause: 1us, text: a}", FLUME_YAML);
	flume_value *none = read_value("{}", FLUME_YAML);
	ck_assert_int_eq(fields_count(one_of_each, given, "count"), 3);
	ck_assert_int_eq(fields_count(one_of_each, none, "count"), 7);
	ck_assert_int_eq(fields_count(one_of_each, none, "small"), 0);
	ck_assert_double_eq(fields_number(one_of_each, given, "number"), 0.25);
	ck_assert_double_nan(fields_number(one_of_each, none, "number"));
	ck_assert_int_eq(fields_duration(one_of_each, given, "duration"), 5000000);
	ck_assert_int_eq(fields_duration(one_of_each, none, "duration"), 30000000000);
	ck_assert_int_eq(fields_duration(one_of_each, given, "pause"), 1000);
	ck_assert_int_eq(fields_duration(one_of_each, none, "pause"), 0);
	ck_assert_str_eq(fields_text(one_of_each, given, "text"), "a");
	ck_assert_ptr_null(fields_text(one_of_each, none, "text"));
	ck_assert_ptr_null(fields_text(one_of_each, none, "no such row"));
	flume_value_free(given);
	flume_value_free(none);
}
END_TEST

START_TEST(places_grow_and_are_cut_back)
{
	struct place place;
	place_init(&place, "root");
	size_t root = place_key(&place, "children");
	size_t children = place_index(&place, 2, "(primary)");
	place_key(&place, "then");
	ck_assert_str_eq(place_text(&place), "root.children[2](primary).then");
	place_back(&place, children);
	ck_assert_str_eq(place_text(&place), "root.children");
	place_back(&place, root);
	ck_assert_str_eq(place_text(&place), "root");
	place_fini(&place);
	ck_assert_str_eq(place_text(&place), "");
	place_init(&place, "");
	place_key(&place, "a");
	ck_assert_str_eq(place_text(&place), "a");
	place_fini(&place);
}
END_TEST

Suite *suite_fields(void)
{
	Suite *suite = suite_create("fields");
	TCase *tc = tcase_create("fields");
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, what_fits_its_row_passes);
	tcase_add_test(tc, what_does_not_fit_says_what_was_expected);
	tcase_add_test(tc, percentages_are_digits_a_fraction_and_a_sign);
	tcase_add_test(tc, unknown_keys_are_findings_with_a_suggestion);
	tcase_add_test(tc, required_keys_are_missed_one_by_one);
	tcase_add_test(tc, without_a_table_no_key_is_known);
	tcase_add_test(tc, a_key_that_is_cut_stays_whole_characters);
	tcase_add_test(tc, readers_take_the_value_or_the_default);
	tcase_add_test(tc, places_grow_and_are_cut_back);
	return suite;
}
