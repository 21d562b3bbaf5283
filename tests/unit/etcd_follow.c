/* When a watch is opened, what of it is delivered, and how it ends. */
#include "tests/unit/etcd_story.h"
#include "tests/unit/suites.h"

/* ---- pauses ---- */

START_TEST(pauses_are_anything_up_to_a_bound_that_doubles)
{
	struct etcd_backoff b = {.least = S / 5, .most = 30 * S};
	int64_t bound = S / 5;
	for (int i = 0; i < 12; i++) {
		struct etcd_backoff low = b, half = b;
		ck_assert_int_eq(etcd_backoff_next(&low, 0), 0);
		ck_assert_int_eq(etcd_backoff_next(&half, UINT32_C(1) << 31), bound / 2);
		int64_t high = etcd_backoff_next(&b, UINT32_MAX);
		ck_assert_int_lt(high, bound);
		ck_assert_int_gt(high, bound - bound / 1000000 - 2);
		bound = bound * 2 > 30 * S ? 30 * S : bound * 2;
	}
	etcd_backoff_reset(&b);
	ck_assert_int_lt(etcd_backoff_next(&b, UINT32_MAX), S / 5);
}
END_TEST

START_TEST(a_dead_store_is_tried_with_growing_pauses_and_told_once)
{
	int64_t bound = S / 5;
	for (unsigned i = 0; i < 10; i++) {
		story_wake();
		story_expect(FOLLOW_OPEN);
		story_stream_ends("Connection refused");
		story_expect(i ? FOLLOW_CLOSE : FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
		if (!i)
			ck_assert_str_eq(story.todo.err.text, "Connection refused");
		ck_assert_int_le(etcd_follow_wake(&story.f) - story.now, bound);
		ck_assert_int_ge(etcd_follow_wake(&story.f) - story.now, bound - 1000);
		bound = bound * 2 > 30 * S ? 30 * S : bound * 2;
	}
}
END_TEST

START_TEST(pauses_begin_anew_after_health)
{
	for (int i = 0; i < 8; i++) {
		story_wake();
		story_stream_ends("Connection refused");
	}
	story_wake();
	story_expect(FOLLOW_OPEN);
	story_created(100);
	story.now += 29 * S;
	story_stream_ends("short life");
	ck_assert_int_gt(etcd_follow_wake(&story.f) - story.now, 29 * S);
	story_wake();
	story_created(100);
	story.now += 30 * S;
	story_stream_ends("long life");
	ck_assert_int_le(etcd_follow_wake(&story.f) - story.now, S / 5);
}
END_TEST

START_TEST(pauses_begin_anew_after_a_proof)
{
	for (int i = 0; i < 8; i++) {
		story_wake();
		story_stream_ends("Connection refused");
	}
	story_come_up_proved();
	story_stream_ends("transfer closed");
	ck_assert_int_le(etcd_follow_wake(&story.f) - story.now, S / 5);
}
END_TEST

START_TEST(an_election_is_waited_for_with_short_pauses_but_not_for_ever)
{
	story_come_up_proved();
	for (int i = 0; i < 8; i++) {
		story_stream_ends("etcdserver: no leader");
		ck_assert_int_le(etcd_follow_wake(&story.f) - story.now, S / 2);
		story_wake();
		story_expect(FOLLOW_OPEN);
	}
	for (int i = 0; i < 8; i++) {
		story_stream_ends("etcdserver: no leader");
		story_wake();
	}
	story_stream_ends("etcdserver: no leader");
	ck_assert_int_gt(etcd_follow_wake(&story.f) - story.now, 20 * S);
}
END_TEST

START_TEST(a_watch_that_is_not_answered_is_given_up)
{
	story_wake();
	story_expect(FOLLOW_OPEN);
	ck_assert_int_eq(etcd_follow_wake(&story.f), story.now + 5 * S);
	story_time_is(story.now + 5 * S - 1);
	story_expect(0);
	story_wake();
	story_expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	ck_assert_int_eq(story.todo.err.code, FLUME_TIMED_OUT);
	ck_assert_str_eq(story.todo.err.text, "no answer to a watch within 5000 ms");
}
END_TEST

START_TEST(up_and_down_alternate)
{
	story_come_up_proved();
	story_stream_ends("gone");
	story_expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	story_wake();
	story_expect(FOLLOW_OPEN);
	story_stream_ends("gone");
	story_expect(FOLLOW_CLOSE);
	story_wake();
	story_created(100);
	story_expect(FOLLOW_SAY_UP);
	story_stream_ends("gone");
	story_expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	story_stream_ends("gone twice");
	story_expect(0);
}
END_TEST

/* ---- events ---- */

START_TEST(it_goes_on_from_the_last_event_and_not_from_the_header)
{
	story_come_up_proved();
	EVENTS({101, 2}, {103, 2});
	story_expect(FOLLOW_DELIVER);
	ck_assert_uint_eq(story.todo.deliver, 2);
	ck_assert_int_eq(story.f.seen, 103);
}
END_TEST

START_TEST(what_was_delivered_is_not_delivered_again)
{
	story_come_up_proved();
	EVENTS({101, 2}, {102, 2});
	story_expect(FOLLOW_DELIVER);
	EVENTS({101, 2}, {102, 2});
	story_expect(0);
	EVENTS({102, 2}, {103, 2});
	ck_assert_uint_eq(story.todo.deliver, 1);
	ck_assert_int_eq(story.f.held[0].kv.mod_revision, 103);
	story_expect(FOLLOW_DELIVER);
}
END_TEST

START_TEST(a_revision_in_fragments_is_delivered_when_it_is_whole)
{
	story_come_up_proved();
	FRAGMENT({101, 2}, {102, 2}, {102, 2});
	ck_assert_uint_eq(story.todo.deliver, 1);
	story_expect(FOLLOW_DELIVER);
	ck_assert_int_eq(story.f.seen, 101);
	FRAGMENT({102, 2});
	story_expect(0);
	story_progress(500);
	story_expect(0);
	ck_assert_int_eq(story.f.seen, 101);
	EVENTS({102, 2}, {103, 2});
	ck_assert_uint_eq(story.todo.deliver, 5);
	story_expect(FOLLOW_DELIVER);
	ck_assert_int_eq(story.f.seen, 103);
}
END_TEST

START_TEST(half_a_revision_dies_with_its_stream)
{
	story_come_up_proved();
	FRAGMENT({101, 2}, {102, 2});
	story_expect(FOLLOW_DELIVER);
	story_stream_ends("gone");
	story_wake();
	story_expect(FOLLOW_OPEN);
	ck_assert_int_eq(story.f.seen, 101);
	story_created(110);
	EVENTS({102, 2}, {102, 2});
	ck_assert_uint_eq(story.todo.deliver, 2);
	story_expect(FOLLOW_DELIVER);
}
END_TEST

START_TEST(progress_moves_the_place_to_go_on_from)
{
	story_come_up_proved();
	story_progress(150);
	story_expect(0);
	ck_assert_int_eq(story.f.seen, 150);
	story_progress(120);
	ck_assert_int_eq(story.f.seen, 150);
}
END_TEST

START_TEST(events_out_of_order_are_a_failure)
{
	story_come_up_proved();
	EVENTS({101, 2}, {103, 2}, {102, 2});
	story_expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	ck_assert_str_eq(story.todo.err.text, "events out of order");
	ck_assert_int_eq(story.f.seen, 100);
}
END_TEST

START_TEST(events_before_the_watch_was_created_are_a_failure)
{
	story_wake();
	EVENTS({101, 1});
	story_expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	ck_assert_int_eq(story.f.seen, 100);
}
END_TEST

/* ---- ends ---- */

START_TEST(a_cancelled_watch_is_closed_although_its_stream_stays_open)
{
	story_wake();
	story_message((struct etcd_message){.kind = ETCD_MESSAGE_CANCELED,
					    .code = FLUME_REFUSED,
					    .text = "permission denied"});
	story_expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	ck_assert_int_eq(story.todo.err.code, FLUME_REFUSED);
}
END_TEST

START_TEST(an_error_in_the_stream_sends_it_to_the_next_endpoint)
{
	story_come_up_proved();
	story_message((struct etcd_message){
		.kind = ETCD_MESSAGE_FAILED, .code = FLUME_IO, .text = "no leader"});
	story_expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	ck_assert_int_eq(story.f.seen, 100);
}
END_TEST

START_TEST(compaction_behind_the_watch_asks_for_a_list)
{
	story_wake();
	story_created(200);
	story_message((struct etcd_message){.kind = ETCD_MESSAGE_COMPACTED, .revision = 180});
	story_wants_relist(ETCD_COMPACTED, 180);
	EVENTS({201, 1});
	story_expect(0);
	story_stream_ends("closed");
	story_expect(0);
}
END_TEST

Suite *suite_etcd_follow(void)
{
	Suite *s = suite_create("etcd_follow");
	TCase *c = tcase_create("etcd_follow");
	tcase_add_checked_fixture(c, story_begin, story_end);
	tcase_add_test(c, pauses_are_anything_up_to_a_bound_that_doubles);
	tcase_add_test(c, a_dead_store_is_tried_with_growing_pauses_and_told_once);
	tcase_add_test(c, pauses_begin_anew_after_health);
	tcase_add_test(c, pauses_begin_anew_after_a_proof);
	tcase_add_test(c, an_election_is_waited_for_with_short_pauses_but_not_for_ever);
	tcase_add_test(c, a_watch_that_is_not_answered_is_given_up);
	tcase_add_test(c, up_and_down_alternate);
	tcase_add_test(c, it_goes_on_from_the_last_event_and_not_from_the_header);
	tcase_add_test(c, what_was_delivered_is_not_delivered_again);
	tcase_add_test(c, a_revision_in_fragments_is_delivered_when_it_is_whole);
	tcase_add_test(c, half_a_revision_dies_with_its_stream);
	tcase_add_test(c, progress_moves_the_place_to_go_on_from);
	tcase_add_test(c, events_out_of_order_are_a_failure);
	tcase_add_test(c, events_before_the_watch_was_created_are_a_failure);
	tcase_add_test(c, a_cancelled_watch_is_closed_although_its_stream_stays_open);
	tcase_add_test(c, an_error_in_the_stream_sends_it_to_the_next_endpoint);
	tcase_add_test(c, compaction_behind_the_watch_asks_for_a_list);
	suite_add_tcase(s, c);
	return s;
}
