/* What a node says about itself: the status, whether it is ready, and when it has news. */
#include "tests/unit/engine_fixture.h"

#include "tests/unit/suites.h"

#include <stdio.h>

#include <string.h>

START_TEST(the_status_has_the_documented_shape)
{
	static const char *const labels[] = {"zone=a", "rack=\"7\"", "bare", NULL};
	site.options.labels = labels;
	site_restart();
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_until("a.running.proven", "true");
	site_put("a", 6, marking("1.1.0", 2, CASE_GETS(9)));
	site_until("a.state", "rejected");
	site.sink.proved(site.sink.arg, 77);
	site_says(".node", "node-1");
	site_says(".agent", "0.1.0");
	site_says(".labels.zone", "a");
	site_says(".labels.rack", "\"7\"");
	site_says(".labels.bare", "");
	site_says(".source", "etcd");
	site_says(".proved_revision", "77");
	site_says_part(".started", "Z");
	site_says("a.wanted.version", "1.1.0");
	site_says("a.wanted.revision", "6");
	site_says_part("a.wanted.digest", "sha256:");
	site_says("a.attempted.version", "1.1.0");
	site_says("a.attempted.stage", "canary");
	site_says_part("a.attempted.at", "T");
	site_says("a.running.version", "1.0.0");
	site_says("a.running.generation", "1");
	site_until("a.running.proven", "true");
	site_says_part("a.running.since", "Z");
	site_counts("flume_proved_revision 77");
}
END_TEST

START_TEST(the_link_is_told)
{
	site.sink.link(site.sink.arg, true, NULL);
	site_says(".link.up", "true");
	site_counts("flume_source_up 1");
	site.sink.link(site.sink.arg, false, "no route to \"host\"");
	site_says(".link.up", "false");
	site_says(".link.why", "no route to \"host\"");
	site_counts("flume_source_up 0");
}
END_TEST

/* ---- ready ---- */

START_TEST(a_node_with_nothing_waits_for_its_source)
{
	ck_assert(!site_is_ready());
	ck_assert_str_eq(site_why(), "no schemas on disk, waiting for etcd\n");
	site.sink.link(site.sink.arg, false, "refused");
	ck_assert_str_eq(site_why(), "no schemas on disk, waiting for etcd\n"
				     "etcd is down: refused\n");
}
END_TEST

START_TEST(an_empty_store_that_answered_is_ready)
{
	LIST_NOTHING(1);
	ck_assert(site_is_ready());
}
END_TEST

START_TEST(what_runs_from_disk_is_ready)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_until("a.running.proven", "true");
	site_restart();
	ck_assert(site_is_ready());
	ck_assert_str_eq(site_why(), "1 schema runs from disk, waiting for etcd\n");
}
END_TEST

START_TEST(a_wanted_schema_without_a_generation_is_not_ready)
{
	LIST(9, {"a", 1, running("1.0.0", "missing", NULL)},
	     {"b", 2, marking("1.0.0", 1, NULL)});
	ck_assert(!site_is_ready());
	ck_assert_ptr_nonnull(strstr(site_why(), "a: rejected: a:2:6: "));
	site_put("a", 10, marking("1.0.1", 1, NULL));
	ck_assert(site_is_ready());
	site_put("a", 11, running("1.0.2", "missing", NULL));
	ck_assert(site_is_ready()); /* 1.0.1 runs on */
}
END_TEST

START_TEST(what_was_refused_and_never_served_here_is_settled)
{
	ck_assert(!site_is_settled());
	LIST(9, {"a", 1, running("1.0.0", "missing", NULL)},
	     {"b", 2, marking("1.0.0", 1, NULL)});
	ck_assert(!site_is_ready());
	ck_assert(site_is_settled());
}
END_TEST

START_TEST(a_node_without_a_source_waits_for_nobody)
{
	site.options.source = "none";
	site_restart();
	ck_assert(site_is_ready());
}
END_TEST

/* ---- news ---- */

START_TEST(a_status_that_does_not_change_is_no_news)
{
	LIST(9, {"a", 1, marking("1.0.0", 1, NULL)});
	site_until("a.running.proven", "true");
	site_turn();
	int told = site.told;
	LIST(9, {"a", 1, marking("1.0.0", 1, NULL)});
	for (int64_t revision = 10; revision < 20; revision++) {
		site.sink.proved(site.sink.arg, revision);
		site_call_times("a", 3);
		site_turn();
	}
	site_says(".proved_revision", "19");
	ck_assert_int_le(site.told, told + 1); /* the list ends the wait for it */
	site_put("a", 20, marking("1.1.0", 2, NULL));
	site_turn();
	ck_assert_int_gt(site.told, told);
}
END_TEST

START_TEST(changes_of_one_turn_are_told_once)
{
	site_turn();
	int told = site.told;
	site_put("a", 1, running("1.0.0", "missing", NULL));
	site_put("b", 2, running("1.0.0", "missing", NULL));
	site_put("c", 3, running("1.0.0", "missing", NULL));
	site_turn();
	ck_assert_int_eq(site.told, told + 1);
}
END_TEST

START_TEST(a_hundred_findings_fit_into_a_status)
{
	char text[8192] = "version: \"1.0.0\"\ntype: sequence\nchildren:\n";
	for (int i = 0; i < 100; i++)
		strcat(text, "  - ref: missing\n");
	site_put("a", 1, text);
	site_says("a.attempted.errors.15.line", "19");
	site_says("a.attempted.errors.16.line", "-");
}
END_TEST

START_TEST(the_metrics_have_their_heads)
{
	site_put("a", 1, marking("1.0.0", 1, NULL));
	site_counts("# TYPE flume_schema_update_total counter");
	site_counts("# TYPE flume_schema_last_update_successful gauge");
	site_counts("# TYPE flume_schema_last_update_success_timestamp_seconds gauge");
	site_counts("# TYPE flume_schema_generation gauge");
	site_counts("flume_schema_generation{schema=\"a\"} 1");
	site_counts("flume_schema_last_update_successful{schema=\"a\"} 1");
	site_counts("# TYPE flume_source_up gauge");
}
END_TEST

START_TEST(the_metrics_say_what_serves_and_what_is_the_matter)
{
	char line[200];
	site_put("a", 1, marking("1.0 \\\"b\\\\", 1, NULL));
	site_says("a.state", "running");
	snprintf(
		line, sizeof line,
		"flume_schema_info{schema=\"a\",version=\"1.0 \\\"b\\\\\",digest=\"%s\"} 1",
		site_status("a.running.digest"));
	site_counts(line);
	site_counts("flume_schema_state{schema=\"a\",state=\"running\",reason=\"\"} 1");
	site_counts("flume_ready 1");
	site_put("a", 2, marking("1.1.0", 2, CASE_GETS(1)));
	site_until("a.state", "rejected");
	site_counts("flume_schema_state{schema=\"a\",state=\"rejected\",reason=\"\"} 1");
	site_counts(line);
	site_put("a", 3, marking("1.1.0", 2, CASE_GETS(1)));
	site_counts("flume_schema_state{schema=\"a\",state=\"held\",reason=\"known-bad\"} 1");
	site_put("b", 4, running("1.0.0", "missing", NULL));
	site_counts("flume_ready 0");
}
END_TEST

START_TEST(counters_of_changes_begin_with_0)
{
	site_put("a", 1, marking("1.0.0", 1, NULL));
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"applied\"} 1");
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"rejected\"} 0");
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"held\"} 0");
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"rolled_back\"} 0");
}
END_TEST

Suite *suite_engine_status(void)
{
	Suite *suite = suite_create("engine_status");
	TCase *shape = site_case(suite, "shape");
	tcase_add_test(shape, the_status_has_the_documented_shape);
	tcase_add_test(shape, the_link_is_told);
	tcase_add_test(shape, a_hundred_findings_fit_into_a_status);
	tcase_add_test(shape, the_metrics_have_their_heads);
	tcase_add_test(shape, the_metrics_say_what_serves_and_what_is_the_matter);
	tcase_add_test(shape, counters_of_changes_begin_with_0);
	TCase *ready = site_case(suite, "ready");
	tcase_add_test(ready, a_node_with_nothing_waits_for_its_source);
	tcase_add_test(ready, an_empty_store_that_answered_is_ready);
	tcase_add_test(ready, what_runs_from_disk_is_ready);
	tcase_add_test(ready, a_wanted_schema_without_a_generation_is_not_ready);
	tcase_add_test(ready, what_was_refused_and_never_served_here_is_settled);
	tcase_add_test(ready, a_node_without_a_source_waits_for_nobody);
	TCase *news = site_case(suite, "news");
	tcase_add_test(news, a_status_that_does_not_change_is_no_news);
	tcase_add_test(news, changes_of_one_turn_are_told_once);
	return suite;
}
