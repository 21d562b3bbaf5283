/* Two samples of a node's metrics, and what happened between them. */
#include "agent/cmd/top_print.h"

#include "tests/unit/document_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct top_sample before, now;

static void read_sample(struct top_sample *s, double at, const char *metrics)
{
	ck_assert_int_eq(top_sample_metrics(s, metrics, strlen(metrics)), 0);
	s->at = at;
}

static void read_status(struct top_sample *s, const char *json)
{
	ck_assert_int_eq(top_sample_status(s, json, strlen(json)), 0);
}

static void forget(void)
{
	top_sample_fini(&before);
	top_sample_fini(&now);
}

#define CALLS(name, ok, dropped, failed)                                                   \
	"flume_pipeline_requests_total{schema=\"" name "\",outcome=\"ok\"} " #ok "\n"      \
	"flume_pipeline_requests_total{schema=\"" name "\",outcome=\"dropped\"} " #dropped \
	"\nflume_pipeline_requests_total{schema=\"" name "\",outcome=\"failed\"} " #failed \
	"\n"
#define TIMES(name, one, ten, all, sum)                                                   \
	"flume_pipeline_duration_seconds_bucket{schema=\"" name "\",le=\"0.001\"} " #one  \
	"\nflume_pipeline_duration_seconds_bucket{schema=\"" name "\",le=\"0.01\"} " #ten \
	"\nflume_pipeline_duration_seconds_bucket{schema=\"" name "\",le=\"+Inf\"} " #all \
	"\nflume_pipeline_duration_seconds_sum{schema=\"" name "\"} " #sum "\n"

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-9 + 1e-6 * fabs(b);
}

static struct top_row only_row(void)
{
	struct top_row *rows = top_rates(&before, &now), row = rows[0];
	ck_assert_uint_eq(now.n, 1);
	free(rows);
	return row;
}

START_TEST(rates_are_what_happened_in_between)
{
	read_sample(&before, 10, CALLS("a", 100, 10, 5) TIMES("a", 90, 110, 115, 4.5));
	read_sample(&now, 12, CALLS("a", 300, 30, 15) TIMES("a", 290, 330, 345, 5.5));
	struct top_row row = only_row();
	ck_assert(near(row.rate, 115));
	ck_assert(near(row.errors, 5));
	ck_assert(near(row.dropped, 10));
	ck_assert(near(row.busy, 0.5));
	/* 200 of 230 within a millisecond, 220 within ten */
	ck_assert(near(row.p50, 0.001 * 115 / 200));
	ck_assert(near(row.p99, 0.01)); /* beyond the last bound there is none */
	ck_assert_str_eq(row.now->name, "a");
}
END_TEST

START_TEST(without_calls_no_time_is_told)
{
	read_sample(&before, 1, CALLS("a", 7, 0, 0) TIMES("a", 7, 7, 7, 1));
	read_sample(&now, 2, CALLS("a", 7, 0, 0) TIMES("a", 7, 7, 7, 1));
	struct top_row row = only_row();
	ck_assert(near(row.rate, 0) && row.p50 < 0 && row.p99 < 0 && near(row.busy, 0));
}
END_TEST

START_TEST(counters_that_went_back_began_anew)
{
	read_sample(&before, 1, CALLS("a", 1000, 0, 9) TIMES("a", 1000, 1000, 1000, 50));
	read_sample(&now, 2, CALLS("a", 4, 0, 1) TIMES("a", 4, 5, 5, 0.1));
	struct top_row row = only_row();
	ck_assert(near(row.rate, 5) && near(row.errors, 1) && near(row.busy, 0.1));
	ck_assert(row.p50 > 0 && row.p50 < 0.001);
}
END_TEST

START_TEST(a_pipeline_that_is_new_counts_from_nothing)
{
	before.at = 1;
	read_sample(&now, 1, CALLS("a", 2, 0, 0)); /* and no time has passed */
	ck_assert(isfinite(only_row().rate));
}
END_TEST

START_TEST(the_status_says_what_runs)
{
	read_sample(&now, 1, CALLS("a", 2, 0, 0));
	read_status(&now, "{\"node\":\"n1\",\"schemas\":{"
			  "\"a\":{\"state\":\"probation\",\"running\":{\"version\":\"1.2\","
			  "\"generation\":7}},"
			  "\"b\":{\"state\":\"rejected\"}}}");
	ck_assert_str_eq(now.node, "n1");
	ck_assert_uint_eq(now.n, 2);
	ck_assert_str_eq(now.all[0].state, "probation");
	ck_assert_str_eq(now.all[0].version, "1.2");
	ck_assert(near(now.all[0].generation, 7));
	ck_assert_str_eq(now.all[1].name, "b");
	ck_assert_str_eq(now.all[1].version, "");
}
END_TEST

START_TEST(what_is_not_understood_is_passed_over)
{
	read_sample(&now, 1,
		    "# HELP x y\nup 1\n{}\n}{\n\nflume_pipeline_requests_total{schema=\"a\n"
		    "flume_pipeline_requests_total{schema=\"\",outcome=\"ok\"} 1\n"
		    "flume_pipeline_requests_total{outcome=\"ok\"} 1\n"
		    "flume_pipeline_requests_total{schema=\"a\\\"b\",outcome=\"ok\"} 1\n"
		    "flume_pipeline_requests_total{schema=\"a\",outcome=\"ok\"} NaN\n"
		    "flume_pipeline_requests_total{schema=\"a\",outcome=\"ok\"} -1\n"
		    "flume_pipeline_duration_seconds_bucket{schema=\"c\",le=\"x\"} 1\n"
		    "flume_pipeline_requests_total{outcome=\"ok\",schema=\"c\"} 3");
	ck_assert_uint_eq(now.n, 1);
	ck_assert_str_eq(now.all[0].name, "c");
	ck_assert(near(now.all[0].calls, 3));
	ck_assert_uint_eq(now.all[0].n_buckets, 0);
	read_status(&now, "not JSON");
	read_status(&now, "[1]");
	read_status(&now, "{\"schemas\":[1]}");
	ck_assert_uint_eq(now.n, 1);
}
END_TEST

static void expect_order(enum top_order order, bool reverse, const char *names)
{
	char got[16] = "";
	struct top_row *rows = top_rates(&before, &now);
	top_sort(rows, now.n, order, reverse);
	for (size_t i = 0; i < now.n; i++)
		strcat(got, rows[i].now->name);
	ck_assert_str_eq(got, names);
	free(rows);
}

START_TEST(rows_are_sorted)
{
	read_sample(&now, 1,
		    CALLS("b", 5, 1, 0) CALLS("d", 1, 0, 3) CALLS("a", 5, 1, 0)
			    CALLS("c", 90, 0, 1));
	expect_order(TOP_BY_NAME, false, "abcd");
	expect_order(TOP_BY_NAME, true, "dcba");
	expect_order(TOP_BY_RATE, false, "cabd");
	expect_order(TOP_BY_RATE, true, "dabc");
	expect_order(TOP_BY_ERRORS, false, "dcab");
	expect_order(TOP_BY_DROPPED, false, "abcd");
	expect_order(TOP_BY_P99, false, "abcd");
}
END_TEST

START_TEST(it_is_shown_as_lines_and_as_json)
{
	struct text t = {0};
	read_sample(&before, 10, CALLS("a", 0, 0, 0) TIMES("a", 0, 0, 0, 0));
	read_sample(&now, 12, CALLS("a", 30, 0, 1) TIMES("a", 0, 31, 31, 0.1));
	read_status(
		&now,
		"{\"node\":\"n\\\"1\",\"schemas\":{\"a\":{\"state\":\"running\",\"running\":"
		"{\"version\":\"1\\u001b[2J\",\"generation\":3}}}}");
	struct top_row *rows = top_rates(&before, &now);
	const struct top_view view = {rows, 1, now.node, 2, "now"};
	top_head(&t);
	top_lines(&t, &view);
	expect_within(t.s, "PIPELINE                 STATE  ");
	expect_within(t.s,
		      "\na                        running      1?[2J            3       15.5 ");
	ck_assert_ptr_null(strchr(t.s, '\033'));
	text_fini(&t);
	top_json(&t, &view);
	flume_value *json = NULL;
	ck_assert_int_eq(flume_value_parse(&json, t.s, t.len, FLUME_JSON, NULL, NULL), 0);
	const flume_value *row = flume_value_at(flume_value_get(json, "pipelines"), 0);
	ck_assert_str_eq(flume_value_text(flume_value_get(json, "node")), "n\"1");
	ck_assert_str_eq(flume_value_text(flume_value_get(row, "calls")), "15.500");
	ck_assert_str_eq(flume_value_text(flume_value_get(row, "generation")), "3");
	flume_value_free(json);
	text_fini(&t);
	free(rows);
}
END_TEST

START_TEST(memory_that_runs_out_is_said)
{
	static const char metrics[] =
		CALLS("a", 1, 0, 0) CALLS("b", 1, 0, 0) CALLS("c", 1, 0, 0);
	for (long n = 1;; n++) {
		struct top_sample s = {0};
		memory_fails_at(n);
		int rc = top_sample_metrics(&s, metrics, sizeof metrics - 1);
		bool failed = memory_is_back();
		ck_assert_int_eq(rc, failed ? FLUME_NOMEM : 0);
		top_sample_fini(&s);
		if (!failed)
			break;
	}
}
END_TEST

Suite *suite_top(void)
{
	Suite *suite = suite_create("top");
	TCase *t = tcase_create("top");
	tcase_add_checked_fixture(t, NULL, forget);
	tcase_add_test(t, rates_are_what_happened_in_between);
	tcase_add_test(t, without_calls_no_time_is_told);
	tcase_add_test(t, counters_that_went_back_began_anew);
	tcase_add_test(t, a_pipeline_that_is_new_counts_from_nothing);
	tcase_add_test(t, the_status_says_what_runs);
	tcase_add_test(t, what_is_not_understood_is_passed_over);
	tcase_add_test(t, rows_are_sorted);
	tcase_add_test(t, it_is_shown_as_lines_and_as_json);
	tcase_add_test(t, memory_that_runs_out_is_said);
	suite_add_tcase(suite, t);
	return suite;
}
