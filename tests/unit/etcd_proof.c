/* How a watch is proved to be alive, and by what another store is known. */
#include "tests/unit/etcd_story.h"
#include "tests/unit/suites.h"

/* ---- proof ---- */

START_TEST(an_idle_watch_is_proved_by_a_read)
{
	story_come_up();
	story_probed(170, 0, 2);
	story_expect(FOLLOW_SAY_PROVED);
	ck_assert_int_eq(story.todo.revision, 170);
	ck_assert_int_eq(story.f.seen, 100); /* never moved by another connection */
	ck_assert_int_ge(etcd_follow_wake(&story.f) - story.now, 9 * S);
	ck_assert_int_le(etcd_follow_wake(&story.f) - story.now, 11 * S);
	story_wake();
	story_expect(FOLLOW_PROBE);
}
END_TEST

START_TEST(a_proof_waits_for_the_events_that_are_on_their_way)
{
	story_come_up();
	story_probed(105, 104, 3);
	story_expect(0);
	EVENTS({102, 2});
	story_expect(FOLLOW_DELIVER);
	EVENTS({104, 1});
	ck_assert_int_eq(story.todo.revision, 105);
	story_expect(FOLLOW_DELIVER | FOLLOW_SAY_PROVED);
}
END_TEST

START_TEST(a_proof_waits_for_a_delete_too)
{
	story_come_up();
	story_probed(105, 0, 1);
	story_expect(0);
	EVENTS({103, 0});
	story_expect(FOLLOW_DELIVER | FOLLOW_SAY_PROVED);
}
END_TEST

START_TEST(a_watch_ahead_of_the_read_is_proved_by_its_order)
{
	story_come_up();
	EVENTS({101, 1}, {107, 1});
	story_expect(FOLLOW_DELIVER);
	story_probed(105, 101, 3);
	story_expect(FOLLOW_SAY_PROVED);
	ck_assert_int_eq(story.todo.revision, 105);
}
END_TEST

START_TEST(a_silent_watch_is_opened_again_from_where_it_was)
{
	story_come_up();
	story_probed(105, 104, 3);
	story_expect(0);
	ck_assert_int_eq(etcd_follow_wake(&story.f), story.now + 3 * S);
	story_wake();
	story_expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	ck_assert_str_eq(story.todo.err.text,
			 "the watch fell silent: the store is at revision 105, "
			 "the watch at 100");
	story_wake();
	story_expect(FOLLOW_OPEN);
	ck_assert_int_eq(story.f.seen, 100);
	story_created(105);
	story_expect(FOLLOW_SAY_UP);
	EVENTS({104, 1});
	story_expect(FOLLOW_DELIVER);
	story_wake();
	story_expect(FOLLOW_PROBE);
	story_probed(105, 0, 3);
	story_expect(FOLLOW_SAY_PROVED);
	story_wake();
	story_probed(107, 107, 3); /* the next time is a first time again */
	story_wake();
	story_expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
}
END_TEST

START_TEST(a_backlog_on_a_slow_line_is_not_silence)
{
	story_come_up();
	story_probed(105, 104, 3);
	for (int i = 0; i < 5; i++) {
		story.now += 2 * S;
		etcd_follow_heard(&story.f, story.now);
		story.todo = etcd_follow_time(&story.f, story.now, 0);
		ck_assert_uint_eq(story.todo.what & FOLLOW_CLOSE, 0);
	}
	story_time_is(story.now + 3 * S);
	ck_assert_uint_ne(story.todo.what & FOLLOW_CLOSE, 0);
}
END_TEST

START_TEST(events_that_do_not_come_even_then_are_lost)
{
	story_come_up();
	story_probed(105, 104, 3);
	story_wake();
	story_expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	story_wake();
	story_created(105);
	story_wake();
	story_probed(106, 104, 3);
	story_wake();
	story_wants_relist(ETCD_LOST, 106);
}
END_TEST

START_TEST(a_stream_that_passes_over_a_change_has_lost_it)
{
	story_come_up();
	story_probed(105, 104, 3);
	EVENTS({106, 1});
	story_wants_relist(ETCD_LOST, 105);
}
END_TEST

START_TEST(a_stream_that_passes_over_a_delete_has_lost_it)
{
	story_come_up();
	story_probed(105, 0, 1);
	EVENTS({106, 1});
	story_wants_relist(ETCD_LOST, 105);
}
END_TEST

START_TEST(progress_past_the_read_tells_too)
{
	story_come_up();
	story_probed(105, 0, 1);
	story_progress(110);
	story_wants_relist(ETCD_LOST, 105);
}
END_TEST

START_TEST(a_message_too_big_for_the_watch_is_left_to_a_list)
{
	story_come_up_proved();
	story.todo =
		etcd_follow_end(&story.f, FLUME_LIMITED, "the reply is too big", story.now, 0);
	story_wants_relist(ETCD_LOST, 100);
}
END_TEST

START_TEST(an_unknown_number_of_keys_is_not_compared)
{
	story.f.keys = -1;
	story_come_up();
	story_probed(105, 0, 1);
	story_expect(FOLLOW_SAY_PROVED);
}
END_TEST

START_TEST(keys_are_counted_as_they_come_and_go)
{
	story_come_up_proved();
	EVENTS({101, 1}, {101, 1}, {102, 2}, {103, 0}, {104, 5});
	story_expect(FOLLOW_DELIVER);
	ck_assert_int_eq(story.f.keys, 3);
	story_wake();
	story_probed(104, 0, 3);
	story_expect(FOLLOW_SAY_PROVED);
}
END_TEST

START_TEST(one_read_without_answer_is_borne_two_are_not)
{
	story_come_up_proved();
	story_wake();
	story_unanswered();
	story_expect(0);
	ck_assert_int_eq(etcd_follow_wake(&story.f), story.now + S);
	story_wake();
	story_expect(FOLLOW_PROBE);
	story_probed(100, 0, 2);
	story_expect(FOLLOW_SAY_PROVED);
	story_wake();
	story_unanswered();
	story_expect(0);
	story_wake();
	story_unanswered();
	story_expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	ck_assert_str_eq(story.todo.err.text, "no answer in time");
}
END_TEST

START_TEST(nothing_is_asked_or_proved_while_the_watch_is_down)
{
	story_come_up();
	story_stream_ends("gone");
	story_probed(105, 0, 2);
	story_expect(0);
	story_wake();
	story_expect(FOLLOW_OPEN);
}
END_TEST

/* ---- another store ---- */

START_TEST(a_member_behind_is_left_and_the_store_is_asked)
{
	story_wake();
	story_created(40);
	story_expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	story_time_is(story.now);
	story_expect(FOLLOW_PROBE);
	story_probed(130, 0, 2);
	story_expect(0);
	story_wake();
	story_expect(FOLLOW_OPEN);
	story_created(130);
	story_expect(FOLLOW_SAY_UP);
}
END_TEST

START_TEST(a_store_that_went_back_is_believed_the_second_time)
{
	story_wake();
	story_created(40);
	story_time_is(story.now);
	story_expect(FOLLOW_PROBE);
	story_probed(40, 0, 2);
	story_expect(0);
	while (!(story.todo.what & FOLLOW_PROBE)) {
		story_wake();
		if (story.todo.what & FOLLOW_OPEN)
			story_created(40);
	}
	story_probed(41, 0, 2);
	ck_assert_uint_ne(story.todo.what & FOLLOW_RELIST, 0);
	ck_assert_int_eq(story.todo.why, ETCD_RESET);
	ck_assert_int_eq(story.todo.revision, 41);
}
END_TEST

START_TEST(a_doubt_is_followed_up_although_nobody_answers)
{
	story_wake();
	story_created(40);
	story_time_is(story.now);
	story_expect(FOLLOW_PROBE);
	story_probed(40, 0, 2);
	while (!(story.todo.what & FOLLOW_PROBE))
		story_wake();
	story_unanswered();
	story_expect(0);
	while (!(story.todo.what & FOLLOW_PROBE))
		story_wake();
	story_probed(41, 0, 2);
	ck_assert_int_eq(story.todo.why, ETCD_RESET);
}
END_TEST

START_TEST(one_read_from_the_past_is_not_believed)
{
	story_come_up();
	story_probed(90, 0, 2);
	story_expect(0);
	story_wake();
	story_expect(FOLLOW_PROBE);
	story_probed(100, 0, 2);
	story_expect(FOLLOW_SAY_PROVED);
	story_wake();
	story_probed(90, 0, 2);
	story_expect(0);
	story_wake();
	story_probed(100, 0, 2);
	story_expect(FOLLOW_SAY_PROVED);
}
END_TEST

START_TEST(a_restored_store_shows_by_its_term_or_its_cluster)
{
	static const struct etcd_probed others[] = {
		{.revision = 150, .count = 2, .cluster_id = 7, .raft_term = 2},
		{.revision = 150, .count = 2, .cluster_id = 8, .raft_term = 3},
	};
	for (size_t i = 0; i < 2; i++) {
		story_begin();
		story_come_up_proved();
		for (int k = 0; k < 2; k++) {
			story_wake();
			story_expect(FOLLOW_PROBE);
			story.todo = etcd_follow_probe(&story.f, &others[i], story.now, 0);
		}
		story_wants_relist(ETCD_RESET, 150);
	}
}
END_TEST

START_TEST(a_watch_that_ran_ahead_of_a_read_under_way_is_no_reset)
{
	story_come_up();
	EVENTS({101, 2}, {102, 2});
	story_expect(FOLLOW_DELIVER);
	story_probed(101, 101, 2);
	story_expect(FOLLOW_SAY_PROVED);
}
END_TEST

Suite *suite_etcd_proof(void)
{
	Suite *s = suite_create("etcd_proof");
	TCase *c = tcase_create("etcd_proof");
	tcase_add_checked_fixture(c, story_begin, story_end);
	tcase_add_test(c, an_idle_watch_is_proved_by_a_read);
	tcase_add_test(c, a_proof_waits_for_the_events_that_are_on_their_way);
	tcase_add_test(c, a_proof_waits_for_a_delete_too);
	tcase_add_test(c, a_watch_ahead_of_the_read_is_proved_by_its_order);
	tcase_add_test(c, a_silent_watch_is_opened_again_from_where_it_was);
	tcase_add_test(c, a_backlog_on_a_slow_line_is_not_silence);
	tcase_add_test(c, events_that_do_not_come_even_then_are_lost);
	tcase_add_test(c, a_stream_that_passes_over_a_change_has_lost_it);
	tcase_add_test(c, a_stream_that_passes_over_a_delete_has_lost_it);
	tcase_add_test(c, progress_past_the_read_tells_too);
	tcase_add_test(c, a_message_too_big_for_the_watch_is_left_to_a_list);
	tcase_add_test(c, an_unknown_number_of_keys_is_not_compared);
	tcase_add_test(c, keys_are_counted_as_they_come_and_go);
	tcase_add_test(c, one_read_without_answer_is_borne_two_are_not);
	tcase_add_test(c, nothing_is_asked_or_proved_while_the_watch_is_down);
	tcase_add_test(c, a_member_behind_is_left_and_the_store_is_asked);
	tcase_add_test(c, a_store_that_went_back_is_believed_the_second_time);
	tcase_add_test(c, a_doubt_is_followed_up_although_nobody_answers);
	tcase_add_test(c, one_read_from_the_past_is_not_believed);
	tcase_add_test(c, a_restored_store_shows_by_its_term_or_its_cluster);
	tcase_add_test(c, a_watch_that_ran_ahead_of_a_read_under_way_is_no_reset);
	suite_add_tcase(s, c);
	return s;
}
