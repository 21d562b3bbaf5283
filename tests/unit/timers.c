/* The loop's timers, at times that are only said. */
#include "agent/loop/timers.h"

#include "tests/unit/suites.h"

#include <string.h>

static char trace[64]; /* one letter per callback */

static void mark_letter(void *arg)
{
	strcat(trace, arg);
	ck_assert_uint_lt(strlen(trace), sizeof trace - 2);
}

static void fire_all_due(struct timers *ts, int64_t now)
{
	struct loop_timer *t;
	uint64_t last = timers_mark(ts);
	while ((t = timers_take_due(ts, now, last)))
		timers_fire(t);
}

static struct loop_timer *timer_of(struct timers *ts, const char *letter)
{
	static char letters[128][2];
	letters[(int)*letter][0] = *letter;
	return timers_new(ts, mark_letter, letters[(int)*letter]);
}

START_TEST(timers_fire_soonest_first_and_equal_ones_in_the_order_of_arming)
{
	struct timers ts = {0};
	static const struct {
		const char *letter;
		int64_t due;
	} rows[] = {{"e", 60}, {"b", 20}, {"d", 40}, {"a", 10}, {"c", 20}, {"f", 60}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		timers_arm(timer_of(&ts, rows[i].letter), rows[i].due);
	ck_assert_int_eq(timers_next(&ts), 10);
	fire_all_due(&ts, 39);
	ck_assert_str_eq(trace, "abc");
	ck_assert_int_eq(timers_next(&ts), 40);
	fire_all_due(&ts, 60);
	ck_assert_str_eq(trace, "abcdef");
	ck_assert_int_eq(timers_next(&ts), INT64_MAX);
	timers_fini(&ts);
}
END_TEST

START_TEST(arming_an_armed_timer_moves_it)
{
	struct timers ts = {0};
	struct loop_timer *a = timer_of(&ts, "a"), *c = timer_of(&ts, "c");
	timers_arm(a, 10);
	timers_arm(timer_of(&ts, "b"), 50);
	timers_arm(c, 90);
	timers_arm(a, 100);
	timers_arm(c, 20);
	fire_all_due(&ts, 200);
	ck_assert_str_eq(trace, "cba");
	timers_fini(&ts);
}
END_TEST

struct order {
	int64_t due;
	struct loop_timer *timer;
};
static int64_t latest, fired;

static void note_order(void *arg)
{
	const struct order *o = arg;
	ck_assert_int_ge(o->due, latest);
	latest = o->due;
	fired++;
}

START_TEST(many_timers_keep_their_order_whoever_leaves)
{
	enum { N = 2000 };
	static struct order all[N];
	struct timers ts = {0};
	unsigned seed = 7;
	for (int i = 0; i < N; i++) {
		seed = seed * 1103515245 + 12345;
		all[i].due = (int64_t)(seed >> 16) % 256;
		all[i].timer = timers_new(&ts, note_order, &all[i]);
		timers_arm(all[i].timer, all[i].due);
	}
	for (int i = 0; i < N; i += 3)
		timers_free(all[i].timer);
	for (int i = 1; i < N; i += 3)
		timers_disarm(all[i].timer);
	for (int i = 1; i < N; i += 6)
		timers_arm(all[i].timer, all[i].due += 100);
	fire_all_due(&ts, 1000);
	ck_assert_int_eq(fired, N - (N + 2) / 3 - (N + 1) / 3 + (N + 4) / 6);
	timers_fini(&ts);
}
END_TEST

Suite *suite_timers(void)
{
	Suite *s = suite_create("timers");
	TCase *c = tcase_create("timers");
	tcase_add_test(c, timers_fire_soonest_first_and_equal_ones_in_the_order_of_arming);
	tcase_add_test(c, arming_an_armed_timer_moves_it);
	tcase_add_test(c, many_timers_keep_their_order_whoever_leaves);
	suite_add_tcase(s, c);
	return s;
}
