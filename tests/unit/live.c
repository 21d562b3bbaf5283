#include "lib/base/live.h"
#include "tests/unit/suites.h"

#include <pthread.h>
#include <stdlib.h>

struct thing { /* two halves that belong together, until it is gone */
	struct counted counted;
	long first, second;
};

static atomic_long things;

static struct thing *thing_new(long value)
{
	struct thing *thing = calloc(1, sizeof *thing);
	ck_assert_ptr_nonnull(thing);
	counted_init(&thing->counted);
	thing->first = thing->second = value;
	things++;
	return thing;
}

static void thing_free(struct thing *thing)
{
	thing->first = -1;
	thing->second = -2;
	things--;
	free(thing);
}

static void thing_unref(struct thing *thing)
{
	if (thing && counted_unref(&thing->counted))
		thing_free(thing);
}

START_TEST(the_last_of_the_references_says_so)
{
	struct counted counted;
	counted_init(&counted);
	counted_ref(&counted);
	counted_ref(&counted);
	ck_assert(!counted_unref(&counted));
	ck_assert(!counted_unref(&counted));
	ck_assert(counted_unref(&counted));
}
END_TEST

START_TEST(handles_and_references_end_together)
{
	struct counted counted;
	counted_init(&counted);
	counted_hold(&counted);
	ck_assert(!counted_unref(&counted));
	ck_assert(counted_let_go(&counted));
	counted_init(&counted);
	counted_hold(&counted);
	ck_assert(!counted_let_go(&counted));
	ck_assert(counted_unref(&counted));
}
END_TEST

START_TEST(only_handles_is_idle)
{
	struct counted counted;
	counted_init(&counted);
	ck_assert(!counted_idle(&counted));
	counted_hand_out(&counted);
	ck_assert(counted_idle(&counted));
	counted_hold(&counted);
	ck_assert(counted_idle(&counted));
	counted_ref(&counted);
	ck_assert(!counted_idle(&counted));
	ck_assert(!counted_unref(&counted));
	ck_assert(!counted_let_go(&counted));
	ck_assert(counted_idle(&counted));
	ck_assert(counted_let_go(&counted));
	ck_assert(!counted_idle(&counted)); /* on its way out, which is work too */
}
END_TEST

START_TEST(nothing_there_is_no_reference)
{
	struct live live = {NULL};
	ck_assert_ptr_null(live_ref(&live));
	ck_assert_ptr_null(live_swap(&live, NULL));
	live_settle();
}
END_TEST

START_TEST(a_swap_gives_back_what_was_there)
{
	struct live live = {NULL};
	struct thing *one = thing_new(1), *two = thing_new(2);
	ck_assert_ptr_null(live_swap(&live, &one->counted));
	struct thing *seen = (struct thing *)live_ref(&live);
	ck_assert_ptr_eq(seen, one);
	ck_assert_ptr_eq(live_swap(&live, &two->counted), &one->counted);
	live_settle();
	thing_unref(one);
	ck_assert_int_eq(things, 2); /* `seen` is a reference of its own */
	ck_assert_int_eq(seen->first, 1);
	thing_unref(seen);
	ck_assert_int_eq(things, 1);
	thing_unref((struct thing *)live_swap(&live, NULL));
	ck_assert_int_eq(things, 0);
}
END_TEST

static struct live shared;
static atomic_bool over;

static void *read_on(void *arg)
{
	long *torn = arg;
	while (!over) {
		struct thing *thing = (struct thing *)live_ref(&shared);
		if (!thing)
			continue;
		*torn += thing->first != thing->second;
		thing_unref(thing);
	}
	return NULL;
}

START_TEST(readers_never_see_a_thing_that_is_gone)
{
	pthread_t readers[4];
	over = false;
	long torn[4] = {0};
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&readers[i], NULL, read_on, &torn[i]), 0);
	for (long i = 0; i < 500; i++) {
		struct thing *next = i % 5 ? thing_new(i) : NULL;
		struct thing *old =
			(struct thing *)live_swap(&shared, next ? &next->counted : NULL);
		live_settle();
		thing_unref(old);
	}
	thing_unref((struct thing *)live_swap(&shared, NULL));
	over = true;
	for (int i = 0; i < 4; i++) {
		pthread_join(readers[i], NULL);
		ck_assert_int_eq(torn[i], 0);
	}
	ck_assert_int_eq(things, 0);
}
END_TEST

static void *hold_on(void *arg)
{
	struct thing *thing = arg;
	while (!over)
		;
	thing_unref(thing);
	return NULL;
}

START_TEST(a_swap_does_not_wait_for_who_holds_a_reference)
{
	pthread_t holder;
	over = false;
	struct thing *thing = thing_new(1);
	live_swap(&shared, &thing->counted);
	ck_assert_int_eq(pthread_create(&holder, NULL, hold_on, live_ref(&shared)), 0);
	ck_assert_ptr_eq(live_swap(&shared, NULL), &thing->counted);
	live_settle(); /* for ever, were it to wait */
	thing_unref(thing);
	over = true;
	pthread_join(holder, NULL);
	ck_assert_int_eq(things, 0);
}
END_TEST

Suite *suite_live(void)
{
	Suite *suite = suite_create("live");
	TCase *tc = tcase_create("live");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_last_of_the_references_says_so);
	tcase_add_test(tc, handles_and_references_end_together);
	tcase_add_test(tc, only_handles_is_idle);
	tcase_add_test(tc, nothing_there_is_no_reference);
	tcase_add_test(tc, a_swap_gives_back_what_was_there);
	tcase_add_test(tc, readers_never_see_a_thing_that_is_gone);
	tcase_add_test(tc, a_swap_does_not_wait_for_who_holds_a_reference);
	suite_add_tcase(suite, tc);
	return suite;
}
