/* Which endpoint is next. */
#include "agent/etcd/ring.h"

#include "tests/unit/suites.h"

#define S INT64_C(1000000000)

static struct etcd_ring r;
static int64_t now;

static void three(void)
{
	r = (struct etcd_ring){.n = 3};
	now = 100 * S;
}

static size_t next(size_t from)
{
	return etcd_ring_next(&r, from, 0, now);
}

static void fails(size_t i)
{
	etcd_ring_failed(&r, i, now, UINT32_MAX);
}

START_TEST(the_others_come_in_their_order)
{
	ck_assert_uint_eq(next(0), 0);
	ck_assert_uint_eq(next(2), 2);
	ck_assert_uint_eq(next(3), 0);
	fails(0);
	ck_assert_uint_eq(r.current, 1);
	fails(2); /* not the current one */
	ck_assert_uint_eq(r.current, 1);
	fails(1);
	ck_assert_uint_ne(r.current, 1);
}
END_TEST

START_TEST(one_that_failed_is_passed_over_for_a_while)
{
	fails(1);
	ck_assert_uint_eq(next(1), 2);
	now += S;
	ck_assert_uint_eq(next(1), 1);
}
END_TEST

START_TEST(the_while_grows_and_work_ends_it)
{
	int64_t before = 0;
	for (int i = 0; i < 10; i++) {
		fails(1);
		int64_t pause = r.places[1].avoid_until - now;
		ck_assert_int_ge(pause, before);
		ck_assert_int_le(pause, 32 * S);
		before = pause;
	}
	ck_assert_int_gt(before, 31 * S);
	etcd_ring_failed(&r, 2, now, 0);
	ck_assert_int_eq(r.places[2].avoid_until - now, S / 2); /* never less than half */
	etcd_ring_worked(&r, 1);
	ck_assert_uint_eq(next(1), 1);
	fails(1);
	ck_assert_int_le(r.places[1].avoid_until - now, S);
}
END_TEST

START_TEST(when_all_failed_it_is_the_one_to_be_avoided_least)
{
	fails(1);
	fails(1);
	now += 1000;
	fails(2);
	fails(0);
	fails(0);
	ck_assert_uint_eq(next(0), 2);
}
END_TEST

START_TEST(a_call_asks_each_once)
{
	fails(1);
	ck_assert_uint_eq(etcd_ring_next(&r, 0, 1, now), 2);
	ck_assert_uint_eq(etcd_ring_next(&r, 0, 5, now), 1); /* although it failed */
	ck_assert_uint_eq(etcd_ring_next(&r, 2, 7, now), 2); /* no other is left */
}
END_TEST

START_TEST(one_alone_is_always_next)
{
	r.n = 1;
	fails(0);
	ck_assert_uint_eq(next(5), 0);
	ck_assert_uint_eq(r.current, 0);
}
END_TEST

START_TEST(there_may_be_sixty_four)
{
	r.n = ETCD_RING_MOST;
	for (size_t i = 0; i < ETCD_RING_MOST - 1; i++)
		fails(i);
	ck_assert_uint_eq(next(0), 63);
	ck_assert_uint_eq(r.current, 63);
	ck_assert_uint_eq(etcd_ring_next(&r, 0, UINT64_C(1) << 63, now), 0);
}
END_TEST

Suite *suite_etcd_ring(void)
{
	Suite *s = suite_create("etcd_ring");
	TCase *c = tcase_create("etcd_ring");
	tcase_add_checked_fixture(c, three, NULL);
	tcase_add_test(c, the_others_come_in_their_order);
	tcase_add_test(c, one_that_failed_is_passed_over_for_a_while);
	tcase_add_test(c, the_while_grows_and_work_ends_it);
	tcase_add_test(c, when_all_failed_it_is_the_one_to_be_avoided_least);
	tcase_add_test(c, a_call_asks_each_once);
	tcase_add_test(c, one_alone_is_always_next);
	tcase_add_test(c, there_may_be_sixty_four);
	suite_add_tcase(s, c);
	return s;
}
