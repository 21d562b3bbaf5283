/* The decisions of a watch, in virtual time: what happens is said, and what is to be done is
 * compared. */
#include "agent/etcd/follow.h"

#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>

#define S INT64_C(1000000000)

static struct etcd_follow f;
static struct etcd_todo todo;
static int64_t now;

static void setup(void)
{
	f = (struct etcd_follow){
		.seen = 100,
		.keys = 2,
		.first_ns = 5 * S,
		.prove_ns = 10 * S,
		.behind_ns = 3 * S,
		.backoff = {.least = S / 5, .most = 30 * S},
		.phase = FOLLOW_PAUSED,
		.probe_at = INT64_MAX,
	};
	now = 1000 * S;
}

static void teardown(void)
{
	etcd_follow_fini(&f);
}

/* ---- what happens ---- */

static void expect(unsigned what)
{
	ck_assert_msg(todo.what == what, "to do: %#x, not %#x", todo.what, what);
	if (todo.what & FOLLOW_DELIVER)
		etcd_follow_drop(&f, todo.deliver);
}

static void time_is(int64_t at)
{
	now = at;
	todo = etcd_follow_time(&f, now, UINT32_MAX);
}

/* Waits for what is next. */
static void wake(void)
{
	ck_assert_int_ne(etcd_follow_wake(&f), INT64_MAX);
	time_is(etcd_follow_wake(&f) > now ? etcd_follow_wake(&f) : now);
}

static void message(struct etcd_message m)
{
	todo = etcd_follow_message(&f, &m, now, UINT32_MAX);
	etcd_message_fini(&m);
}

static void created(int64_t revision)
{
	message((struct etcd_message){.kind = ETCD_MESSAGE_CREATED, .revision = revision});
}

struct change {
	int64_t revision;
	int64_t version; /* 0: a delete */
};

/* The header is always far ahead. */
static void events(bool fragment, const struct change *changes, size_t n)
{
	struct etcd_message m = {.kind = ETCD_MESSAGE_EVENTS, .revision = 9999};
	m.fragment = fragment;
	m.events = calloc(n, sizeof *m.events);
	for (; m.n < n; m.n++) {
		m.events[m.n].deleted = !changes[m.n].version;
		m.events[m.n].kv.mod_revision = changes[m.n].revision;
		m.events[m.n].kv.version = changes[m.n].version;
		m.events[m.n].kv.key = strdup("k");
		m.events[m.n].kv.value = strdup("v");
	}
	message(m);
}
#define EVENTS(...)                                   \
	events(false, (struct change[]){__VA_ARGS__}, \
	       sizeof((struct change[]){__VA_ARGS__}) / sizeof(struct change))
#define FRAGMENT(...)                                \
	events(true, (struct change[]){__VA_ARGS__}, \
	       sizeof((struct change[]){__VA_ARGS__}) / sizeof(struct change))

static void progress(int64_t revision)
{
	message((struct etcd_message){.kind = ETCD_MESSAGE_PROGRESS, .revision = revision});
}

static void end(const char *text)
{
	todo = etcd_follow_end(&f, FLUME_IO, text, now, UINT32_MAX);
}

static void probed(int64_t revision, int64_t newest, int64_t count)
{
	struct etcd_probed p = {.revision = revision,
				.newest = newest,
				.count = count,
				.cluster_id = 7,
				.raft_term = 3};
	todo = etcd_follow_probe(&f, &p, now, UINT32_MAX);
}

static void unanswered(void)
{
	struct etcd_probed p = {.code = FLUME_TIMED_OUT, .text = "no answer in time"};
	todo = etcd_follow_probe(&f, &p, now, UINT32_MAX);
}

/* Opened, created, first probe asked. */
static void come_up(void)
{
	wake();
	expect(FOLLOW_OPEN);
	created(f.seen);
	expect(FOLLOW_SAY_UP);
	wake();
	expect(FOLLOW_PROBE);
}

/* ... and answered. */
static void come_up_proved(void)
{
	come_up();
	probed(100, 0, 2);
	expect(FOLLOW_SAY_PROVED);
}

static void wants_relist(enum etcd_relist why, int64_t revision)
{
	expect(FOLLOW_CLOSE | FOLLOW_RELIST);
	ck_assert_int_eq(todo.why, why);
	ck_assert_int_eq(todo.revision, revision);
	ck_assert_int_eq(etcd_follow_wake(&f), INT64_MAX);
}

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
		ck_assert_uint_eq(f.tries, i);
		wake();
		expect(FOLLOW_OPEN);
		end("Connection refused");
		expect(i ? FOLLOW_CLOSE : FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
		if (!i)
			ck_assert_str_eq(todo.err.text, "Connection refused");
		ck_assert_int_le(etcd_follow_wake(&f) - now, bound);
		ck_assert_int_ge(etcd_follow_wake(&f) - now, bound - 1000);
		bound = bound * 2 > 30 * S ? 30 * S : bound * 2;
	}
}
END_TEST

START_TEST(pauses_begin_anew_after_health)
{
	for (int i = 0; i < 8; i++) {
		wake();
		end("Connection refused");
	}
	wake();
	expect(FOLLOW_OPEN);
	created(100);
	now += 29 * S;
	end("short life");
	ck_assert_int_gt(etcd_follow_wake(&f) - now, 29 * S);
	wake();
	created(100);
	now += 30 * S;
	end("long life");
	ck_assert_int_le(etcd_follow_wake(&f) - now, S / 5);
}
END_TEST

START_TEST(a_watch_that_is_not_answered_is_given_up)
{
	wake();
	expect(FOLLOW_OPEN);
	ck_assert_int_eq(etcd_follow_wake(&f), now + 5 * S);
	time_is(now + 5 * S - 1);
	expect(0);
	wake();
	expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	ck_assert_int_eq(todo.err.code, FLUME_TIMED_OUT);
	ck_assert_str_eq(todo.err.text, "no answer to a watch within 5000 ms");
}
END_TEST

START_TEST(up_and_down_alternate)
{
	come_up_proved();
	end("gone");
	expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	wake();
	expect(FOLLOW_OPEN);
	end("gone");
	expect(FOLLOW_CLOSE);
	wake();
	created(100);
	expect(FOLLOW_SAY_UP);
	end("gone");
	expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	end("gone twice");
	expect(0);
}
END_TEST

/* ---- events ---- */

START_TEST(it_goes_on_from_the_last_event_and_not_from_the_header)
{
	come_up_proved();
	EVENTS({101, 2}, {103, 2});
	expect(FOLLOW_DELIVER);
	ck_assert_uint_eq(todo.deliver, 2);
	ck_assert_int_eq(f.seen, 103);
}
END_TEST

START_TEST(what_was_delivered_is_not_delivered_again)
{
	come_up_proved();
	EVENTS({101, 2}, {102, 2});
	expect(FOLLOW_DELIVER);
	EVENTS({101, 2}, {102, 2});
	expect(0);
	EVENTS({102, 2}, {103, 2});
	ck_assert_uint_eq(todo.deliver, 1);
	ck_assert_int_eq(f.held[0].kv.mod_revision, 103);
	expect(FOLLOW_DELIVER);
}
END_TEST

START_TEST(a_revision_in_fragments_is_delivered_when_it_is_whole)
{
	come_up_proved();
	FRAGMENT({101, 2}, {102, 2}, {102, 2});
	ck_assert_uint_eq(todo.deliver, 1);
	expect(FOLLOW_DELIVER);
	ck_assert_int_eq(f.seen, 101);
	FRAGMENT({102, 2});
	expect(0);
	progress(500);
	expect(0);
	ck_assert_int_eq(f.seen, 101);
	EVENTS({102, 2}, {103, 2});
	ck_assert_uint_eq(todo.deliver, 5);
	expect(FOLLOW_DELIVER);
	ck_assert_int_eq(f.seen, 103);
}
END_TEST

START_TEST(half_a_revision_dies_with_its_stream)
{
	come_up_proved();
	FRAGMENT({101, 2}, {102, 2});
	expect(FOLLOW_DELIVER);
	end("gone");
	wake();
	expect(FOLLOW_OPEN);
	ck_assert_int_eq(f.seen, 101);
	created(110);
	EVENTS({102, 2}, {102, 2});
	ck_assert_uint_eq(todo.deliver, 2);
	expect(FOLLOW_DELIVER);
}
END_TEST

START_TEST(progress_moves_the_place_to_go_on_from)
{
	come_up_proved();
	progress(150);
	expect(0);
	ck_assert_int_eq(f.seen, 150);
	progress(120);
	ck_assert_int_eq(f.seen, 150);
}
END_TEST

START_TEST(events_out_of_order_are_a_failure)
{
	come_up_proved();
	EVENTS({101, 2}, {103, 2}, {102, 2});
	expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	ck_assert_str_eq(todo.err.text, "events out of order");
	ck_assert_int_eq(f.seen, 100);
}
END_TEST

START_TEST(events_before_the_watch_was_created_are_a_failure)
{
	wake();
	EVENTS({101, 1});
	expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	ck_assert_int_eq(f.seen, 100);
}
END_TEST

/* ---- ends ---- */

START_TEST(a_cancelled_watch_is_closed_although_its_stream_stays_open)
{
	wake();
	message((struct etcd_message){.kind = ETCD_MESSAGE_CANCELED,
				      .code = FLUME_REFUSED,
				      .text = "permission denied"});
	expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	ck_assert_int_eq(todo.err.code, FLUME_REFUSED);
}
END_TEST

START_TEST(an_error_in_the_stream_sends_it_to_the_next_endpoint)
{
	come_up_proved();
	message((struct etcd_message){
		.kind = ETCD_MESSAGE_FAILED, .code = FLUME_IO, .text = "no leader"});
	expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	ck_assert_uint_eq(f.tries, 1);
	ck_assert_int_eq(f.seen, 100);
}
END_TEST

START_TEST(compaction_behind_the_watch_asks_for_a_list)
{
	wake();
	created(200);
	message((struct etcd_message){.kind = ETCD_MESSAGE_COMPACTED, .revision = 180});
	wants_relist(ETCD_COMPACTED, 180);
	EVENTS({201, 1});
	expect(0);
	end("closed");
	expect(0);
}
END_TEST

/* ---- proof ---- */

START_TEST(an_idle_watch_is_proved_by_a_read)
{
	come_up();
	probed(170, 0, 2);
	expect(FOLLOW_SAY_PROVED);
	ck_assert_int_eq(todo.revision, 170);
	ck_assert_int_eq(f.seen, 100); /* never moved by another connection */
	ck_assert_int_ge(etcd_follow_wake(&f) - now, 9 * S);
	ck_assert_int_le(etcd_follow_wake(&f) - now, 11 * S);
	wake();
	expect(FOLLOW_PROBE);
}
END_TEST

START_TEST(a_proof_waits_for_the_events_that_are_on_their_way)
{
	come_up();
	probed(105, 104, 3);
	expect(0);
	EVENTS({102, 2});
	expect(FOLLOW_DELIVER);
	EVENTS({104, 1});
	ck_assert_int_eq(todo.revision, 105);
	expect(FOLLOW_DELIVER | FOLLOW_SAY_PROVED);
}
END_TEST

START_TEST(a_proof_waits_for_a_delete_too)
{
	come_up();
	probed(105, 0, 1);
	expect(0);
	EVENTS({103, 0});
	expect(FOLLOW_DELIVER | FOLLOW_SAY_PROVED);
}
END_TEST

START_TEST(a_watch_ahead_of_the_read_is_proved_by_its_order)
{
	come_up();
	EVENTS({101, 1}, {107, 1});
	expect(FOLLOW_DELIVER);
	probed(105, 101, 3);
	expect(FOLLOW_SAY_PROVED);
	ck_assert_int_eq(todo.revision, 105);
}
END_TEST

START_TEST(a_silent_watch_is_opened_again_from_where_it_was)
{
	come_up();
	probed(105, 104, 3);
	expect(0);
	ck_assert_int_eq(etcd_follow_wake(&f), now + 3 * S);
	wake();
	expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	ck_assert_str_eq(todo.err.text, "the watch fell silent: the store is at revision 105, "
					"the watch at 100");
	wake();
	expect(FOLLOW_OPEN);
	ck_assert_int_eq(f.seen, 100);
	created(105);
	expect(FOLLOW_SAY_UP);
	EVENTS({104, 1});
	expect(FOLLOW_DELIVER);
	wake();
	expect(FOLLOW_PROBE);
	probed(105, 0, 3);
	expect(FOLLOW_SAY_PROVED);
	wake();
	probed(107, 107, 3); /* the next time is a first time again */
	wake();
	expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
}
END_TEST

START_TEST(a_backlog_on_a_slow_line_is_not_silence)
{
	come_up();
	probed(105, 104, 3);
	for (int i = 0; i < 5; i++) {
		now += 2 * S;
		etcd_follow_heard(&f, now);
		todo = etcd_follow_time(&f, now, 0);
		ck_assert_uint_eq(todo.what & FOLLOW_CLOSE, 0);
	}
	time_is(now + 3 * S);
	ck_assert_uint_ne(todo.what & FOLLOW_CLOSE, 0);
}
END_TEST

START_TEST(events_that_do_not_come_even_then_are_lost)
{
	come_up();
	probed(105, 104, 3);
	wake();
	expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	wake();
	created(105);
	wake();
	probed(106, 104, 3);
	wake();
	wants_relist(ETCD_LOST, 106);
}
END_TEST

START_TEST(a_stream_that_passes_over_a_change_has_lost_it)
{
	come_up();
	probed(105, 104, 3);
	EVENTS({106, 1});
	wants_relist(ETCD_LOST, 105);
}
END_TEST

START_TEST(a_stream_that_passes_over_a_delete_has_lost_it)
{
	come_up();
	probed(105, 0, 1);
	EVENTS({106, 1});
	wants_relist(ETCD_LOST, 105);
}
END_TEST

START_TEST(progress_past_the_read_tells_too)
{
	come_up();
	probed(105, 0, 1);
	progress(110);
	wants_relist(ETCD_LOST, 105);
}
END_TEST

START_TEST(a_message_too_big_for_the_watch_is_left_to_a_list)
{
	come_up_proved();
	todo = etcd_follow_end(&f, FLUME_LIMITED, "the reply is too big", now, 0);
	wants_relist(ETCD_LOST, 100);
}
END_TEST

START_TEST(an_unknown_number_of_keys_is_not_compared)
{
	f.keys = -1;
	come_up();
	probed(105, 0, 1);
	expect(FOLLOW_SAY_PROVED);
}
END_TEST

START_TEST(keys_are_counted_as_they_come_and_go)
{
	come_up_proved();
	EVENTS({101, 1}, {101, 1}, {102, 2}, {103, 0}, {104, 5});
	expect(FOLLOW_DELIVER);
	ck_assert_int_eq(f.keys, 3);
	wake();
	probed(104, 0, 3);
	expect(FOLLOW_SAY_PROVED);
}
END_TEST

START_TEST(one_read_without_answer_is_borne_two_are_not)
{
	come_up_proved();
	wake();
	unanswered();
	expect(0);
	ck_assert_int_eq(etcd_follow_wake(&f), now + S);
	wake();
	expect(FOLLOW_PROBE);
	probed(100, 0, 2);
	expect(FOLLOW_SAY_PROVED);
	wake();
	unanswered();
	expect(0);
	wake();
	unanswered();
	expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	ck_assert_str_eq(todo.err.text, "no answer in time");
}
END_TEST

START_TEST(nothing_is_asked_or_proved_while_the_watch_is_down)
{
	come_up();
	end("gone");
	probed(105, 0, 2);
	expect(0);
	wake();
	expect(FOLLOW_OPEN);
}
END_TEST

/* ---- another store ---- */

START_TEST(a_member_behind_is_left_and_the_store_is_asked)
{
	wake();
	created(40);
	expect(FOLLOW_CLOSE | FOLLOW_SAY_DOWN);
	time_is(now);
	expect(FOLLOW_PROBE);
	probed(130, 0, 2);
	expect(0);
	wake();
	expect(FOLLOW_OPEN);
	created(130);
	expect(FOLLOW_SAY_UP);
}
END_TEST

START_TEST(a_store_that_went_back_is_believed_the_second_time)
{
	wake();
	created(40);
	time_is(now);
	expect(FOLLOW_PROBE);
	probed(40, 0, 2);
	expect(0);
	while (!(todo.what & FOLLOW_PROBE)) {
		wake();
		if (todo.what & FOLLOW_OPEN)
			created(40);
	}
	probed(41, 0, 2);
	ck_assert_uint_ne(todo.what & FOLLOW_RELIST, 0);
	ck_assert_int_eq(todo.why, ETCD_RESET);
	ck_assert_int_eq(todo.revision, 41);
}
END_TEST

START_TEST(one_read_from_the_past_is_not_believed)
{
	come_up();
	probed(90, 0, 2);
	expect(0);
	wake();
	expect(FOLLOW_PROBE);
	probed(100, 0, 2);
	expect(FOLLOW_SAY_PROVED);
	wake();
	probed(90, 0, 2);
	expect(0);
	wake();
	probed(100, 0, 2);
	expect(FOLLOW_SAY_PROVED);
}
END_TEST

START_TEST(a_restored_store_shows_by_its_term_or_its_cluster)
{
	static const struct etcd_probed others[] = {
		{.revision = 150, .count = 2, .cluster_id = 7, .raft_term = 2},
		{.revision = 150, .count = 2, .cluster_id = 8, .raft_term = 3},
	};
	for (size_t i = 0; i < 2; i++) {
		setup();
		come_up_proved();
		for (int k = 0; k < 2; k++) {
			wake();
			expect(FOLLOW_PROBE);
			todo = etcd_follow_probe(&f, &others[i], now, 0);
		}
		wants_relist(ETCD_RESET, 150);
	}
}
END_TEST

START_TEST(a_watch_that_ran_ahead_of_a_read_under_way_is_no_reset)
{
	come_up();
	EVENTS({101, 2}, {102, 2});
	expect(FOLLOW_DELIVER);
	probed(101, 101, 2);
	expect(FOLLOW_SAY_PROVED);
}
END_TEST

Suite *suite_etcd_follow(void)
{
	Suite *s = suite_create("etcd_follow");
	TCase *c = tcase_create("etcd_follow");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, pauses_are_anything_up_to_a_bound_that_doubles);
	tcase_add_test(c, a_dead_store_is_tried_with_growing_pauses_and_told_once);
	tcase_add_test(c, pauses_begin_anew_after_health);
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
	tcase_add_test(c, one_read_from_the_past_is_not_believed);
	tcase_add_test(c, a_restored_store_shows_by_its_term_or_its_cluster);
	tcase_add_test(c, a_watch_that_ran_ahead_of_a_read_under_way_is_no_reset);
	suite_add_tcase(s, c);
	return s;
}
