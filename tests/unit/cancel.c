#include "lib/base/cancel.h"
#include "tests/unit/suites.h"

#include <pthread.h>

#define MS   INT64_C(1000000)
#define HOUR (3600000 * MS)

static int64_t now(void)
{
	const struct flume_clock *clock = flume_clock_real();
	return clock->now_ns(clock->arg);
}

START_TEST(nobody_has_given_up_at_first)
{
	flume_cancel *cancel = flume_cancel_new();
	ck_assert(!flume_cancel_requested(cancel));
	flume_cancel_request(cancel);
	ck_assert(flume_cancel_requested(cancel));
	flume_cancel_request(cancel);
	ck_assert(flume_cancel_requested(cancel));
	ck_assert_ptr_null(flume_cancel_free(cancel));
}
END_TEST

START_TEST(no_token_is_never_requested)
{
	flume_cancel_request(NULL);
	ck_assert(!flume_cancel_requested(NULL));
	ck_assert_ptr_null(flume_cancel_free(NULL));
}
END_TEST

START_TEST(a_sleep_lasts_until_its_time)
{
	flume_cancel *cancel = flume_cancel_new();
	int64_t until = now() + 2 * MS;
	ck_assert_int_eq(cancel_sleep(until, cancel), FLUME_OK);
	ck_assert_int_ge(now(), until);
	until = now() + 2 * MS;
	ck_assert_int_eq(cancel_sleep(until, NULL), FLUME_OK);
	ck_assert_int_ge(now(), until);
	flume_cancel_free(cancel);
}
END_TEST

START_TEST(a_time_that_has_passed_is_no_sleep)
{
	static const int64_t past[] = {0, 1, -1, INT64_MIN};
	flume_cancel *cancel = flume_cancel_new();
	for (size_t i = 0; i < sizeof past / sizeof *past; i++) {
		ck_assert_int_eq(cancel_sleep(past[i], NULL), FLUME_OK);
		ck_assert_int_eq(cancel_sleep(past[i], cancel), FLUME_OK);
	}
	flume_cancel_free(cancel);
}
END_TEST

START_TEST(who_was_cancelled_before_does_not_sleep)
{
	flume_cancel *cancel = flume_cancel_new();
	flume_cancel_request(cancel);
	ck_assert_int_eq(cancel_sleep(now() + HOUR, cancel), FLUME_CANCELLED);
	ck_assert_int_eq(cancel_sleep(INT64_MAX, cancel), FLUME_CANCELLED);
	flume_cancel_free(cancel);
}
END_TEST

static void *sleep_long(void *arg)
{
	const struct flume_clock *clock = flume_clock_real();
	return clock->sleep(clock->arg, now() + HOUR, arg) == FLUME_CANCELLED ? arg : NULL;
}

START_TEST(a_request_wakes_all_sleepers_at_once)
{
	pthread_t sleepers[4];
	flume_cancel *cancel = flume_cancel_new();
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&sleepers[i], NULL, sleep_long, cancel), 0);
	flume_cancel_request(cancel);
	for (int i = 0; i < 4; i++) {
		void *woken;
		pthread_join(sleepers[i], &woken);
		ck_assert_ptr_eq(woken, cancel);
	}
	flume_cancel_free(cancel);
}
END_TEST

START_TEST(the_real_clock_never_goes_back)
{
	int64_t before = now();
	for (int i = 0; i < 1000; i++) {
		int64_t next = now();
		ck_assert_int_ge(next, before);
		before = next;
	}
}
END_TEST

Suite *suite_cancel(void)
{
	Suite *suite = suite_create("cancel");
	TCase *tc = tcase_create("cancel");
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, nobody_has_given_up_at_first);
	tcase_add_test(tc, no_token_is_never_requested);
	tcase_add_test(tc, a_sleep_lasts_until_its_time);
	tcase_add_test(tc, a_time_that_has_passed_is_no_sleep);
	tcase_add_test(tc, who_was_cancelled_before_does_not_sleep);
	tcase_add_test(tc, a_request_wakes_all_sleepers_at_once);
	tcase_add_test(tc, the_real_clock_never_goes_back);
	suite_add_tcase(suite, tc);
	return suite;
}
