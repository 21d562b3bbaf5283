/* A channel with a queue: what it promises of each document, whether the other side is there or not. */
#include "agent/outside/queue.h"

#include "tests/unit/document_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/outside_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

static struct receiver site;
static char yaml[1000];

static void open_site(void)
{
	receiver_open(&site);
}

static void close_site(void)
{
	receiver_close(&site);
}

static const char *http_yaml(const char *more)
{
	snprintf(yaml, sizeof yaml, "{kind: http, url: 'http://127.0.0.1:%u/in?k=v'%s%s}",
		 site.port, *more ? ", " : "", more);
	return yaml;
}

START_TEST(http_posts_lines_in_batches_and_in_order)
{
	struct made made =
		make_outside(&kind_http_channel, http_yaml("batch: 100, batch_age: 20ms, "
							   "headers: {X-Who: me}"));
	ck_assert(made.is.blocks);
	send_many(&made, 0, 1000);
	receiver_wait(&site, 1000);
	wait_metric(DOCUMENTS, "c", "outcome=\"sent\"", 1000);
	unmake(&made);
	expect_lines_in_order(site.bodies.s, 1000);
	ck_assert_uint_ge(site.requests, 10);
	ck_assert_uint_lt(site.requests, 100);
	ck_assert_uint_eq(site.connections, 1);
	expect_within(site.last.s, "POST /in?k=v HTTP/1.1");
	expect_within(site.last.s, "Content-Type: application/x-ndjson");
	expect_within(site.last.s, "X-Who: me");
	ck_assert_int_eq(metric(DOCUMENTS, "c", "sent"), -1);
}
END_TEST

START_TEST(http_tries_again_what_was_refused_for_a_while)
{
	static const int statuses[] = {500, 503, 429, 408};
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
		receiver_leave(&site);
		site.requests = 0;
		site.bodies.len = 0;
		site.first = 2;
		site.first_status = statuses[i];
		receiver_return(&site);
		struct made made =
			make_outside(&kind_http_channel, http_yaml("batch_age: 1ms"));
		send_many(&made, 0, 10);
		receiver_wait(&site, 10);
		wait_metric(DOCUMENTS, "c", "outcome=\"sent\"", 10);
		ck_assert_int_ge(metric("flume_channel_retries_total", "c", ""), 2);
		unmake(&made);
		expect_lines_in_order(site.bodies.s, 10);
	}
}
END_TEST

START_TEST(http_counts_as_lost_what_is_refused_for_good)
{
	site.status = 400;
	struct made made = make_outside(&kind_http_channel, http_yaml("batch_age: 1ms"));
	send_many(&made, 0, 10);
	wait_metric(DOCUMENTS, "c", "outcome=\"lost\"", 10);
	ck_assert_int_eq(metric(DOCUMENTS, "c", "outcome=\"sent\""), 0);
	ck_assert_int_eq(metric("flume_channel_retries_total", "c", ""), 0);
	unmake(&made);
}
END_TEST

START_TEST(http_gives_up_after_so_many_attempts)
{
	site.status = 503;
	struct made made =
		make_outside(&kind_http_channel, http_yaml("batch_age: 1ms, attempts: 2"));
	send_many(&made, 0, 3);
	wait_metric(DOCUMENTS, "c", "outcome=\"lost\"", 3);
	unmake(&made);
	ck_assert_uint_le(site.requests, 6);
}
END_TEST

START_TEST(http_loses_nothing_while_the_receiver_is_away_and_the_queue_has_room)
{
	receiver_leave(&site);
	struct made made = make_outside(&kind_http_channel,
					http_yaml("batch: 10, batch_age: 1ms, queue: 100"));
	send_many(&made, 0, 100);
	wait_metric("flume_channel_queue_documents", "c", "", 100);
	receiver_return(&site);
	receiver_wait(&site, 100);
	unmake(&made);
	expect_lines_in_order(site.bodies.s, 100);
}
END_TEST

START_TEST(a_full_queue_waits_as_long_as_the_call_and_then_fails)
{
	receiver_leave(&site);
	struct made made = make_outside(&kind_http_channel,
					http_yaml("queue: 5, flush: 1ms, timeout: 1s"));
	send_many(&made, 0, 5);
	struct flume_call call = call_of_ms(100);
	int64_t begun = ms_now();
	expect_sent(&made, &call, "{\"i\":5}", FLUME_LIMITED);
	ck_assert_int_ge(ms_now() - begun, 99);
	ck_assert_int_eq(metric(DOCUMENTS, "c", "outcome=\"failed\""), 1);
	call = (struct flume_call){.cancel = flume_cancel_new()};
	flume_cancel_request(call.cancel);
	expect_sent(&made, &call, "{\"i\":5}", FLUME_CANCELLED);
	flume_cancel_free(call.cancel);
	unmake(&made); /* the five are lost: the receiver is away */
	receiver_return(&site);
}
END_TEST

START_TEST(who_waits_goes_on_when_there_is_room_again)
{
	receiver_leave(&site);
	struct made made = make_outside(&kind_http_channel,
					http_yaml("queue: 2, batch_age: 1ms, backoff: 100ms"));
	send_many(&made, 0, 2);
	receiver_return(&site);
	struct flume_call call = call_of_ms(20000);
	expect_sent(&made, &call, "{\"i\":2}", 0);
	unmake(&made);
	expect_lines_in_order(site.bodies.s, 3);
}
END_TEST

START_TEST(the_queue_has_a_bound_in_bytes)
{
	receiver_leave(&site);
	struct made made =
		make_outside(&kind_http_channel, http_yaml("queue_bytes: 1024, flush: 1ms"));
	char json[1100];
	memset(json, 'x', sizeof json);
	json[0] = '"';
	memcpy(json + 1090, "\"", 2);
	expect_sent(&made, NULL, json, FLUME_FAILED);
	memcpy(json + 600, "\"", 2);
	expect_sent(&made, NULL, json, 0);
	struct flume_call call = call_of_ms(30);
	expect_sent(&made, &call, json, FLUME_LIMITED);
	unmake(&made);
	receiver_return(&site);
}
END_TEST

START_TEST(what_is_left_in_the_end_is_flushed_within_its_bound)
{
	struct made made = make_outside(&kind_http_channel, http_yaml("batch_age: 1h"));
	send_many(&made, 0, 20);
	unmake(&made);
	expect_lines_in_order(site.bodies.s, 20);
	site.silent = true;
	made = make_outside(&kind_http_channel, http_yaml("batch_age: 1h, flush: 200ms"));
	send_many(&made, 0, 20);
	int64_t begun = ms_now();
	unmake(&made);
	ck_assert_int_lt(ms_now() - begun, 5000);
}
END_TEST

START_TEST(a_canary_call_sends_nothing)
{
	struct flume_call canary = {.flags = FLUME_CALL_CANARY};
	struct made made = make_outside(&kind_http_channel, http_yaml("batch_age: 1ms"));
	expect_sent(&made, &canary, "1", 0);
	expect_sent(&made, NULL, "{\"i\":0}", 0);
	receiver_wait(&site, 1);
	unmake(&made);
	expect_lines_in_order(site.bodies.s, 1);
}
END_TEST

START_TEST(pauses_double_and_vary_and_end_at_the_longest)
{
	const int64_t ms = 1000000, most = 30000 * ms;
	ck_assert_int_eq(queue_backoff(1, most, 0), 100 * ms);
	ck_assert_int_eq(queue_backoff(2, most, 0), 200 * ms);
	ck_assert_int_eq(queue_backoff(4, most, 0), 800 * ms);
	ck_assert_int_eq(queue_backoff(20, most, 0), most);
	ck_assert_int_eq(queue_backoff(4000000000, most, 0), most);
	ck_assert_int_eq(queue_backoff(1, 1, 0), 1);
	ck_assert_int_eq(queue_backoff(2, most, UINT32_MAX), 100 * ms);
	ck_assert_int_eq(queue_backoff(20, most, UINT32_MAX), most / 2);
}
END_TEST

struct sender {
	const struct made *made;
	int n, failed;
};

static void *send_from_thread(void *arg)
{
	struct sender *sender = arg;
	for (int i = 0; i < sender->n; i++) {
		struct flume_err err = {0};
		struct flume_call call = call_of_ms(20000);
		if (sender->made->is.send(&call, read_document("{\"i\":0}"),
					  sender->made->is.arg, &err))
			sender->failed++;
	}
	return NULL;
}

START_TEST(many_threads_send_and_each_line_comes_once)
{
	struct made made = make_outside(&kind_http_channel,
					http_yaml("queue: 20, batch: 7, batch_age: 1ms"));
	struct sender senders[4];
	pthread_t threads[4];
	for (int i = 0; i < 4; i++) {
		senders[i] = (struct sender){&made, 500, 0};
		pthread_create(&threads[i], NULL, send_from_thread, &senders[i]);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_int_eq(senders[i].failed, 0);
	}
	unmake(&made);
	ck_assert_uint_eq(receiver_lines(&site), 2000);
}
END_TEST

START_TEST(without_memory_a_channel_says_so_and_goes_on)
{
	struct made made = make_outside(&kind_http_channel, http_yaml("batch_age: 1ms"));
	int sent = 0;
	for (long nth = 1;; nth++) {
		struct flume_err err = {0};
		struct document *document = read_document("{\"i\":0}");
		memory_fails_at(nth);
		int rc = made.is.send(NULL, document, made.is.arg, &err);
		if (!memory_is_back()) {
			sent += !rc;
			break;
		}
		ck_assert(!rc || rc == FLUME_NOMEM);
		sent += !rc;
	}
	receiver_wait(&site, (size_t)sent);
	unmake(&made);
	for (long nth = 1;; nth++) {
		flume_value *decl = read_constant(http_yaml(""));
		struct flume_component is = {.name = "c"};
		memory_fails_at(nth);
		int rc = kind_http_channel.make(decl, "c", NULL, &is, NULL);
		bool failed = memory_is_back();
		ck_assert(failed ? rc == FLUME_NOMEM || !rc : !rc);
		if (!rc)
			is.done(is.arg);
		flume_value_free(decl);
		if (!failed)
			break;
	}
}
END_TEST

Suite *suite_outside_channels(void)
{
	Suite *suite = suite_create("outside_channels");
	TCase *tc = tcase_create("http");
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, open_site, close_site);
	tcase_add_test(tc, http_posts_lines_in_batches_and_in_order);
	tcase_add_test(tc, http_tries_again_what_was_refused_for_a_while);
	tcase_add_test(tc, http_counts_as_lost_what_is_refused_for_good);
	tcase_add_test(tc, http_gives_up_after_so_many_attempts);
	tcase_add_test(tc,
		       http_loses_nothing_while_the_receiver_is_away_and_the_queue_has_room);
	tcase_add_test(tc, a_full_queue_waits_as_long_as_the_call_and_then_fails);
	tcase_add_test(tc, who_waits_goes_on_when_there_is_room_again);
	tcase_add_test(tc, the_queue_has_a_bound_in_bytes);
	tcase_add_test(tc, what_is_left_in_the_end_is_flushed_within_its_bound);
	tcase_add_test(tc, a_canary_call_sends_nothing);
	tcase_add_test(tc, pauses_double_and_vary_and_end_at_the_longest);
	tcase_add_test(tc, many_threads_send_and_each_line_comes_once);
	tcase_add_test(tc, without_memory_a_channel_says_so_and_goes_on);
	suite_add_tcase(suite, tc);
	return suite;
}
