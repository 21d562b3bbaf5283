/* When a token is asked for, and how often, in virtual time. */
#include "agent/etcd/auth.h"

#include "tests/unit/suites.h"

#define S INT64_C(1000000000)

static struct etcd_auth a;
static struct etcd_auth_todo todo;
static int64_t now;

/* ---- what happens; pauses are as long as they can be ---- */

static void begin(void)
{
	now = 1000 * S;
	etcd_auth_begin(&a, true, now);
}

static void expect(unsigned what)
{
	ck_assert_msg(todo.what == what, "to do: %#x, not %#x", todo.what, what);
}

static void wake(void)
{
	ck_assert_int_ne(etcd_auth_wake(&a), INT64_MAX);
	if (etcd_auth_wake(&a) > now)
		now = etcd_auth_wake(&a);
	todo = etcd_auth_time(&a, now);
}

static void answered(enum etcd_auth_answer answer)
{
	todo = etcd_auth_answered(&a, answer, now, UINT32_MAX);
}

static void refused(unsigned serial)
{
	todo = etcd_auth_refused(&a, serial, now, UINT32_MAX);
}

static void closed(unsigned serial)
{
	todo = etcd_auth_closed(&a, serial, now, UINT32_MAX);
}

static void get_token(void)
{
	wake();
	expect(AUTH_ASK);
	answered(AUTH_TOKEN);
	ck_assert_uint_eq(todo.what & AUTH_GO, AUTH_GO);
	ck_assert_int_eq(a.phase, AUTH_HOLDING);
}

static int64_t pause(void)
{
	return etcd_auth_wake(&a) - now;
}

/* ---- promises ---- */

START_TEST(without_a_user_nothing_is_ever_asked)
{
	etcd_auth_begin(&a, false, now);
	ck_assert_int_eq(a.phase, AUTH_OPEN);
	ck_assert_int_eq(etcd_auth_wake(&a), INT64_MAX);
	refused(0);
	expect(0);
	ck_assert_int_eq(a.phase, AUTH_OPEN);
}
END_TEST

START_TEST(a_token_is_asked_for_at_once_and_used_until_it_is_refused)
{
	ck_assert_int_eq(pause(), 0);
	get_token();
	ck_assert_uint_eq(a.serial, 1);
	ck_assert_int_eq(etcd_auth_wake(&a), INT64_MAX);
	etcd_auth_taken(&a, 1);
	refused(1);
	expect(AUTH_DROP);
	ck_assert_int_le(pause(), S / 5);
	get_token();
	ck_assert_uint_eq(a.serial, 2);
}
END_TEST

START_TEST(nobody_asks_while_one_is_asking)
{
	wake();
	expect(AUTH_ASK);
	ck_assert_int_eq(etcd_auth_wake(&a), INT64_MAX);
	refused(0);
	expect(0);
	closed(0);
	expect(0);
	todo = etcd_auth_time(&a, now + 100 * S);
	expect(0);
	answered(AUTH_TOKEN);
	expect(AUTH_GO);
}
END_TEST

START_TEST(who_was_refused_with_the_token_before_just_goes_again)
{
	get_token();
	etcd_auth_taken(&a, 1);
	refused(1);
	get_token();
	refused(1);
	expect(0);
	ck_assert_int_eq(a.phase, AUTH_HOLDING);
	etcd_auth_taken(&a, 1); /* a late answer says nothing of the new one */
	ck_assert(!a.worked);
}
END_TEST

START_TEST(tokens_that_never_work_are_asked_for_less_and_less)
{
	int64_t bound = S;
	for (int i = 0; i < 8; i++) {
		get_token();
		refused(a.serial);
		expect(AUTH_DROP);
		ck_assert_int_le(pause(), bound);
		ck_assert_int_ge(pause(), bound - 1000);
		bound = bound * 2 > 30 * S ? 30 * S : bound * 2;
	}
	get_token();
	etcd_auth_taken(&a, a.serial);
	refused(a.serial);
	ck_assert_int_le(pause(), S / 5);
}
END_TEST

START_TEST(late_answers_get_more_time_and_longer_pauses)
{
	static const int within[] = {8000, 16000, 30000, 30000, 30000};
	int64_t bound = S;
	for (size_t i = 0; i < sizeof within / sizeof *within; i++) {
		wake();
		expect(AUTH_ASK);
		ck_assert_int_eq(todo.within_ms, within[i]);
		answered(AUTH_NOTHING);
		expect(AUTH_STOP); /* who waited hears of it, and nobody is told to mend it */
		ck_assert_int_eq(a.phase, AUTH_FAILED);
		ck_assert_int_le(pause(), bound);
		bound *= 2;
	}
	get_token();
	refused(a.serial);
	wake();
	ck_assert_int_eq(todo.within_ms, 8000);
}
END_TEST

START_TEST(a_wrong_password_is_told_once_and_tried_slowly)
{
	for (int i = 0; i < 6; i++) {
		wake();
		expect(AUTH_ASK);
		answered(AUTH_WRONG);
		expect(i ? AUTH_STOP : AUTH_STOP | AUTH_TELL);
		ck_assert_int_ge(pause(), 15 * S);
		ck_assert_int_le(pause(), 315 * S);
	}
	wake();
	answered(AUTH_TOKEN);
	expect(AUTH_GO | AUTH_CALM);
	refused(a.serial);
	wake();
	answered(AUTH_WRONG);
	expect(AUTH_STOP | AUTH_TELL);
	ck_assert_int_le(pause(), 30 * S);
}
END_TEST

START_TEST(another_password_is_tried_at_once)
{
	for (int i = 0; i < 3; i++) {
		wake();
		answered(AUTH_WRONG);
	}
	etcd_auth_hurry(&a, now);
	ck_assert_int_eq(pause(), 0);
	get_token();
	etcd_auth_hurry(&a, now); /* not needed any more */
	ck_assert_int_eq(etcd_auth_wake(&a), INT64_MAX);
}
END_TEST

START_TEST(a_hurry_does_not_shorten_the_pause_of_a_busy_etcd)
{
	wake();
	answered(AUTH_NOTHING);
	etcd_auth_hurry(&a, now);
	ck_assert_int_gt(pause(), 0);
}
END_TEST

START_TEST(users_may_be_switched_off_and_on)
{
	get_token();
	etcd_auth_taken(&a, 1);
	refused(1); /* by an etcd that knows no tokens any more */
	wake();
	answered(AUTH_OFF);
	expect(AUTH_GO);
	ck_assert_int_eq(a.phase, AUTH_OPEN);
	ck_assert_int_eq(etcd_auth_wake(&a), INT64_MAX);
	refused(0); /* on again */
	expect(AUTH_DROP);
	ck_assert_int_le(pause(), S / 5);
	get_token();
}
END_TEST

START_TEST(a_closed_connection_counts_against_the_token_the_second_time)
{
	get_token();
	closed(1);
	expect(0);
	closed(0); /* it carried none */
	closed(7);
	expect(0);
	etcd_auth_taken(&a, 1);
	closed(1);
	expect(0);
	closed(1);
	expect(AUTH_DROP);
	ck_assert_int_eq(a.phase, AUTH_WANTING);
}
END_TEST

START_TEST(answers_that_nobody_waits_for_change_nothing)
{
	answered(AUTH_TOKEN);
	expect(0);
	ck_assert_int_eq(a.phase, AUTH_WANTING);
	get_token();
	answered(AUTH_WRONG);
	expect(0);
	ck_assert_int_eq(a.phase, AUTH_HOLDING);
}
END_TEST

Suite *suite_etcd_auth(void)
{
	Suite *s = suite_create("etcd_auth");
	TCase *c = tcase_create("etcd_auth");
	tcase_add_checked_fixture(c, begin, NULL);
	tcase_add_test(c, without_a_user_nothing_is_ever_asked);
	tcase_add_test(c, a_token_is_asked_for_at_once_and_used_until_it_is_refused);
	tcase_add_test(c, nobody_asks_while_one_is_asking);
	tcase_add_test(c, who_was_refused_with_the_token_before_just_goes_again);
	tcase_add_test(c, tokens_that_never_work_are_asked_for_less_and_less);
	tcase_add_test(c, late_answers_get_more_time_and_longer_pauses);
	tcase_add_test(c, a_wrong_password_is_told_once_and_tried_slowly);
	tcase_add_test(c, another_password_is_tried_at_once);
	tcase_add_test(c, a_hurry_does_not_shorten_the_pause_of_a_busy_etcd);
	tcase_add_test(c, users_may_be_switched_off_and_on);
	tcase_add_test(c, a_closed_connection_counts_against_the_token_the_second_time);
	tcase_add_test(c, answers_that_nobody_waits_for_change_nothing);
	suite_add_tcase(s, c);
	return s;
}
