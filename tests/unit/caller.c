/* What the request of a call is called, and when nobody can say any more. */
#include "agent/document/caller.h"

#include "tests/unit/suites.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

START_TEST(the_name_goes_with_the_call_and_its_copies)
{
	char name[CALLER_SIZE], longest[CALLER_SIZE + 10];
	struct caller *caller = caller_take();
	struct flume_call call = {0};
	ck_assert_str_eq(caller_name(&call, name), "");
	ck_assert_str_eq(caller_name(NULL, name), "");
	caller_begin(NULL, "order-17", &call);
	ck_assert_uint_eq(call.id, 0);
	memset(longest, 'x', sizeof longest);
	for (size_t len = 0; len < CALLER_SIZE; len++) {
		longest[len] = '\0';
		caller_begin(caller, longest, &call);
		const struct flume_call copy = call;
		ck_assert_str_eq(caller_name(&copy, name), longest);
		longest[len] = 'x';
	}
	caller_give(caller);
}
END_TEST

START_TEST(who_was_left_behind_is_not_given_the_name_of_another)
{
	char name[CALLER_SIZE];
	struct caller *caller = caller_take();
	struct flume_call first = {0}, second = {0};
	caller_begin(caller, "first", &first);
	caller_give(caller);
	ck_assert_str_eq(caller_name(&first, name), "first");
	ck_assert_ptr_eq(caller_take(), caller);
	caller_begin(caller, "second", &second);
	ck_assert_str_eq(caller_name(&first, name), "");
	ck_assert_str_eq(caller_name(&second, name), "second");
	const struct flume_call others = {.user = name};
	ck_assert_str_eq(caller_name(&others, name), "");
	caller_give(caller);
}
END_TEST

START_TEST(a_call_agrees_with_itself_and_the_next_one_anew)
{
	char name[CALLER_SIZE];
	struct caller *caller = caller_take();
	struct flume_call call = {0};
	ck_assert_uint_eq(caller_agree(NULL, 7), 7);
	ck_assert_uint_eq(caller_agree(&call, 7), 7);
	caller_begin(caller, "lines", &call);
	ck_assert_uint_eq(callers_least(9), 9);
	ck_assert_uint_eq(caller_agree(&call, 7), 7);
	ck_assert_uint_eq(caller_agree(&call, 8), 7);
	ck_assert_uint_eq(callers_least(9), 7);
	ck_assert_uint_eq(callers_least(5), 5);
	const struct flume_call before = call;
	caller_next(caller, &call);
	ck_assert_uint_eq(callers_least(9), 7); /* until the next has agreed */
	ck_assert_uint_eq(caller_agree(&call, 8), 8);
	ck_assert_uint_eq(callers_least(9), 8);
	ck_assert_uint_eq(caller_agree(&before, 9), 9);
	ck_assert_str_eq(caller_name(&call, name), "lines");
	ck_assert_str_eq(caller_name(&before, name), "lines");
	caller_end(caller);
	ck_assert_uint_eq(callers_least(9), 9);
	ck_assert_uint_eq(caller_agree(&call, 9), 9);
	ck_assert_uint_eq(callers_least(10), 10);
	caller_give(caller);
}
END_TEST

START_TEST(a_note_is_made_once_and_by_one_call)
{
	struct caller *caller = caller_take();
	struct flume_call call = {0};
	struct caller_note notes[CALLER_NOTES];
	const struct caller_note one = {1, 3}, other = {1, 4};
	ck_assert(caller_note(NULL, &one));
	caller_begin(caller, "", &call);
	for (int turn = 0; turn < 2; turn++) {
		ck_assert_uint_eq(caller_read_notes(&call, notes), 0);
		ck_assert(caller_note(&call, &one));
		ck_assert(!caller_note(&call, &other));
		for (uint32_t of = 2; of <= CALLER_NOTES; of++) {
			const struct caller_note more = {CALLER_NOTE_MOST - of, 255};
			ck_assert(caller_note(&call, &more));
			ck_assert(!caller_note(&call, &more));
		}
		const struct caller_note full = {77, 0};
		ck_assert(caller_note(&call, &full));
		ck_assert_uint_eq(caller_read_notes(&call, notes), CALLER_NOTES);
		ck_assert_uint_eq(notes[0].of, 1);
		ck_assert_uint_eq(notes[0].said, 3);
		ck_assert_uint_eq(notes[1].of, CALLER_NOTE_MOST - 2);
		ck_assert_uint_eq(notes[1].said, 255);
		caller_next(caller, &call);
	}
	caller_give(caller);
}
END_TEST

static struct caller *busy;
static _Atomic(uint64_t) begun;
static atomic_bool over;

/* Each name is its id, again and again. */
static void *begin_often(void *arg)
{
	for (int i = 0; i < 20000; i++) {
		char text[CALLER_SIZE];
		struct flume_call call;
		int n = snprintf(text, sizeof text, "%020d.%020d.%020d.%020d", i, i, i, i);
		ck_assert_int_eq(n, 83);
		caller_begin(busy, text, &call);
		begun = call.id;
	}
	over = true;
	return arg;
}

START_TEST(a_name_is_never_of_two)
{
	pthread_t thread;
	char name[CALLER_SIZE];
	busy = caller_take();
	over = false;
	begun = 0;
	ck_assert_int_eq(pthread_create(&thread, NULL, begin_often, NULL), 0);
	while (!over) {
		const struct flume_call call = {.user = busy, .id = begun};
		caller_name(&call, name);
		for (size_t at = 21; *name && at < 83; at += 21)
			ck_assert_msg(!memcmp(name, name + at, 20), "%s", name);
	}
	pthread_join(thread, NULL);
	caller_give(busy);
}
END_TEST

Suite *suite_caller(void)
{
	Suite *suite = suite_create("caller");
	TCase *t = tcase_create("names");
	tcase_set_timeout(t, 30);
	tcase_add_test(t, the_name_goes_with_the_call_and_its_copies);
	tcase_add_test(t, who_was_left_behind_is_not_given_the_name_of_another);
	tcase_add_test(t, a_name_is_never_of_two);
	tcase_add_test(t, a_call_agrees_with_itself_and_the_next_one_anew);
	tcase_add_test(t, a_note_is_made_once_and_by_one_call);
	suite_add_tcase(suite, t);
	return suite;
}
