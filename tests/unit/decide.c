#include "agent/engine/decide.h"
#include "agent/engine/version.h"

#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

#define ANY_DIGEST "sha256:aa"
#define OTHER      "sha256:bb"
#define IDLE       .running_digest = "" /* nothing runs */

struct row {
	const char *what;
	struct question asked;
	const char *expected; /* verdict, reason, mark */
};

/* 1.1.0 runs, and 1.2.0 with other content comes: that is what a row does not say. */
static struct question fill_in(struct question q)
{
	bool idle = q.running_digest && !*q.running_digest;
	q.running_version = idle ? "" : q.running_version ? q.running_version : "1.1.0";
	q.running_digest = idle ? NULL : q.running_digest ? q.running_digest : ANY_DIGEST;
	q.version = q.version ? q.version : q.deleted ? "" : "1.2.0";
	q.digest = q.digest ? q.digest : q.deleted ? NULL : OTHER;
	return q;
}

static const struct row rows[] = {
	{"nothing runs", {IDLE}, "go"},
	{"nothing runs, no version", {IDLE, .version = ""}, "go"},

	/* Revisions. */
	{"a newer revision", {.revision = 8, .last_revision = 7}, "go"},
	{"the same revision", {.revision = 7, .last_revision = 7}, "ignored stale-revision"},
	{"an older revision", {.revision = 6, .last_revision = 7}, "ignored stale-revision"},
	{"older, and known as bad",
	 {.revision = 6, .last_revision = 7, .known_bad = true},
	 "ignored stale-revision"},
	{"older, and what runs",
	 {.revision = 6, .last_revision = 7, .digest = ANY_DIGEST},
	 "ignored stale-revision"},
	{"no order", {.revision = 0, .last_revision = 7}, "go"},
	{"nothing seen yet", {.revision = 1, .last_revision = 0}, "go"},
	{"older, in a list that is older",
	 {.revision = 5, .last_revision = 7, .listed_at = 6},
	 "ignored stale-revision"},
	{"older, in a list that is newer",
	 {.revision = 5, .last_revision = 7, .listed_at = 9},
	 "go rewound"},
	{"older, in a list of that time",
	 {.revision = 5, .last_revision = 7, .listed_at = 7},
	 "go rewound"},
	{"the same, in a newer list",
	 {.revision = 7, .last_revision = 7, .listed_at = 9},
	 "ignored stale-revision"},

	/* Content. */
	{"what runs", {.digest = ANY_DIGEST}, "unchanged"},
	{"what runs, under another version",
	 {.digest = ANY_DIGEST, .version = "9.0.0"},
	 "unchanged"},
	{"what runs, although known as bad",
	 {.digest = ANY_DIGEST, .known_bad = true},
	 "unchanged"},
	{"what runs, and the breaker is open",
	 {.digest = ANY_DIGEST, .breaker_open = true},
	 "unchanged"},
	{"known as bad", {.known_bad = true}, "held known-bad"},
	{"known as bad, and its version runs",
	 {.known_bad = true, .version = "1.1.0"},
	 "held known-bad"},
	{"known as bad, and the breaker is open",
	 {.known_bad = true, .breaker_open = true},
	 "held known-bad"},

	/* Versions. */
	{"the version that runs", {.version = "1.1.0"}, "rejected version-reused"},
	{"the same, by policy", {.version = "1.1.0", .apply_same_version = true}, "go"},
	{"a word that runs",
	 {.version = "blue", .running_version = "blue"},
	 "rejected version-reused"},
	{"neither has one", {.version = "", .running_version = ""}, "go"},
	{"it has none", {.version = ""}, "go"},
	{"what runs has none", {.running_version = ""}, "go"},
	{"the same but for the build", {.version = "1.1.0+2"}, "go"},
	{"a newer one, as numbers", {.version = "1.10.0", .running_version = "1.9.0"}, "go"},
	{"a release after its candidate",
	 {.version = "2.0.0", .running_version = "2.0.0-rc.1"},
	 "go"},
	{"it is no number", {.version = "autumn"}, "go"},
	{"what runs is no number", {.running_version = "spring"}, "go"},
	{"a newer one, and no going down", {.deny_downgrade = true}, "go"},
	{"an older one", {.version = "1.0.9"}, "go downgrade"},
	{"a candidate after its release", {.version = "1.1.0-rc.1"}, "go downgrade"},
	{"an older one, by policy",
	 {.version = "1.0.9", .deny_downgrade = true},
	 "rejected downgrade downgrade"},
	{"a lower number", {.running_version = "10", .version = "9"}, "go downgrade"},
	{"a lower number, and no going down",
	 {.running_version = "10", .version = "9", .deny_downgrade = true},
	 "rejected downgrade downgrade"},
	{"a higher number, and no going down",
	 {.running_version = "9", .version = "10", .deny_downgrade = true},
	 "go"},
	{"a number after a semantic version, and no going down",
	 {.version = "1", .deny_downgrade = true},
	 "go"},
	{"no number, and no going down", {.version = "autumn", .deny_downgrade = true}, "go"},

	/* The update breaker. */
	{"the breaker is open", {.breaker_open = true}, "held update-breaker"},
	{"older, and the breaker is open",
	 {.version = "1.0.0", .breaker_open = true},
	 "held update-breaker downgrade"},
	{"the version that runs, and it is open",
	 {.version = "1.1.0", .breaker_open = true},
	 "rejected version-reused"},

	/* Holds. */
	{"pinned", {.pins = {{.on = true, .since = 5}}}, "held pinned"},
	{"pinned here", {.pins = {[DECIDE_BY_NODE] = {.on = true}}}, "held pinned"},
	{"frozen", {.freezes = {{.on = true, .since = 5}}}, "held frozen"},
	{"frozen here", {.freezes = {[DECIDE_BY_NODE] = {.on = true}}}, "held frozen"},
	{"pinned and frozen",
	 {.pins = {{.on = true}}, .freezes = {{.on = true}}},
	 "held pinned"},
	{"pinned, and what runs", {.pins = {{.on = true}}, .digest = ANY_DIGEST}, "unchanged"},
	{"pinned, and older",
	 {.pins = {{.on = true}}, .version = "1.0.0"},
	 "held pinned downgrade"},
	{"pinned, and known as bad",
	 {.pins = {{.on = true}}, .known_bad = true},
	 "held known-bad"},
	{"pinned, and the breaker is open",
	 {.pins = {{.on = true}}, .breaker_open = true},
	 "held pinned"},
	{"pinned at the version that comes",
	 {.pins = {{.on = true, .version = "1.2.0"}}},
	 "go"},
	{"pinned at the content that comes", {.pins = {{.on = true, .digest = OTHER}}}, "go"},
	{"pinned at another version",
	 {.pins = {{.on = true, .version = "1.0.0"}}},
	 "held pinned"},
	{"pinned at the version that comes, and frozen",
	 {.pins = {{.on = true, .version = "1.2.0"}}, .freezes = {{.on = true}}},
	 "held frozen"},
	{"nothing runs, and it was there before the pin",
	 {IDLE, .revision = 4, .pins = {{.on = true, .since = 5}}},
	 "go"},
	{"nothing runs, and it came after the pin",
	 {IDLE, .revision = 6, .pins = {{.on = true, .since = 5}}},
	 "held pinned"},
	{"nothing runs, and it came after the freeze",
	 {IDLE, .revision = 6, .freezes = {{.on = true, .since = 5}}},
	 "held frozen"},
	{"nothing runs, and this node is frozen",
	 {IDLE, .revision = 4, .freezes = {[DECIDE_BY_NODE] = {.on = true}}},
	 "held frozen"},
	{"deleted, and pinned", {.deleted = true, .pins = {{.on = true}}}, "held pinned"},
	{"deleted, and pinned at what runs",
	 {.deleted = true, .pins = {{.on = true, .version = "1.1.0"}}},
	 "held pinned"},
	{"deleted, and frozen", {.deleted = true, .freezes = {{.on = true}}}, "held frozen"},
	{"one of too many, and frozen",
	 {.deleted = true, .mass_delete = true, .freezes = {{.on = true}}},
	 "held mass-delete"},

	/* Deletions. */
	{"deleted", {.deleted = true}, "go"},
	{"deleted, of nothing that runs", {.deleted = true, IDLE}, "go"},
	{"one of too many", {.deleted = true, .mass_delete = true}, "held mass-delete"},
	{"an older deletion",
	 {.deleted = true, .revision = 3, .last_revision = 7},
	 "ignored stale-revision"},
	{"deleted, and the breaker is open", {.deleted = true, .breaker_open = true}, "go"},
};

static const char *in_words(struct decision d)
{
	static const char *const verdicts[] = {
		[DECIDE_GO] = "go",
		[DECIDE_IGNORED] = "ignored",
		[DECIDE_UNCHANGED] = "unchanged",
		[DECIDE_HELD] = "held",
		[DECIDE_REJECTED] = "rejected",
	};
	static char words[80];
	snprintf(words, sizeof words, "%s%s%s%s%s", verdicts[d.verdict], *d.reason ? " " : "",
		 d.reason, d.downgrade ? " downgrade" : "", d.rewound ? " rewound" : "");
	return words;
}

START_TEST(each_row_of_the_table_has_its_verdict)
{
	struct question question = fill_in(rows[_i].asked);
	const char *words = in_words(decide(&question));
	ck_assert_msg(!strcmp(words, rows[_i].expected), "%s: %s, not %s", rows[_i].what, words,
		      rows[_i].expected);
}
END_TEST

START_TEST(more_than_half_and_at_least_three_is_a_mass_deletion)
{
	static const struct {
		size_t running, deleted;
		bool mass;
	} cases[] = {
		{0, 0, false},  {1, 1, false},      {2, 2, false},     {3, 3, true},
		{3, 2, false},  {4, 2, false},      {4, 3, true},      {5, 3, true},
		{6, 3, false},  {6, 4, true},       {10, 5, false},    {10, 6, true},
		{10, 10, true}, {1000, 500, false}, {1000, 501, true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(decide_mass_delete(cases[i].running, cases[i].deleted) ==
				      cases[i].mass,
			      "%zu of %zu", cases[i].deleted, cases[i].running);
}
END_TEST

START_TEST(only_what_was_put_before_the_operator_looked_is_confirmed)
{
	ck_assert(decide_confirmed(9, 8));
	ck_assert(decide_confirmed(9, 0));
	ck_assert(!decide_confirmed(9, 9));
	ck_assert(!decide_confirmed(9, 12));
	ck_assert(!decide_confirmed(0, 0));
}
END_TEST

START_TEST(whole_numbers_have_the_order_of_their_values)
{
	static const char *const rising[] = {
		"0", "1", "9", "010", "11", "99999999999999999999", "100000000000000000000"};
	size_t n = sizeof rising / sizeof *rising;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			ck_assert_msg(version_order(rising[i], rising[j]) == (i > j) - (i < j),
				      "%s and %s", rising[i], rising[j]);
	ck_assert_int_eq(version_order("007", "7"), 0);
	ck_assert_int_eq(version_order("1.10.0", "1.9.0"), 1);
	ck_assert_int_eq(version_order("2.0.0", "1"), FLUME_INVALID);
	ck_assert_int_eq(version_order("1", ""), FLUME_INVALID);
}
END_TEST

Suite *suite_decide(void)
{
	Suite *suite = suite_create("decide");
	TCase *table = tcase_create("table");
	tcase_add_test(table, whole_numbers_have_the_order_of_their_values);
	tcase_add_loop_test(table, each_row_of_the_table_has_its_verdict, 0,
			    (int)(sizeof rows / sizeof *rows));
	tcase_add_test(table, more_than_half_and_at_least_three_is_a_mass_deletion);
	tcase_add_test(table, only_what_was_put_before_the_operator_looked_is_confirmed);
	suite_add_tcase(suite, table);
	return suite;
}
