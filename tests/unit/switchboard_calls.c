/* A document that asks the switches of a node more than once, while they change. */
#include "agent/document/caller.h"
#include "tests/unit/board_fixture.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/reading.h"
#include "tests/unit/suites.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static struct caller *caller;
static struct flume_call call;

static void open_call(void)
{
	board_open();
	caller = caller_take();
	call = (struct flume_call){0};
	caller_begin(caller, "request", &call);
}

static void close_call(void)
{
	caller_give(caller);
	board_close();
}

#define ASK(slot) ask_board(slot, "{\"id\":1}", &call)

START_TEST(a_document_hears_of_one_version_however_often_it_asks)
{
	struct switch_slot *s = slot_of("s"), *t = slot_of("t"), *later = slot_of("later");
	board_put("s", ALL_IN_A);
	board_put("t", ALL_IN_A);
	ck_assert_str_eq(ASK(s), "a weight");
	board_put("s", ALL_IN_B);
	board_put("t", ALL_IN_B);
	board_put("later", ALL_IN_B);
	for (int i = 0; i < 3; i++)
		switchboard_tidy(board);
	ck_assert_str_eq(ASK(s), "a weight");
	ck_assert_str_eq(ASK(t), "a weight"); /* as it was when the first was asked */
	ck_assert_str_eq(ASK(later), "none ");
	switchboard_remove(board, "s");
	ck_assert_str_eq(ASK(s), "a weight");
	const struct flume_call left_behind = call;
	caller_next(caller, &call);
	ck_assert_str_eq(ASK(s), "none ");
	ck_assert_str_eq(ASK(t), "b weight");
	ck_assert_str_eq(ask_board(t, "{\"id\":1}", &left_behind), "b weight");
}
END_TEST

START_TEST(labels_that_change_below_a_document_do_not_count_for_it)
{
	struct switch_slot *s = slot_of("s");
	board_put("s", "{variants: {new: 100, old: 0}, default: old, where: {zone: a}}");
	ck_assert_str_eq(ASK(s), "new weight");
	ck_assert_int_eq(switchboard_set_labels(board, NULL), 0);
	ck_assert_str_eq(ASK(s), "new weight");
	caller_next(caller, &call);
	ck_assert_str_eq(ASK(s), "old elsewhere");
}
END_TEST

START_TEST(who_began_with_a_switch_hears_of_the_others_as_they_were)
{
	struct switch_slot *s = slot_of("s"), *t = slot_of("t");
	struct switch_answer answer;
	struct document *document = read_document("{\"id\":1}");
	board_put("s", ALL_IN_A);
	board_put("t", ALL_IN_A);
	struct ab_switch *sw = switchboard_dup(board, "s");
	uint32_t generation = switchboard_generation(board);
	board_put("s", ALL_IN_B);
	board_put("t", ALL_IN_B);
	switch_ask_as(s, sw, generation, &call, document, &answer);
	ck_assert_str_eq(answer.variant, "a");
	ck_assert_str_eq(ASK(s), "a weight");
	ck_assert_str_eq(ASK(t), "a weight");
	expect_counts("s.a.weight=1 s.b.weight=0 t.a.weight=1 t.b.weight=0 ");
	document_free(document);
	ab_unref(sw);
}
END_TEST

/* What nobody can ask is not kept, and what is kept has a bound. */
START_TEST(of_what_was_there_only_that_is_kept_which_a_call_has_heard_of)
{
	struct switch_slot *s = slot_of("s");
	board_put("s", ALL_IN_A);
	ASK(s);
	for (int i = 0; i < 5; i++)
		board_put("s", ALL_IN_B);
	long before = memory_alive();
	switchboard_tidy(board);
	switchboard_tidy(board);
	ck_assert_int_eq(memory_alive(), before);
	caller_end(caller);
	switchboard_tidy(board);
	ck_assert_int_lt(memory_alive(), before);
	expect_counts("s.a.weight=1 s.b.weight=0 ");
	caller_next(caller, &call);
	ck_assert_str_eq(ASK(s), "b weight");
	for (int i = 0; i < 100; i++)
		board_put("s", ALL_IN_A);
	before = memory_alive();
	for (int i = 0; i < 100; i++)
		board_put("s", ALL_IN_A);
	ck_assert_int_eq(memory_alive(), before);
	ck_assert_str_eq(ASK(s), "a weight"); /* the oldest that is left */
	expect_counts("s.a.weight=1 s.b.weight=1 ");
}
END_TEST

START_TEST(a_document_is_counted_once_by_what_it_got_first)
{
	struct switch_slot *s = slot_of("s"), *t = slot_of("t");
	board_put("s", HALVES);
	board_put("t", ALL_IN_A);
	for (int i = 0; i < 20; i++) {
		char json[40];
		snprintf(json, sizeof json, "{\"id\":%d}", i);
		ask_board(s, json, &call);
		ASK(t);
	}
	ck_assert_uint_eq(ratio_of("s").keys, 1);
	expect_counts("s.a.weight=0 s.b.weight=1 t.a.weight=1 t.b.weight=0 ");
	caller_next(caller, &call);
	ASK(t);
	expect_counts("s.a.weight=0 s.b.weight=1 t.a.weight=2 t.b.weight=0 ");
}
END_TEST

static void expect_told(const char *wanted)
{
	char told[SWITCHBOARD_TOLD];
	switchboard_told(board, &call, told);
	ck_assert_str_eq(told, wanted);
}

START_TEST(what_a_document_was_told_can_be_had_as_far_as_there_is_room)
{
	char name[AB_NAME] = "";
	memset(name, 'x', 120);
	expect_told("");
	board_put(name, ALL_IN_A);
	board_put("s", ALL_IN_A);
	board_put("t", "{by: none, variants: {a: 0, b: 100}, default: a}");
	slot_of("u");
	ASK(slot_of("t"));
	ASK(slot_of("u"));
	ASK(slot_of("s"));
	board_put("s", "{variants: {c: 100}, default: c}");
	ASK(slot_of("s"));
	expect_told("t=a, s=a");
	ASK(slot_of(name));
	expect_told("t=a, s=a, ...");
	caller_next(caller, &call);
	expect_told("");
	for (int i = 0; i < 100; i++) { /* more names than there was room for at first */
		snprintf(name, sizeof name, "n%d", i);
		board_put(name, ALL_IN_B);
	}
	ASK(slot_of("n99"));
	expect_told("n99=b");
}
END_TEST

/* Somebody else puts it, while a document is on its way. */
static int move_all(const struct flume_call *of, void **item, void *arg, struct flume_err *err)
{
	(void)of, (void)item, (void)arg, (void)err;
	board_put("s", ALL_IN_B);
	return 0;
}

START_TEST(a_switch_that_moves_below_a_document_does_not_split_its_way)
{
	static const struct flume_component moving = {.name = "move", .run = move_all};
	flume_factory *factory = new_document_factory();
	flume_pipeline *pipeline = NULL;
	char found[1000];
	ck_assert_int_eq(switchboard_register(board, factory, NULL), 0);
	ck_assert_int_eq(flume_factory_add(factory, &moving, NULL), 0);
	int rc = build_schema(factory, ASKS_FIRST "  - {ref: move}\n" ASKS_AGAIN, &pipeline,
			      found, sizeof found);
	ck_assert_msg(rc == 0, "%s", found);
	board_put("s", ALL_IN_A);
	void *item = read_document("{\"id\":1}");
	ck_assert_int_eq(flume_pipeline_process(pipeline, &call, &item, NULL), 0);
	expect_document(item, "{\"id\":1,\"way\":\"a\"}");
	expect_counts("s.a.weight=1 s.b.weight=0 ");
	caller_next(caller, &call);
	item = read_document("{\"id\":1}");
	ck_assert_int_eq(flume_pipeline_process(pipeline, &call, &item, NULL), 0);
	expect_document(item, "{\"id\":1,\"way\":\"b\",\"flag\":true}");
	expect_counts("s.a.weight=1 s.b.weight=1 ");
	flume_pipeline_unref(pipeline);
	flume_factory_free(factory);
}
END_TEST

/* ---- threads ---- */

enum { ASKERS = 3, CHANGES = 60 }; /* few enough that none is forgotten below a call */

static atomic_bool ended;
static atomic_uint_least64_t asked;

/* By the same key an answer is of one of the switches that were there, and whole, and so is the next one
 * of the same call. */
static void *ask_on(void *arg)
{
	struct document *document = read_document("{\"id\":1}");
	struct caller *mine = caller_take();
	struct flume_call one = {0};
	caller_begin(mine, "", &one);
	while (!atomic_load(&ended)) {
		struct switch_answer answer, again;
		caller_next(mine, &one);
		if (!switch_ask(arg, &one, document, &answer))
			abort();
		sched_yield();
		if (!switch_ask(arg, &one, document, &again) ||
		    strcmp(answer.variant, again.variant) != 0)
			abort();
		atomic_fetch_add(&asked, 1);
		bool a = !strcmp(answer.variant, "even") && answer.why == AB_WEIGHT;
		bool b = !strcmp(answer.variant, "odd") && answer.why == AB_OVERRIDE;
		if (!a && !b)
			abort();
	}
	caller_give(mine);
	document_free(document);
	return NULL;
}

static void add_up(void *arg, const char *name, const char *variant, enum ab_why why,
		   uint64_t n)
{
	(void)name;
	(void)variant;
	(void)why;
	*(uint64_t *)arg += n;
}

START_TEST(no_answer_is_lost_or_counted_twice_while_switches_change)
{
	pthread_t threads[ASKERS];
	uint64_t counted = 0;
	static const char *const texts[] = {
		"{by: id, variants: {even: 100, other: 0}, default: other}",
		"{by: id, variants: {odd: 0, none: 100}, default: none, overrides: {'1': "
		"odd}}",
	};
	board_put("s", texts[0]);
	atomic_store(&ended, false);
	atomic_store(&asked, 0);
	for (int i = 0; i < ASKERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_on, slot_of("s")), 0);
	for (int i = 1; i <= CHANGES; i++) {
		board_put("s", texts[i % 2]);
		switchboard_tidy(board);
		while (atomic_load(&asked) < (uint64_t)i * 20)
			sched_yield();
	}
	atomic_store(&ended, true);
	for (int i = 0; i < ASKERS; i++)
		pthread_join(threads[i], NULL);
	switchboard_counts(board, add_up, &counted);
	ck_assert_uint_eq(counted, atomic_load(&asked));
}
END_TEST

START_TEST(asking_takes_no_memory)
{
	struct switch_slot *slot = slot_of("s");
	struct switch_answer answer;
	char told[SWITCHBOARD_TOLD];
	struct document *document = read_document("{\"id\":1}");
	board_put("s", HALVES);
	switch_ask(slot, NULL, document, &answer); /* a thread is made known once */
	long before = memory_taken();
	for (int i = 0; i < 100; i++) {
		(void)switch_ask(slot, NULL, document, &answer);
		caller_next(caller, &call);
		(void)switch_ask(slot, &call, document, &answer);
		switchboard_told(board, &call, told);
	}
	ck_assert_int_eq(memory_taken(), before);
	document_free(document);
}
END_TEST

Suite *suite_switchboard_calls(void)
{
	Suite *suite = suite_create("switchboard_calls");
	TCase *tests = tcase_create("a document that asks again");
	tcase_add_checked_fixture(tests, open_call, close_call);
	tcase_add_test(tests, a_document_hears_of_one_version_however_often_it_asks);
	tcase_add_test(tests, labels_that_change_below_a_document_do_not_count_for_it);
	tcase_add_test(tests, who_began_with_a_switch_hears_of_the_others_as_they_were);
	tcase_add_test(tests, of_what_was_there_only_that_is_kept_which_a_call_has_heard_of);
	tcase_add_test(tests, a_document_is_counted_once_by_what_it_got_first);
	tcase_add_test(tests, what_a_document_was_told_can_be_had_as_far_as_there_is_room);
	tcase_add_test(tests, a_switch_that_moves_below_a_document_does_not_split_its_way);
	tcase_add_test(tests, asking_takes_no_memory);
	tcase_add_test(tests, no_answer_is_lost_or_counted_twice_while_switches_change);
	suite_add_tcase(suite, tests);
	return suite;
}
