#include "agent/engine/breaker.h"

#include "tests/unit/suites.h"

#include <stdio.h>

#define S INT64_C(1000000000)

static const struct breaker_limits limits = {3, 100 * S};
static struct breaker breaker;

static void setup(void)
{
	breaker = (struct breaker){0};
}

/* Different bad updates, one a second from `from` on. */
static void fail_different(unsigned n, int64_t from)
{
	for (unsigned i = 0; i < n; i++) {
		char digest[32];
		snprintf(digest, sizeof digest, "sha256:%lld-%u", (long long)from, i);
		breaker_bad(&breaker, &limits, digest, from + i * S);
	}
}

START_TEST(it_opens_after_so_many_different_bad_updates)
{
	fail_different(2, 0);
	ck_assert(!breaker_refuses(&breaker, 2 * S));
	fail_different(1, 2 * S);
	ck_assert(breaker_refuses(&breaker, 2 * S));
}
END_TEST

START_TEST(the_same_bad_update_counts_once)
{
	for (int i = 0; i < 20; i++)
		breaker_bad(&breaker, &limits, "sha256:same", i * S);
	ck_assert(!breaker_refuses(&breaker, 20 * S));
}
END_TEST

START_TEST(bad_updates_far_apart_do_not_open_it)
{
	for (int i = 0; i < 20; i++)
		fail_different(1, i * 60 * S);
	ck_assert(!breaker_refuses(&breaker, 20 * 60 * S));
}
END_TEST

START_TEST(it_half_opens_after_the_window)
{
	fail_different(3, 0);
	ck_assert(breaker_refuses(&breaker, 101 * S));
	ck_assert(!breaker_refuses(&breaker, 102 * S));
}
END_TEST

START_TEST(a_good_update_closes_it)
{
	fail_different(3, 0);
	breaker_good(&breaker);
	ck_assert(!breaker_refuses(&breaker, 3 * S));
	fail_different(2, 4 * S);
	ck_assert(!breaker_refuses(&breaker, 6 * S));
}
END_TEST

START_TEST(a_bad_update_opens_a_half_open_one_at_once)
{
	fail_different(3, 0);
	fail_different(1, 200 * S);
	ck_assert(breaker_refuses(&breaker, 200 * S));
	ck_assert(breaker_refuses(&breaker, 299 * S));
	ck_assert(!breaker_refuses(&breaker, 300 * S));
}
END_TEST

START_TEST(a_good_update_does_not_wipe_a_closed_one)
{
	fail_different(2, 0);
	breaker_good(&breaker);
	fail_different(1, 3 * S);
	ck_assert(breaker_refuses(&breaker, 4 * S));
}
END_TEST

START_TEST(any_number_of_bad_updates_fits)
{
	const struct breaker_limits many = {BREAKER_MOST, 100 * S};
	for (int i = 0; i < 3 * BREAKER_MOST; i++) {
		char digest[32];
		snprintf(digest, sizeof digest, "sha256:%d", i);
		breaker_bad(&breaker, &many, digest, i);
		ck_assert(breaker_refuses(&breaker, i) == (i >= BREAKER_MOST - 1));
	}
}
END_TEST

Suite *suite_breaker(void)
{
	Suite *suite = suite_create("breaker");
	TCase *tcase = tcase_create("updates");
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, it_opens_after_so_many_different_bad_updates);
	tcase_add_test(tcase, the_same_bad_update_counts_once);
	tcase_add_test(tcase, bad_updates_far_apart_do_not_open_it);
	tcase_add_test(tcase, it_half_opens_after_the_window);
	tcase_add_test(tcase, a_good_update_closes_it);
	tcase_add_test(tcase, a_bad_update_opens_a_half_open_one_at_once);
	tcase_add_test(tcase, a_good_update_does_not_wipe_a_closed_one);
	tcase_add_test(tcase, any_number_of_bad_updates_fits);
	suite_add_tcase(suite, tcase);
	return suite;
}
