/* The server, on the ends of socket pairs: what clients see that are quick, greedy, or gone, one after the other. */
#include "tests/unit/serve_fixture.h"
#include "tests/unit/suites.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- one after the other ---- */

START_TEST(requests_that_come_together_are_answered_in_their_order)
{
	int fd = serve_client();
	serve_say(fd,
		  "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none" GET(
			  "/aside") "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
				    "chunked\r\n\r\n"
				    "2\r\nth\r\n3\r\nree\r\n0\r\n\r\n" GET(
					    "/no") "GET /5 HTTP/1.1\r\nHost: a\r\nConnection: "
						   "close\r\n\r\n");
	char *all, *at;
	serve_hear_all(fd, &all);
	at = all;
	static const char *const order[] = {"X-Path: /1", "one", "/aside", "woken", "/3",
					    "three",      "404", "/no",    "/5",    "close"};
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		at = strstr(at, order[i]);
		ck_assert_msg(at != NULL, "'%s' is not in its place in '%s'", order[i], all);
	}
	free(all);
	UNTIL(!serve_connections(the.serve));
	ck_assert_int_eq(the.done, 5);
	ck_assert_uint_eq(serve_active(the.serve), 0);
}
END_TEST

START_TEST(a_request_may_come_byte_by_byte)
{
	static const char text[] =
		"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
		"\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n";
	int fd = serve_client();
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof text - 1; i++) {
			serve_say_n(fd, text + i, 1);
			if (i % 16 == 0)
				nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
		}
		serve_hear(fd, "\r\n\r\nabcde");
	}
	close(fd);
}
END_TEST

START_TEST(a_client_that_sends_no_more_gets_its_answers)
{
	int fd = serve_client();
	serve_say(fd, GET("/a") GET("/aside") GET("/large"));
	shutdown(fd, SHUT_WR);
	char *all;
	ck_assert_uint_gt(serve_hear_all(fd, &all), 8 * MEGA);
	free(all);
}
END_TEST

/* Both are there before the server looks for the first time, so no event tells of the end again. */
START_TEST(an_end_that_comes_with_the_last_bytes_is_seen)
{
	static const struct {
		const char *text, *wanted;
	} rows[] = {
		{GET("/a"), "X-Path: /a\r\nContent-Length: 0\r\n\r\n"},
		{GET("/a") GET("/aside"), "\r\n\r\nwoken"},
		{POST_STREAM "3\r\none\r\n0\r\n\r\n", "3\r\none\r\n0\r\nX-Behind: yes\r\n\r\n"},
		{POST_STREAM "3\r\none\r\n", "3\r\none\r\n"},
		{"GET /a HTT", ""},
		{"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab", ""},
		{"", ""},
	};
	const struct sockaddr tcp = {.sa_family = AF_INET};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int fds[2];
		serve_pair(fds);
		serve_say(fds[0], rows[i].text);
		shutdown(fds[0], SHUT_WR);
		serve_enter(the.serve, fds[1], &tcp, sizeof tcp);
		serve_expect_all(fds[0], rows[i].wanted);
	}
	UNTIL(!serve_connections(the.serve));
}
END_TEST

/* Whenever the last of it goes. */
START_TEST(a_long_answer_that_is_the_last_ends_at_once)
{
	for (int i = 0; i < 30; i++) {
		int fd = serve_client();
		char *all;
		serve_say(fd, "GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
		ck_assert_uint_gt(serve_hear_all(fd, &all), 8 * MEGA);
		free(all);
	}
}
END_TEST

START_TEST(older_clients_and_looks_are_answered_as_they_ask)
{
	int fd = serve_client();
	serve_say(fd, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	serve_hear(fd, "Connection: keep-alive\r\n\r\n");
	serve_say(fd, "GET /a HTTP/1.0\r\n\r\n");
	serve_expect_all(fd, "Connection: close\r\n\r\n");
	fd = serve_client();
	serve_say(fd, "HEAD /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
		      "HEAD /no HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	char *all;
	serve_hear_all(fd, &all);
	ck_assert_ptr_nonnull(strstr(all, "Content-Length: 3\r\n\r\nHTTP/1.1 404"));
	ck_assert_ptr_nonnull(strstr(all, "Content-Length: 2\r\nConnection: close\r\n\r\n"));
	ck_assert_str_eq(strstr(all, "close\r\n\r\n"), "close\r\n\r\n");
	free(all);
}
END_TEST

START_TEST(who_asks_before_sending_is_told_to_go_on_or_not)
{
	int fd = serve_client();
	serve_say(fd, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: "
		      "100-continue\r\n\r\n");
	ck_assert_str_eq(serve_hear(fd, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
	serve_say(fd, "abc");
	serve_hear(fd, "\r\n\r\nabc");
	serve_say(fd, "POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
		      "Expect: 100-continue\r\n\r\n");
	serve_expect_all(fd, "Connection: close\r\n\r\nno");
}
END_TEST

/* ---- too much ---- */

START_TEST(what_is_no_request_is_refused_and_ends)
{
	static const struct {
		const char *text, *status;
	} bad[] = {
		{"nonsense\r\n\r\n", " 400 "},
		{"GET / HTTP/1.1\r\n\r\n", " 400 "},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: "
		 "chunked\r\n"
		 "\r\n0\r\n\r\n" GET("/smuggled"),
		 " 400 "},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
		 " 400 "},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", " 501 "},
		{"GET / HTTP/3.0\r\nHost: a\r\n\r\n", " 505 "},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n", " 413 "},
		{"POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "b\r\n01234567890\r\n",
		 " 413 "},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int fd = serve_client();
		char *all;
		serve_say(fd, bad[i].text);
		serve_hear_all(fd, &all);
		ck_assert_msg(strstr(all, bad[i].status) && strstr(all, "Connection: close") &&
				      !strstr(all, "smuggled"),
			      "%s: %s", bad[i].text, all);
		free(all);
	}
	ck_assert_int_eq(the.ran, 0);
}
END_TEST

START_TEST(slow_requests_are_408_and_idle_connections_end)
{
	serve_reopen((struct serve_options){.idle_ns = 200000000, .head_ns = 100000000});
	int idle = serve_client(), head = serve_client(), body = serve_client(),
	    chunks = serve_client();
	serve_say(head, "GET / HTTP/1.1\r\nHo");
	serve_say(body, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na");
	serve_say(chunks,
		  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n");
	serve_expect_all(head, " 408 ");
	serve_expect_all(body, " 408 ");
	serve_expect_all(chunks, " 408 ");
	char *all;
	ck_assert_uint_eq(serve_hear_all(idle, &all), 0);
	free(all);
}
END_TEST

/* A byte now and then is no progress. */
START_TEST(a_body_that_trickles_is_408)
{
	serve_reopen((struct serve_options){.idle_ns = 200000000, .least_rate = 1000});
	int fd = serve_client();
	struct pollfd heard = {.fd = fd, .events = POLLIN};
	serve_say(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
	while (poll(&heard, 1, 20) == 0)
		serve_say(fd, "a");
	serve_expect_all(fd, " 408 ");
}
END_TEST

START_TEST(each_side_has_its_places)
{
	serve_reopen((struct serve_options){.connections = 4});
	int tcp[4], local[4];
	for (int i = 0; i < 4; i++) {
		tcp[i] = serve_client();
		local[i] = serve_enter_as(AF_UNIX);
	}
	serve_expect_all(serve_client(), " 503 ");
	serve_expect_all(serve_enter_as(AF_UNIX), " 503 ");
	ck_assert_int_eq(the.turned_away, 2);
	close(tcp[0]);
	UNTIL(serve_connections(the.serve) == 7);
	serve_expect_all(serve_enter_as(AF_UNIX), " 503 ");
	tcp[0] = serve_client();
	for (int i = 0; i < 4; i++) {
		serve_say(tcp[i], GET("/a"));
		serve_say(local[i], GET("/a"));
		serve_hear(tcp[i], " 200 ");
		serve_hear(local[i], " 200 ");
		close(tcp[i]);
		close(local[i]);
	}
}
END_TEST

/* ---- those who leave ---- */

START_TEST(whoever_has_the_request_of_a_client_that_left_is_told_and_keeps_it)
{
	int fd = serve_client();
	serve_say(fd, GET("/park"));
	UNTIL(the.parked);
	close(fd);
	UNTIL(the.gone == 1);
	ck_assert_int_eq(the.done, 0);
	ck_assert_str_eq(exchange_path(the.parked), "/park");
	exchange_wake(the.parked);
	UNTIL(the.done == 1);
	UNTIL(!serve_connections(the.serve));
	ck_assert_int_eq(the.gone, 1);
}
END_TEST

START_TEST(a_client_may_leave_at_any_time)
{
	static const char *const texts[] = {
		"",
		"GET / HT",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na",
		GET("/a"),
		GET("/large"),
		GET("/aside"),
		GET("/no"),
		POST_STREAM "3\r\none\r\n",
		POST_STREAM "3\r\non",
		GET("/endless"),
		GET("/a") GET("/aside") GET("/large") GET("/a")};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		for (int patience = 0; patience < 3; patience++) {
			int fd = serve_client();
			serve_say(fd, texts[i]);
			nanosleep(&(struct timespec){.tv_nsec = 1000000 * patience}, NULL);
			close(fd);
		}
	}
	UNTIL(!serve_connections(the.serve));
	ck_assert_int_ge(the.done, the.began); /* what was no request yet may be refused */
	ck_assert_int_le(the.done, the.began + 6);
	ck_assert_uint_eq(serve_active(the.serve), 0);
}
END_TEST

/* ---- the end ---- */

START_TEST(at_the_end_each_answer_is_the_last)
{
	int fd = serve_client(), parked = serve_client(), idle = serve_client();
	serve_say(fd, GET("/a"));
	serve_hear(fd, "X-Path: /a");
	serve_say(parked, GET("/park"));
	UNTIL(the.parked);
	UNTIL(serve_active(the.serve) == 1);
	serve_end_connections(the.serve);
	ck_assert(serve_is_ending(the.serve));
	serve_say(fd, GET("/b") GET("/c"));
	char *all;
	serve_hear_all(fd, &all);
	ck_assert_ptr_nonnull(strstr(all, "Connection: close\r\n\r\n"));
	ck_assert_ptr_null(strstr(all, "/c"));
	free(all);
	exchange_wake(the.parked);
	serve_expect_all(parked, "Connection: close\r\n\r\nwoken");
	UNTIL(!serve_active(the.serve));
	the.serve = serve_free(the.serve);
	ck_assert_uint_eq(serve_hear_all(idle, &all), 0);
	free(all);
}
END_TEST

START_TEST(idle_connections_end_and_those_that_asked_nothing_yet_stay)
{
	int used = serve_client(), fresh = serve_client(), parked = serve_client();
	char *all;
	serve_say(used, GET("/a"));
	serve_hear(used, "X-Path: /a");
	serve_say(parked, GET("/park"));
	UNTIL(the.parked && serve_active(the.serve) == 1);
	ck_assert_uint_eq(serve_fresh(the.serve), 1);
	serve_end_idle(the.serve);
	UNTIL(!serve_ending_idle(the.serve));
	ck_assert_uint_eq(serve_hear_all(used, &all), 0);
	free(all);
	serve_say(fresh, GET("/b"));
	serve_hear(fresh, "X-Path: /b");
	ck_assert_uint_eq(serve_fresh(the.serve), 0);
	exchange_wake(the.parked);
	serve_hear(parked, "woken");
	close(fresh);
	close(parked);
	UNTIL(!serve_connections(the.serve));
}
END_TEST

START_TEST(who_leaves_without_asking_is_not_waited_for)
{
	int fresh = serve_client();
	UNTIL(serve_fresh(the.serve) == 1);
	close(fresh);
	UNTIL(!serve_fresh(the.serve));
}
END_TEST

/* ---- many at once ---- */

static void *ask_often(void *arg)
{
	int fd = serve_client();
	for (int i = 0; i < 200; i++) {
		char text[256], wanted[64];
		snprintf(text, sizeof text,
			 "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n%06d",
			 i % 3 ? "/a" : "/aside", i);
		snprintf(wanted, sizeof wanted, "%06d", i);
		serve_say(fd, text);
		char heard[1024];
		size_t len = 0;
		heard[0] = '\0';
		while (!strstr(heard, i % 3 ? wanted : "woken")) {
			ssize_t n = recv(fd, heard + len, sizeof heard - 1 - len, 0);
			ck_assert_int_gt(n, 0);
			len += (size_t)n;
			heard[len] = '\0';
		}
	}
	close(fd);
	return arg;
}

START_TEST(many_threads_ask_and_wake_at_once)
{
	pthread_t threads[8];
	for (size_t i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_often, NULL), 0);
	for (size_t i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	UNTIL(!serve_connections(the.serve));
	ck_assert_int_eq(the.done, 1600);
}
END_TEST

Suite *suite_serve(void)
{
	Suite *suite = suite_create("serve");
	TCase *t = serve_case(suite, "order");
	tcase_add_test(t, requests_that_come_together_are_answered_in_their_order);
	tcase_add_test(t, a_request_may_come_byte_by_byte);
	tcase_add_test(t, a_client_that_sends_no_more_gets_its_answers);
	tcase_add_test(t, an_end_that_comes_with_the_last_bytes_is_seen);
	tcase_add_test(t, a_long_answer_that_is_the_last_ends_at_once);
	tcase_add_test(t, older_clients_and_looks_are_answered_as_they_ask);
	tcase_add_test(t, who_asks_before_sending_is_told_to_go_on_or_not);
	t = serve_case(suite, "limits");
	tcase_add_test(t, what_is_no_request_is_refused_and_ends);
	tcase_add_test(t, slow_requests_are_408_and_idle_connections_end);
	tcase_add_test(t, a_body_that_trickles_is_408);
	tcase_add_test(t, each_side_has_its_places);
	t = serve_case(suite, "ends");
	tcase_add_test(t, whoever_has_the_request_of_a_client_that_left_is_told_and_keeps_it);
	tcase_add_test(t, a_client_may_leave_at_any_time);
	tcase_add_test(t, at_the_end_each_answer_is_the_last);
	tcase_add_test(t, idle_connections_end_and_those_that_asked_nothing_yet_stay);
	tcase_add_test(t, who_leaves_without_asking_is_not_waited_for);
	tcase_add_test(t, many_threads_ask_and_wake_at_once);
	return suite;
}
