/*
 * The server, on the ends of socket pairs: what clients see that are quick, slow, greedy, or gone, and
 * what a handler may count on.
 */
#include "agent/serve/serve.h"

#include "tests/unit/suites.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define MEGA ((size_t)1 << 20)

static struct {
	struct serve *serve;
	atomic_int began, ran, done, gone, roomy, turned_away;
	atomic_size_t pieces, written; /* bytes */
	atomic_bool stingy;            /* pieces are not taken */
	_Atomic(struct exchange *) parked, streaming;
} the;

#define UNTIL(condition)     \
	while (!(condition)) \
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL)

/* ---- a handler: what it does is the path ---- */

static void answer(struct exchange *x, unsigned status, const char *body, size_t len)
{
	exchange_status(x, status);
	exchange_add_header(x, "X-Path", exchange_path(x));
	exchange_send(x, body, len);
}

static bool asks(struct exchange *x, const char *path)
{
	return !strcmp(exchange_path(x), path);
}

static void on_begin(struct exchange *x)
{
	the.began++;
	if (asks(x, "/no"))
		answer(x, 404, "no", 2);
	else if (asks(x, "/stream"))
		exchange_take_pieces(x);
	else if (asks(x, "/small"))
		exchange_limit_body(x, 10);
}

/* As long as there is room. */
static void write_endlessly(struct exchange *x)
{
	static char block[32 << 10];
	memset(block, 'x', sizeof block);
	do
		the.written += sizeof block;
	while (exchange_write(x, block, sizeof block));
}

static void *wake_aside(void *x)
{
	nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	exchange_wake(x);
	return NULL;
}

static void start(void *(*fn)(void *), void *arg)
{
	pthread_t thread;
	ck_assert_int_eq(pthread_create(&thread, NULL, fn, arg), 0);
	pthread_detach(thread);
}

static void on_run(struct exchange *x)
{
	size_t len;
	const char *body = exchange_body(x, &len);
	the.ran++;
	if (asks(x, "/aside")) {
		exchange_park(x);
		start(wake_aside, x);
	} else if (asks(x, "/park")) {
		exchange_park(x);
		the.parked = x;
	} else if (asks(x, "/endless")) {
		exchange_status(x, 200);
		exchange_stream(x);
		the.streaming = x;
		write_endlessly(x);
	} else if (asks(x, "/bare")) {
		exchange_status(x, 200);
		exchange_stream(x);
		exchange_write(x, "bare", 4);
		exchange_end(x);
	} else if (asks(x, "/large")) {
		char *large = calloc(1, 8 * MEGA);
		answer(x, 200, large, 8 * MEGA);
		free(large);
	} else if (asks(x, "/pack")) {
		exchange_status(x, 200);
		exchange_may_compress(x);
		exchange_send(x, body, len);
	} else {
		answer(x, 200, body, len);
	}
}

static size_t on_piece(struct exchange *x, const char *data, size_t len)
{
	if (the.stingy)
		return 0;
	if (!the.streaming) {
		exchange_status(x, 200);
		exchange_may_compress(x);
		exchange_stream(x);
		the.streaming = x;
	}
	the.pieces += len;
	if (len) {
		exchange_write(x, data, len);
		exchange_flush(x);
	} else {
		exchange_trailer(x, "X-Behind", "yes");
		exchange_end(x);
	}
	return len;
}

static void on_room(struct exchange *x)
{
	the.roomy++;
	if (asks(x, "/endless"))
		write_endlessly(x);
}

static void on_woken(struct exchange *x)
{
	if (asks(x, "/stream"))
		exchange_resume(x);
	else if (asks(x, "/endless"))
		exchange_abort(x);
	else
		answer(x, 200, "woken", 5);
}

static void on_gone(struct exchange *x)
{
	(void)x;
	the.gone++;
}

static void on_done(struct exchange *x)
{
	the.done++;
	if (the.streaming == x)
		the.streaming = NULL;
}

static void on_turned_away(void *arg)
{
	(void)arg;
	the.turned_away++;
}

static const struct serve_handler handler = {
	.size = 16,
	.begin = on_begin,
	.run = on_run,
	.piece = on_piece,
	.room = on_room,
	.woken = on_woken,
	.gone = on_gone,
	.done = on_done,
	.turned_away = on_turned_away,
};

static void open_with(struct serve_options options)
{
	memset(&the, 0, sizeof the);
	the.serve = serve_new(&options, &handler);
	ck_assert_ptr_nonnull(the.serve);
}

static void open_usual(void)
{
	open_with((struct serve_options){0});
}

static void shut(void)
{
	the.serve = serve_free(the.serve);
	ck_assert_int_ge(the.done, the.began); /* those that never began are done too */
}

static void reopen(struct serve_options options)
{
	shut();
	open_with(options);
}

/* ---- clients ---- */

static int enter(int family)
{
	int fds[2];
	struct sockaddr from = {.sa_family = (sa_family_t)family};
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	serve_enter(the.serve, fds[1], &from, sizeof from);
	return fds[0];
}

static int client(void)
{
	return enter(AF_INET);
}

static void say_n(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
		ck_assert_int_gt(n, 0);
		text += n;
		len -= (size_t)n;
	}
}

static void say(int fd, const char *text)
{
	say_n(fd, text, strlen(text));
}

/* What has come so far, and more until `part` is in it. */
static const char *hear(int fd, const char *part)
{
	static char heard[65536];
	size_t len = 0;
	heard[0] = '\0';
	while (!strstr(heard, part)) {
		ssize_t n = recv(fd, heard + len, sizeof heard - 1 - len, 0);
		ck_assert_msg(n > 0, "'%s' did not come, but '%s'", part, heard);
		len += (size_t)n;
		heard[len] = '\0';
	}
	return heard;
}

/* All of it, to an orderly end. */
static size_t hear_all(int fd, char **out)
{
	size_t len = 0, cap = 1 << 16;
	char *all = malloc(cap + 1);
	ssize_t n;
	while ((n = recv(fd, all + len, cap - len, 0)) > 0) {
		len += (size_t)n;
		if (len == cap)
			all = realloc(all, (cap *= 2) + 1);
		ck_assert_ptr_nonnull(all);
	}
	ck_assert_int_eq(n, 0);
	all[len] = '\0';
	close(fd);
	*out = all;
	return len;
}

static void expect_all(int fd, const char *part)
{
	char *all;
	hear_all(fd, &all);
	ck_assert_msg(strstr(all, part) != NULL, "'%s' is not in '%s'", part, all);
	free(all);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

/* ---- one after the other ---- */

START_TEST(requests_that_come_together_are_answered_in_their_order)
{
	int fd = client();
	say(fd, "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none" GET(
			"/aside") "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
				  "chunked\r\n\r\n"
				  "2\r\nth\r\n3\r\nree\r\n0\r\n\r\n" GET(
					  "/no") "GET /5 HTTP/1.1\r\nHost: a\r\nConnection: "
						 "close\r\n\r\n");
	char *all, *at;
	hear_all(fd, &all);
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
	int fd = client();
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof text - 1; i++) {
			say_n(fd, text + i, 1);
			if (i % 16 == 0)
				nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
		}
		hear(fd, "\r\n\r\nabcde");
	}
	close(fd);
}
END_TEST

START_TEST(a_client_that_sends_no_more_gets_its_answers)
{
	int fd = client();
	say(fd, GET("/a") GET("/aside") GET("/large"));
	shutdown(fd, SHUT_WR);
	char *all;
	ck_assert_uint_gt(hear_all(fd, &all), 8 * MEGA);
	free(all);
}
END_TEST

START_TEST(older_clients_and_looks_are_answered_as_they_ask)
{
	int fd = client();
	say(fd, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	hear(fd, "Connection: keep-alive\r\n\r\n");
	say(fd, "GET /a HTTP/1.0\r\n\r\n");
	expect_all(fd, "Connection: close\r\n\r\n");
	fd = client();
	say(fd, "HEAD /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
		"HEAD /no HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	char *all;
	hear_all(fd, &all);
	ck_assert_ptr_nonnull(strstr(all, "Content-Length: 3\r\n\r\nHTTP/1.1 404"));
	ck_assert_ptr_nonnull(strstr(all, "Content-Length: 2\r\nConnection: close\r\n\r\n"));
	ck_assert_str_eq(strstr(all, "close\r\n\r\n"), "close\r\n\r\n");
	free(all);
}
END_TEST

START_TEST(who_asks_before_sending_is_told_to_go_on_or_not)
{
	int fd = client();
	say(fd,
	    "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
	ck_assert_str_eq(hear(fd, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
	say(fd, "abc");
	hear(fd, "\r\n\r\nabc");
	say(fd, "POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
		"Expect: 100-continue\r\n\r\n");
	expect_all(fd, "Connection: close\r\n\r\nno");
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
		int fd = client();
		char *all;
		say(fd, bad[i].text);
		hear_all(fd, &all);
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
	reopen((struct serve_options){.idle_ns = 200000000, .head_ns = 100000000});
	int idle = client(), head = client(), body = client(), chunks = client();
	say(head, "GET / HTTP/1.1\r\nHo");
	say(body, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na");
	say(chunks, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n");
	expect_all(head, " 408 ");
	expect_all(body, " 408 ");
	expect_all(chunks, " 408 ");
	char *all;
	ck_assert_uint_eq(hear_all(idle, &all), 0);
	free(all);
}
END_TEST

/* A byte now and then is no progress. */
START_TEST(a_body_that_trickles_is_408)
{
	reopen((struct serve_options){.idle_ns = 200000000, .least_rate = 1000});
	int fd = client();
	struct pollfd heard = {.fd = fd, .events = POLLIN};
	say(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
	while (poll(&heard, 1, 20) == 0)
		say(fd, "a");
	expect_all(fd, " 408 ");
}
END_TEST

START_TEST(each_side_has_its_places)
{
	reopen((struct serve_options){.connections = 4});
	int tcp[4], local[4];
	for (int i = 0; i < 4; i++) {
		tcp[i] = client();
		local[i] = enter(AF_UNIX);
	}
	expect_all(client(), " 503 ");
	expect_all(enter(AF_UNIX), " 503 ");
	ck_assert_int_eq(the.turned_away, 2);
	close(tcp[0]);
	UNTIL(serve_connections(the.serve) == 7);
	expect_all(enter(AF_UNIX), " 503 ");
	tcp[0] = client();
	for (int i = 0; i < 4; i++) {
		say(tcp[i], GET("/a"));
		say(local[i], GET("/a"));
		hear(tcp[i], " 200 ");
		hear(local[i], " 200 ");
		close(tcp[i]);
		close(local[i]);
	}
}
END_TEST

/* ---- streams ---- */

#define POST_STREAM "POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

START_TEST(pieces_come_and_go_at_the_same_time)
{
	int fd = client();
	say(fd, POST_STREAM "3\r\none\r\n");
	hear(fd, "3\r\none\r\n");
	say(fd, "3\r\ntwo\r\n");
	hear(fd, "3\r\ntwo\r\n");
	say(fd, "0\r\n\r\n" GET("/next"));
	const char *rest = hear(fd, "/next");
	ck_assert_int_eq(strncmp(rest, "0\r\nX-Behind: yes\r\n\r\nHTTP/1.1 200", 32), 0);
	close(fd);
}
END_TEST

START_TEST(an_empty_body_is_a_stream_too)
{
	int fd = client();
	say(fd, "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
	hear(fd, "\r\n\r\n0\r\nX-Behind: yes\r\n\r\n");
	say(fd, "POST /stream HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc");
	expect_all(fd, "\r\n\r\nabc");
}
END_TEST

START_TEST(a_stream_may_end_without_trailers)
{
	int fd = client();
	say(fd, "GET /bare HTTP/1.1\r\nHost: a\r\n\r\n");
	hear(fd, "\r\n4\r\nbare\r\n0\r\n\r\n");
}
END_TEST

START_TEST(a_slow_reader_holds_the_writer_up)
{
	int fd = client();
	say(fd, GET("/endless"));
	hear(fd, "xxx");
	nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	size_t written = the.written;
	ck_assert_uint_lt(written, 2 * MEGA);
	ck_assert_int_eq(the.roomy, 0);
	char *some = malloc(4 * MEGA);
	ck_assert_ptr_nonnull(some);
	for (size_t n = 0; n < 4 * MEGA;) {
		ssize_t got = recv(fd, some, 4 * MEGA, 0);
		ck_assert_int_gt(got, 0);
		n += (size_t)got;
	}
	free(some);
	ck_assert_int_gt(the.roomy, 0);
	ck_assert_uint_gt(the.written, written);
	ck_assert_uint_lt(the.written, 8 * MEGA);
	close(fd);
	UNTIL(the.done == 1);
}
END_TEST

/* What nobody takes is not read: it stays with the client. */
START_TEST(a_slow_taker_holds_the_client_up)
{
	int fd = client();
	static char block[64 << 10];
	size_t sent = 0;
	atomic_store(&the.stingy, true);
	say(fd, "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	struct pollfd room = {.fd = fd, .events = POLLOUT};
	while (poll(&room, 1, 200) > 0) {
		ssize_t n = send(fd, block, sizeof block, MSG_NOSIGNAL);
		if (n > 0)
			sent += (size_t)n;
		ck_assert_uint_lt(sent, 4 * MEGA);
	}
	ck_assert_uint_eq(the.pieces, 0);
	atomic_store(&the.stingy, false);
	serve_wake_all(the.serve);
	UNTIL(the.pieces == sent);
	close(fd);
	UNTIL(the.done == 1);
}
END_TEST

START_TEST(a_stream_that_is_cut_off_is_seen_to_be)
{
	int fd = client();
	say(fd, GET("/endless"));
	hear(fd, "xxx");
	serve_wake_all(the.serve);
	char *all;
	size_t len = hear_all(fd, &all);
	ck_assert_uint_gt(len, 0);
	ck_assert_ptr_null(strstr(all, "\r\n0\r\n"));
	free(all);
	UNTIL(the.done == 1);
}
END_TEST

/* ---- compressed ---- */

static size_t unpack(const char *text, size_t len, char *out, size_t size)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)text,
		      .avail_in = (uInt)len,
		      .next_out = (Bytef *)out,
		      .avail_out = (uInt)size};
	ck_assert_int_eq(inflateInit2(&z, 15 + 16), Z_OK);
	ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
	ck_assert_uint_eq(z.avail_in, 0);
	size_t n = z.total_out;
	inflateEnd(&z);
	return n;
}

START_TEST(a_long_answer_is_compressed_for_those_who_like_that)
{
	static const struct {
		const char *accept;
		bool packed;
	} rows[] = {{"gzip", true},         {"br, GZIP;q=0.5", true}, {"gzip;q=0", false},
		    {"gzip;q=0.00", false}, {"gzip; q=0.01", true},   {"deflate", false},
		    {"*", false},           {"gzips", false}};
	char body[5000], unpacked[5000];
	memset(body, 'a', sizeof body);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char head[256], *all;
		int fd = client();
		snprintf(head, sizeof head,
			 "POST /pack HTTP/1.1\r\nHost: a\r\nAccept-Encoding: %s\r\n"
			 "Connection: close\r\nContent-Length: %zu\r\n\r\n",
			 rows[i].accept, sizeof body);
		say(fd, head);
		say_n(fd, body, sizeof body);
		size_t len = hear_all(fd, &all);
		char *answered = strstr(all, "\r\n\r\n") + 4;
		bool packed = strstr(all, "Content-Encoding: gzip\r\n");
		ck_assert_msg(packed == rows[i].packed, "%s", rows[i].accept);
		len -= (size_t)(answered - all);
		if (packed) {
			ck_assert_uint_lt(len, 200);
			ck_assert_uint_eq(unpack(answered, len, unpacked, sizeof unpacked),
					  sizeof body);
			ck_assert_int_eq(memcmp(unpacked, body, sizeof body), 0);
		} else {
			ck_assert_uint_eq(len, sizeof body);
		}
		free(all);
	}
	int fd = client();
	say(fd,
	    "POST /pack HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nContent-Length: 3\r\n"
	    "Connection: close\r\n\r\nabc");
	expect_all(fd, "\r\n\r\nabc");
}
END_TEST

/* ---- those who leave ---- */

START_TEST(whoever_has_the_request_of_a_client_that_left_is_told_and_keeps_it)
{
	int fd = client();
	say(fd, GET("/park"));
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
			int fd = client();
			say(fd, texts[i]);
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
	int fd = client(), parked = client(), idle = client();
	say(fd, GET("/a"));
	hear(fd, "X-Path: /a");
	say(parked, GET("/park"));
	UNTIL(the.parked);
	UNTIL(serve_active(the.serve) == 1);
	serve_end_connections(the.serve);
	ck_assert(serve_is_ending(the.serve));
	say(fd, GET("/b") GET("/c"));
	char *all;
	hear_all(fd, &all);
	ck_assert_ptr_nonnull(strstr(all, "Connection: close\r\n\r\n"));
	ck_assert_ptr_null(strstr(all, "/c"));
	free(all);
	exchange_wake(the.parked);
	expect_all(parked, "Connection: close\r\n\r\nwoken");
	UNTIL(!serve_active(the.serve));
	the.serve = serve_free(the.serve);
	ck_assert_uint_eq(hear_all(idle, &all), 0);
	free(all);
}
END_TEST

START_TEST(idle_connections_end_and_those_that_asked_nothing_yet_stay)
{
	int used = client(), fresh = client(), parked = client();
	char *all;
	say(used, GET("/a"));
	hear(used, "X-Path: /a");
	say(parked, GET("/park"));
	UNTIL(the.parked && serve_active(the.serve) == 1);
	ck_assert_uint_eq(serve_fresh(the.serve), 1);
	serve_end_idle(the.serve);
	UNTIL(!serve_ending_idle(the.serve));
	ck_assert_uint_eq(hear_all(used, &all), 0);
	free(all);
	say(fresh, GET("/b"));
	hear(fresh, "X-Path: /b");
	ck_assert_uint_eq(serve_fresh(the.serve), 0);
	exchange_wake(the.parked);
	hear(parked, "woken");
	close(fresh);
	close(parked);
	UNTIL(!serve_connections(the.serve));
}
END_TEST

START_TEST(who_leaves_without_asking_is_not_waited_for)
{
	int fresh = client();
	UNTIL(serve_fresh(the.serve) == 1);
	close(fresh);
	UNTIL(!serve_fresh(the.serve));
}
END_TEST

/* ---- many at once ---- */

static void *ask_often(void *arg)
{
	int fd = client();
	for (int i = 0; i < 200; i++) {
		char text[256], wanted[64];
		snprintf(text, sizeof text,
			 "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n%06d",
			 i % 3 ? "/a" : "/aside", i);
		snprintf(wanted, sizeof wanted, "%06d", i);
		say(fd, text);
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

static TCase *new_case(Suite *suite, const char *name)
{
	TCase *t = tcase_create(name);
	tcase_add_checked_fixture(t, open_usual, shut);
	tcase_set_timeout(t, 60);
	suite_add_tcase(suite, t);
	return t;
}

Suite *suite_serve(void)
{
	Suite *suite = suite_create("serve");
	TCase *t = new_case(suite, "order");
	tcase_add_test(t, requests_that_come_together_are_answered_in_their_order);
	tcase_add_test(t, a_request_may_come_byte_by_byte);
	tcase_add_test(t, a_client_that_sends_no_more_gets_its_answers);
	tcase_add_test(t, older_clients_and_looks_are_answered_as_they_ask);
	tcase_add_test(t, who_asks_before_sending_is_told_to_go_on_or_not);
	t = new_case(suite, "limits");
	tcase_add_test(t, what_is_no_request_is_refused_and_ends);
	tcase_add_test(t, slow_requests_are_408_and_idle_connections_end);
	tcase_add_test(t, a_body_that_trickles_is_408);
	tcase_add_test(t, each_side_has_its_places);
	t = new_case(suite, "streams");
	tcase_add_test(t, pieces_come_and_go_at_the_same_time);
	tcase_add_test(t, an_empty_body_is_a_stream_too);
	tcase_add_test(t, a_stream_may_end_without_trailers);
	tcase_add_test(t, a_slow_reader_holds_the_writer_up);
	tcase_add_test(t, a_slow_taker_holds_the_client_up);
	tcase_add_test(t, a_stream_that_is_cut_off_is_seen_to_be);
	tcase_add_test(t, a_long_answer_is_compressed_for_those_who_like_that);
	t = new_case(suite, "ends");
	tcase_add_test(t, whoever_has_the_request_of_a_client_that_left_is_told_and_keeps_it);
	tcase_add_test(t, a_client_may_leave_at_any_time);
	tcase_add_test(t, at_the_end_each_answer_is_the_last);
	tcase_add_test(t, idle_connections_end_and_those_that_asked_nothing_yet_stay);
	tcase_add_test(t, who_leaves_without_asking_is_not_waited_for);
	tcase_add_test(t, many_threads_ask_and_wake_at_once);
	return suite;
}
