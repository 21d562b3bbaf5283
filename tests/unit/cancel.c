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

/* ---- followers ---- */

START_TEST(a_follower_is_requested_with_the_one_it_follows)
{
	flume_cancel follower, second, *cancel = flume_cancel_new();
	cancel_init(&follower);
	cancel_init(&second);
	cancel_follow(&follower, cancel);
	cancel_follow(&second, &follower); /* and so on down */
	ck_assert(!flume_cancel_requested(&second));
	flume_cancel_request(cancel);
	ck_assert(flume_cancel_requested(&follower));
	ck_assert(flume_cancel_requested(&second));
	cancel_unfollow(&second);
	cancel_unfollow(&follower);
	cancel_fini(&second);
	cancel_fini(&follower);
	flume_cancel_free(cancel);
}
END_TEST

START_TEST(a_follower_can_be_requested_alone)
{
	flume_cancel one, two, *cancel = flume_cancel_new();
	cancel_init(&one);
	cancel_init(&two);
	cancel_follow(&one, cancel);
	cancel_follow(&two, cancel);
	flume_cancel_request(&one);
	ck_assert(flume_cancel_requested(&one));
	ck_assert(!flume_cancel_requested(&two));
	ck_assert(!flume_cancel_requested(cancel));
	cancel_unfollow(&one);
	cancel_unfollow(&two);
	cancel_fini(&one);
	cancel_fini(&two);
	flume_cancel_free(cancel);
}
END_TEST

START_TEST(who_follows_too_late_is_requested_at_once)
{
	flume_cancel follower, *cancel = flume_cancel_new();
	flume_cancel_request(cancel);
	cancel_init(&follower);
	cancel_follow(&follower, cancel);
	ck_assert(flume_cancel_requested(&follower));
	cancel_unfollow(&follower);
	cancel_fini(&follower);
	flume_cancel_free(cancel);
}
END_TEST

START_TEST(who_follows_no_longer_is_left_alone)
{
	flume_cancel follower[3], *cancel = flume_cancel_new();
	for (int i = 0; i < 3; i++) {
		cancel_init(&follower[i]);
		cancel_follow(&follower[i], cancel);
	}
	cancel_unfollow(&follower[1]); /* from the middle of the list */
	flume_cancel_request(cancel);
	ck_assert(flume_cancel_requested(&follower[0]));
	ck_assert(!flume_cancel_requested(&follower[1]));
	ck_assert(flume_cancel_requested(&follower[2]));
	cancel_unfollow(&follower[0]);
	cancel_unfollow(&follower[2]);
	flume_cancel_free(cancel); /* and may outlive it */
	flume_cancel_request(&follower[1]);
	ck_assert(flume_cancel_requested(&follower[1]));
	for (int i = 0; i < 3; i++)
		cancel_fini(&follower[i]);
}
END_TEST

START_TEST(nobody_can_be_followed)
{
	flume_cancel follower;
	cancel_init(&follower);
	cancel_follow(&follower, NULL);
	ck_assert(!flume_cancel_requested(&follower));
	cancel_unfollow(&follower);
	cancel_fini(&follower);
}
END_TEST

static void *wait_long(void *arg)
{
	cancel_wait(arg);
	return arg;
}

START_TEST(a_request_wakes_those_who_sleep_on_a_follower)
{
	pthread_t sleeper, waiter;
	flume_cancel follower, *cancel = flume_cancel_new();
	void *woken;
	cancel_init(&follower);
	cancel_follow(&follower, cancel);
	ck_assert_int_eq(pthread_create(&sleeper, NULL, sleep_long, &follower), 0);
	ck_assert_int_eq(pthread_create(&waiter, NULL, wait_long, &follower), 0);
	flume_cancel_request(cancel);
	pthread_join(sleeper, &woken);
	ck_assert_ptr_eq(woken, &follower);
	pthread_join(waiter, NULL);
	cancel_unfollow(&follower);
	cancel_fini(&follower);
	flume_cancel_free(cancel);
}
END_TEST

static void *come_and_go(void *arg)
{
	for (int i = 0; i < 2000; i++) {
		flume_cancel follower;
		cancel_init(&follower);
		cancel_follow(&follower, arg);
		cancel_unfollow(&follower);
		cancel_fini(&follower);
	}
	return NULL;
}

START_TEST(followers_come_and_go_while_it_is_requested)
{
	pthread_t threads[3];
	flume_cancel *cancel = flume_cancel_new();
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, come_and_go, cancel), 0);
	for (int i = 0; i < 500; i++)
		flume_cancel_request(cancel);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
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
	tcase_add_test(tc, a_follower_is_requested_with_the_one_it_follows);
	tcase_add_test(tc, a_follower_can_be_requested_alone);
	tcase_add_test(tc, who_follows_too_late_is_requested_at_once);
	tcase_add_test(tc, who_follows_no_longer_is_left_alone);
	tcase_add_test(tc, nobody_can_be_followed);
	tcase_add_test(tc, a_request_wakes_those_who_sleep_on_a_follower);
	tcase_add_test(tc, followers_come_and_go_while_it_is_requested);
	tcase_add_test(tc, the_real_clock_never_goes_back);
	suite_add_tcase(suite, tc);
	return suite;
}
