/* What other schemas have to do with it: who is tried again when which of them changes. */
#include "tests/unit/engine_fixture.h"

#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

/* ---- checks ---- */

static int checks; /* that ended badly */

static void count_check(const struct flume_event *event, void *arg)
{
	(void)arg;
	checks += event->kind == FLUME_EVENT_SCHEMA_UPDATE_FAILED;
}

static void count_checks(void)
{
	checks = 0;
	ck_assert_int_ge(flume_factory_listen(site.factory, count_check, NULL), 0);
}

static void put_others(int64_t revision)
{
	for (int i = 0; i < 5; i++) {
		char name[24];
		snprintf(name, sizeof name, "other-%d", i);
		site_put(name, revision + i, marking("1.0.0", i, NULL));
	}
}

START_TEST(what_no_schema_can_help_is_checked_once)
{
	count_checks();
	site_put("a", 1,
		 "version: \"1.0.0\"\ntype: sequence\nchildren: [{type: nothing}, {ref: "
		 "other-0}]\n");
	site_says("a.state", "rejected");
	put_others(2);
	ck_assert_int_eq(checks, 1);
	site_put("a", 9, marking("1.0.0", 1, NULL));
	site_made_by("a", 1);
}
END_TEST

START_TEST(an_unknown_ref_is_checked_again_for_its_own_name_only)
{
	count_checks();
	site_put("a", 1, running("1.0.0", "b", NULL));
	put_others(2);
	ck_assert_int_eq(checks, 1);
	site_put("b", 8, marking("1.0.0", 2, NULL));
	site_made_by("a", 2);
	ck_assert_int_eq(checks, 1);
}
END_TEST

START_TEST(a_cycle_is_checked_again_when_a_schema_on_the_way_changes)
{
	site_put("c", 1, marking("1.0.0", 3, NULL));
	site_put("b", 2, running("1.0.0", "c", NULL));
	site_put("a", 3, running("1.0.0", "b", NULL));
	count_checks();
	site_put("c", 4, running("1.1.0", "a", NULL));
	site_says("c.state", "rejected");
	put_others(5);
	ck_assert_int_eq(checks, 1);
	site_put("b", 11, marking("1.1.0", 2, NULL));
	site_says("c.state", "running");
	site_made_by("c", 2);
}
END_TEST

/* ---- canaries ---- */

static bool is_on_disk(const char *below)
{
	FILE *file = fopen(site_path(below), "rb");
	if (file)
		fclose(file);
	return file;
}

START_TEST(what_fails_the_case_of_a_user_is_tried_again_when_that_changes)
{
	site_put("b", 1, marking("1.0.0", 1, NULL));
	site_put("a", 2, running("1.0.0", "b", CASE_GETS(1)));
	site_until("a.state", "running");
	site_put("b", 3, marking("1.1.0", 2, NULL));
	site_until("b.state", "rejected");
	site_says("b.attempted.stage", "canary");
	site_says_part("b.attempted.error", "schema 'a'");
	ck_assert(!is_on_disk("bad/b"));
	put_others(4);
	site_made_by("b", 1);
	site_put("a", 10, running("1.1.0", "b", NULL));
	site_until("b.running.version", "1.1.0");
	site_made_by("a", 2);
}
END_TEST

START_TEST(a_proposal_that_fails_the_case_of_a_user_leaves_nothing_behind)
{
	site_put("b", 1, marking("1.0.0", 1, NULL));
	site_put("a", 2, running("1.0.0", "b", CASE_GETS(1)));
	site_until("a.state", "running");
	site_submit("b", marking("1.1.0", 2, NULL));
	site_until_answer();
	ck_assert_int_eq(site.result, ENGINE_REJECTED);
	ck_assert_str_eq(site.stage, "canary");
	ck_assert(!is_on_disk("bad/b"));
	site_put("a", 10, running("1.1.0", "b", NULL));
	site_made_by("b", 1);
	site_says("b.state", "running");
}
END_TEST

static void fail_with_b(void)
{
	site_put("b", 1, marking("1.0.0", 1, NULL));
	site_put("a", 2, marking("1.0.0", 7, NULL));
	site_put("a", 3, running("1.1.0", "b", CASE_GETS(2)));
	site_until("a.state", "rejected");
	ck_assert(is_on_disk("bad/a"));
}

START_TEST(what_fails_with_one_version_of_a_ref_is_tried_again_with_the_next)
{
	fail_with_b();
	put_others(4);
	site_says("a.state", "rejected");
	site_put("b", 10, marking("1.1.0", 2, NULL));
	site_until("a.running.version", "1.1.0");
	site_made_by("a", 2);
}
END_TEST

START_TEST(what_fails_with_a_ref_is_known_as_bad_while_that_stays)
{
	fail_with_b();
	site_until("b.running.proven", "true");
	site_until("a.running.proven", "true");
	site_restart();
	site_put("b", 1, marking("1.0.0", 1, NULL));
	site_put("a", 4, running("1.1.0", "b", CASE_GETS(2)));
	site_says("a.state", "held");
	site_says("a.reason", "known-bad");
	site_put("b", 10, marking("1.1.0", 2, NULL));
	site_until("a.running.version", "1.1.0");
	site_made_by("a", 2);
}
END_TEST

START_TEST(a_finding_without_a_file_has_its_place_all_the_same)
{
	const struct change change = {.name = "a",
				      .text = "version: \"1.0.0\"\nref: nobody\n",
				      .len = sizeof "version: \"1.0.0\"\nref: nobody\n" - 1,
				      .format = FLUME_YAML,
				      .revision = 1,
				      .origin = "etcd"};
	site.sink.batch(site.sink.arg, BATCH_EVENTS, &change, 1, 1);
	site_says("a.attempted.error", "2:6: processor 'nobody' not found [unknown-ref]");
}
END_TEST

Suite *suite_engine_refs(void)
{
	Suite *suite = suite_create("engine_refs");
	TCase *check = site_case(suite, "checks");
	tcase_add_test(check, what_no_schema_can_help_is_checked_once);
	tcase_add_test(check, an_unknown_ref_is_checked_again_for_its_own_name_only);
	tcase_add_test(check, a_cycle_is_checked_again_when_a_schema_on_the_way_changes);
	tcase_add_test(check, a_finding_without_a_file_has_its_place_all_the_same);
	TCase *canary = site_case(suite, "canaries");
	tcase_add_test(canary, what_fails_the_case_of_a_user_is_tried_again_when_that_changes);
	tcase_add_test(canary, a_proposal_that_fails_the_case_of_a_user_leaves_nothing_behind);
	tcase_add_test(canary,
		       what_fails_with_one_version_of_a_ref_is_tried_again_with_the_next);
	tcase_add_test(canary, what_fails_with_a_ref_is_known_as_bad_while_that_stays);
	return suite;
}
