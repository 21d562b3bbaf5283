/* A switch is changed where it is written, and everything else in it stays. */
#include "agent/cmd/switch_edit.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>

static const struct switch_weight halves[] = {{"control", "50"}, {"compact", "50"}};
static const struct switch_weight with_new[] = {{"control", "80"}, {"wide", "20"}};

static const struct {
	const char *before;
	enum flume_format format;
	struct switch_change change;
	const char *after; /* NULL: it cannot be done */
} edits[] = {
	{"# ours\nversion: \"3\" # of three\nvariants: {control: 90, compact: 10}\n",
	 FLUME_YAML,
	 {.weights = halves, .n_weights = 2, .version = "4"},
	 "# ours\nversion: \"4\" # of three\nvariants: {control: 50, compact: 50}\n"},
	{"variants:\n  control: 90 # most\n  compact: 10\n",
	 FLUME_YAML,
	 {.weights = with_new, .n_weights = 2},
	 "variants:\n  wide: 20\n  control: 80 # most\n  compact: 0\n"},
	{"{\"variants\": {\"control\": 90, \"compact\": 10}}",
	 FLUME_JSON,
	 {.weights = with_new, .n_weights = 2, .enabled = "false"},
	 "{\"enabled\": false, \"variants\": {\"wide\": 20, \"control\": 80, \"compact\": 0}}"},
	{"default: a\nenabled: true",
	 FLUME_YAML,
	 {.enabled = "false", .fallback = "b"},
	 "default: \"b\"\nenabled: false"},
	{"default: 'a'", FLUME_YAML, {.enabled = "false"}, "default: 'a'\nenabled: false\n"},
	{"\"ü\": ü\nx-ü: {ü: ü, variants: 1}\nvariants: {\"ü\": 1, control: 2, compact: 3}\n",
	 FLUME_YAML,
	 {.weights = halves, .n_weights = 2},
	 "\"ü\": ü\nx-ü: {ü: ü, variants: 1}\nvariants: {\"ü\": 0, control: 50, compact: "
	 "50}\n"},
	{"version: &v \"1\"\nx-old: *v\n", FLUME_YAML, {.version = "2"}, NULL},
	{"version: |\n  1\n", FLUME_YAML, {.version = "2"}, NULL},
	{"variants: [control]\n", FLUME_YAML, {.weights = halves, .n_weights = 2}, NULL},
	{"{", FLUME_JSON, {.version = "2"}, NULL},
};

START_TEST(an_edit_keeps_the_rest)
{
	struct flume_err err = {0};
	const char *before = edits[_i].before;
	char *after =
		switch_edit(before, strlen(before), edits[_i].format, &edits[_i].change, &err);
	if (edits[_i].after)
		ck_assert_str_eq(after, edits[_i].after);
	else
		ck_assert_ptr_null(after);
	ck_assert_int_eq(!after, err.code != 0);
	free(after);
}
END_TEST

START_TEST(each_allocation_of_an_edit)
{
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		struct flume_err err = {0};
		memory_fails_at(nth);
		char *after = switch_edit(edits[2].before, strlen(edits[2].before), FLUME_JSON,
					  &edits[2].change, &err);
		failed = memory_is_back();
		ck_assert_int_eq(!after, failed);
		free(after);
	}
}
END_TEST

START_TEST(what_is_composed_says_what_was_asked_for)
{
	char *text = switch_compose(&(struct switch_change){
		.weights = halves, .n_weights = 2, .by = "user.id", .enabled = "false"});
	ck_assert_str_eq(text, "version: \"1\"\nby: \"user.id\"\n"
			       "variants: {\"control\": 50, \"compact\": 50}\n"
			       "default: \"control\"\nenabled: false\n");
	free(text);
}
END_TEST

START_TEST(versions_count_on)
{
	static const char *const rows[][2] = {
		{"6", "7"},
		{"9", "10"},
		{"1.2.3", "1.2.4"},
		{"v1.2.9", "v1.2.10"},
		{"1.2.3-x", NULL},
		{"", NULL},
		{"1.2", NULL},
		{"abc7", NULL},
		{"2026112701", "2026112702"},
		{"1234567890123456789", NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *next = switch_next_version(rows[i][0]);
		ck_assert_pstr_eq(next, rows[i][1]);
		free(next);
	}
}
END_TEST

Suite *suite_cmd_switch(void)
{
	Suite *suite = suite_create("cmd_switch");
	TCase *tcase = tcase_create("a switch");
	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, an_edit_keeps_the_rest, 0, sizeof edits / sizeof *edits);
	tcase_add_test(tcase, each_allocation_of_an_edit);
	tcase_add_test(tcase, what_is_composed_says_what_was_asked_for);
	tcase_add_test(tcase, versions_count_on);
	return suite;
}
