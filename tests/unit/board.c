#include "agent/engine/board.h"

#include "tests/unit/suites.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static struct board *board;

static void setup(void)
{
	board = board_new();
	ck_assert_ptr_nonnull(board);
}

static void teardown(void)
{
	board = board_free(board);
}

static void pin(bool ready, const char *status)
{
	const struct page page = {
		.ready = ready, .why = "why", .status = status, .metrics = "metrics"};
	ck_assert_int_eq(board_pin(board, &page), 0);
}

START_TEST(a_new_board_is_not_ready)
{
	const struct page *page = board_take(board);
	ck_assert(!page->ready);
	ck_assert_str_eq(page->status, "{}");
	board_release(board, page);
}
END_TEST

START_TEST(what_is_pinned_is_what_is_taken)
{
	char status[] = "{\"a\": 1}";
	pin(true, status);
	memset(status, 'x', sizeof status - 1);
	const struct page *page = board_take(board);
	ck_assert(page->ready);
	ck_assert_str_eq(page->why, "why");
	ck_assert_str_eq(page->status, "{\"a\": 1}");
	ck_assert_str_eq(page->metrics, "metrics");
	board_release(board, page);
}
END_TEST

START_TEST(a_page_in_hand_stays_as_it_is)
{
	pin(true, "one");
	const struct page *first = board_take(board);
	const struct page *same = board_take(board);
	pin(false, "two");
	ck_assert_str_eq(first->status, "one");
	board_release(board, first);
	ck_assert_str_eq(same->status, "one");
	board_release(board, same);
}
END_TEST

static atomic_bool over;

static void *read_pages(void *arg)
{
	(void)arg;
	while (!atomic_load(&over)) {
		const struct page *page = board_take(board);
		int a, b;
		if (sscanf(page->status, "%d %d", &a, &b) == 2 && a != b)
			return NULL;
		board_release(board, page);
	}
	return &over;
}

START_TEST(readers_never_see_half_a_page)
{
	pthread_t readers[3];
	void *whole;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&readers[i], NULL, read_pages, NULL), 0);
	for (int i = 0; i < 2000; i++) {
		char status[32];
		snprintf(status, sizeof status, "%d %d", i, i);
		pin(true, status);
	}
	atomic_store(&over, true);
	for (int i = 0; i < 3; i++) {
		pthread_join(readers[i], &whole);
		ck_assert_ptr_eq(whole, &over);
	}
}
END_TEST

Suite *suite_board(void)
{
	Suite *suite = suite_create("board");
	TCase *tcase = tcase_create("pages");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_new_board_is_not_ready);
	tcase_add_test(tcase, what_is_pinned_is_what_is_taken);
	tcase_add_test(tcase, a_page_in_hand_stays_as_it_is);
	tcase_add_test(tcase, readers_never_see_half_a_page);
	suite_add_tcase(suite, tcase);
	return suite;
}
