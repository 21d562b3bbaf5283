/* Canaries on threads of their own, and what becomes of a thread that does not come back. */
#include "agent/engine/trial.h"

#include "tests/unit/engine_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

#define LIMIT INT64_C(20000000000)
#define QUICK INT64_C(50000000)

static struct trials *trials;
static int verdicts, passes;
static char last[400];

static void open_trials(void)
{
	trials = trials_new(site.loop, NULL);
	ck_assert_ptr_nonnull(trials);
	verdicts = passes = 0;
	last[0] = '\0';
}

static void close_trials(void)
{
	trials = trials_free(trials);
}

static void note(void *arg, const struct flume_err *err)
{
	(void)arg;
	verdicts++;
	passes += !err;
	snprintf(last, sizeof last, "%s", err ? err->text : "");
}

static flume_change *prepare(const char *id, const char *text)
{
	flume_schema *schema;
	flume_change *change;
	ck_assert_int_eq(
		flume_schema_parse(&schema, text, strlen(text), FLUME_YAML, NULL, NULL), 0);
	ck_assert_int_eq(flume_factory_prepare(site.factory, id, schema, &change, NULL), 0);
	flume_schema_unref(schema);
	return change;
}

/* The change is freed at once: a trial keeps what it needs. */
static struct trial *start_within(const char *text, const struct trial_limits *limits)
{
	flume_change *change = prepare("a", text);
	ck_assert(trial_needed(change));
	struct trial *trial =
		trial_start(trials, change, limits, &(struct trial_calls){.done = note});
	ck_assert_ptr_nonnull(trial);
	flume_change_free(change);
	return trial;
}

static struct trial *start(const char *text, int64_t case_limit_ns)
{
	return start_within(text,
			    &(struct trial_limits){.case_ns = case_limit_ns, .all_ns = LIMIT});
}

static const char *hanging(void)
{
	return running("1.0.0", "gate", "cases: [{name: it hangs, input: {}}]");
}

static void until(const atomic_int *count, int n)
{
	int64_t end = loop_now() + LIMIT;
	while (atomic_load(count) < n) {
		ck_assert_msg(loop_now() < end, "%d of %d", atomic_load(count), n);
		loop_step(site.loop, 10);
	}
}

static void until_verdicts(int n)
{
	int64_t end = loop_now() + LIMIT;
	while (verdicts < n) {
		ck_assert_msg(loop_now() < end, "%d of %d verdicts", verdicts, n);
		loop_step(site.loop, 10);
	}
	ck_assert_int_eq(verdicts, n);
}

START_TEST(a_verdict_comes_on_the_loop_and_not_before)
{
	start(marking("1.0.0", 1, CASE_GETS(1)), LIMIT);
	ck_assert_int_eq(verdicts, 0);
	until_verdicts(1);
	ck_assert_int_eq(passes, 1);
	start(marking("1.0.0", 1, CASE_GETS(2)), LIMIT);
	until_verdicts(2);
	ck_assert_int_eq(passes, 1);
	ck_assert_str_eq(last, "case 'the mark': made_by: expected 2, got 1");
}
END_TEST

START_TEST(a_schema_without_cases_needs_none)
{
	flume_change *change = prepare("a", marking("1.0.0", 1, LONG_PROBATION));
	ck_assert(!trial_needed(change));
	flume_change_free(change);
}
END_TEST

START_TEST(a_case_that_ignores_its_limit_has_its_verdict_all_the_same)
{
	start(hanging(), QUICK);
	until_verdicts(1);
	ck_assert_int_eq(passes, 0);
	ck_assert_ptr_nonnull(strstr(last, "case 'it hangs': took "));
	ck_assert_ptr_nonnull(strstr(last, "at most 50 ms allowed, and has not come back"));
	sem_post(&site.gate);
	site_turn();
	ck_assert_int_eq(verdicts, 1);
}
END_TEST

START_TEST(many_cases_have_a_limit_together)
{
	start_within(running("1.0.0", "nap", "max_latency: 1000h, cases: [{input: {}}]"),
		     &(struct trial_limits){.case_ns = LIMIT, .all_ns = QUICK});
	until_verdicts(1);
	ck_assert_str_eq(last, "the cases took longer than 0.05 s together");
}
END_TEST

START_TEST(lost_threads_do_not_take_the_place_of_others)
{
	for (int i = 0; i < 6; i++)
		start(hanging(), QUICK);
	until(&site.at_gate, 6);
	until_verdicts(6);
	start(marking("1.0.0", 1, CASE_GETS(1)), LIMIT);
	until_verdicts(7);
	ck_assert_int_eq(passes, 1);
	for (int i = 0; i < 6; i++)
		sem_post(&site.gate);
}
END_TEST

START_TEST(only_so_many_run_at_a_time)
{
	for (int i = 0; i < 40; i++)
		start(hanging(), LIMIT);
	until(&site.at_gate, 32);
	site_turn();
	ck_assert_int_eq(atomic_load(&site.at_gate), 32);
	for (int i = 0; i < 40; i++)
		sem_post(&site.gate);
	until_verdicts(40);
	ck_assert_int_eq(passes, 40);
	ck_assert_int_eq(atomic_load(&site.at_gate), 40);
}
END_TEST

START_TEST(a_cancelled_trial_gives_no_verdict_and_wakes_its_case)
{
	struct trial *trial = start(running("1.0.0", "nap", "cases: [{input: {}}]"), LIMIT);
	site_turn();
	trial_cancel(trial);
	close_trials(); /* waits for the thread, which would nap for long */
	ck_assert_int_eq(verdicts, 0);
	open_trials();
}
END_TEST

START_TEST(a_queued_trial_can_be_cancelled)
{
	for (int i = 0; i < 32; i++)
		start(hanging(), LIMIT);
	struct trial *queued = start(hanging(), LIMIT);
	until(&site.at_gate, 32);
	trial_cancel(queued);
	for (int i = 0; i < 32; i++)
		sem_post(&site.gate);
	until_verdicts(32);
	ck_assert_int_eq(atomic_load(&site.at_gate), 32);
}
END_TEST

static void start_another(void *arg, const struct flume_err *err)
{
	(void)arg, (void)err;
	verdicts++;
	start(marking("1.0.0", 1, CASE_GETS(1)), LIMIT);
}

START_TEST(a_verdict_may_start_another)
{
	flume_change *change = prepare("a", marking("1.0.0", 1, CASE_GETS(1)));
	trial_start(trials, change, &(struct trial_limits){.case_ns = LIMIT, .all_ns = LIMIT},
		    &(struct trial_calls){.done = start_another});
	flume_change_free(change);
	until_verdicts(2);
}
END_TEST

START_TEST(a_lost_thread_outlives_everything_and_clears_up)
{
	start(hanging(), QUICK);
	until_verdicts(1);
	close_trials();
	site_stop();
	ck_assert_int_eq(atomic_load(&site.freed), 0);
	sem_post(&site.gate);
	int64_t end = loop_now() + LIMIT;
	while (!atomic_load(&site.freed)) /* the last pipeline is gone, and its parts with it */
		ck_assert_int_lt(loop_now(), end);
	site_start();
	open_trials();
}
END_TEST

Suite *suite_trial(void)
{
	Suite *suite = suite_create("trial");
	TCase *tcase = site_case(suite, "threads");
	tcase_add_checked_fixture(tcase, open_trials, close_trials);
	tcase_add_test(tcase, a_verdict_comes_on_the_loop_and_not_before);
	tcase_add_test(tcase, a_schema_without_cases_needs_none);
	tcase_add_test(tcase, a_case_that_ignores_its_limit_has_its_verdict_all_the_same);
	tcase_add_test(tcase, many_cases_have_a_limit_together);
	tcase_add_test(tcase, lost_threads_do_not_take_the_place_of_others);
	tcase_add_test(tcase, only_so_many_run_at_a_time);
	tcase_add_test(tcase, a_cancelled_trial_gives_no_verdict_and_wakes_its_case);
	tcase_add_test(tcase, a_queued_trial_can_be_cancelled);
	tcase_add_test(tcase, a_verdict_may_start_another);
	tcase_add_test(tcase, a_lost_thread_outlives_everything_and_clears_up);
	return suite;
}
