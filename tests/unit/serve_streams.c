/* Bodies and answers that come in pieces, and those that are compressed. */
#include "tests/unit/serve_fixture.h"
#include "tests/unit/suites.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

/* ---- streams ---- */

START_TEST(pieces_come_and_go_at_the_same_time)
{
	int fd = serve_client();
	serve_say(fd, POST_STREAM "3\r\none\r\n");
	serve_hear(fd, "3\r\none\r\n");
	serve_say(fd, "3\r\ntwo\r\n");
	serve_hear(fd, "3\r\ntwo\r\n");
	serve_say(fd, "0\r\n\r\n" GET("/next"));
	const char *rest = serve_hear(fd, "/next");
	ck_assert_int_eq(strncmp(rest, "0\r\nX-Behind: yes\r\n\r\nHTTP/1.1 200", 32), 0);
	close(fd);
}
END_TEST

START_TEST(an_empty_body_is_a_stream_too)
{
	int fd = serve_client();
	serve_say(fd, "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
	serve_hear(fd, "\r\n\r\n0\r\nX-Behind: yes\r\n\r\n");
	serve_say(fd, "POST /stream HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc");
	serve_expect_all(fd, "\r\n\r\nabc");
}
END_TEST

START_TEST(a_stream_may_end_without_trailers)
{
	int fd = serve_client();
	serve_say(fd, "GET /bare HTTP/1.1\r\nHost: a\r\n\r\n");
	serve_hear(fd, "\r\n4\r\nbare\r\n0\r\n\r\n");
}
END_TEST

START_TEST(a_slow_reader_holds_the_writer_up)
{
	int fd = serve_client();
	serve_say(fd, GET("/endless"));
	serve_hear(fd, "xxx");
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
	int fd = serve_client();
	static char block[64 << 10];
	size_t sent = 0;
	atomic_store(&the.stingy, true);
	serve_say(fd, "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
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

/* Bytes that get on count for those whose handler does not say what does, as here before the first line. */
START_TEST(a_body_that_does_not_get_on_has_last_words)
{
	serve_reopen((struct serve_options){.idle_ns = 5000000000, .pause_ns = 200000000});
	int silent = serve_client(), drips = serve_client(), none = serve_client();
	serve_say(silent, POST_STREAM "4\r\none\n\r\n");
	serve_say(drips, POST_STREAM "4\r\none\n\r\n");
	serve_say(none, POST_STREAM);
	struct pollfd heard = {.fd = drips, .events = POLLIN};
	serve_hear(drips, "one\n");
	while (poll(&heard, 1, 20) == 0)
		serve_say(drips, "1\r\nx\r\n"), serve_hear(drips, "x");
	serve_expect_all(silent, "too late");
	serve_expect_all(none, " 408 ");
	UNTIL(the.done == 3);
	ck_assert_int_eq(the.late, 3);
	close(drips);
}
END_TEST

START_TEST(a_stream_that_is_cut_off_is_seen_to_be)
{
	int fd = serve_client();
	serve_say(fd, GET("/endless"));
	serve_hear(fd, "xxx");
	serve_wake_all(the.serve);
	char *all;
	size_t len = serve_hear_all(fd, &all);
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
		int fd = serve_client();
		snprintf(head, sizeof head,
			 "POST /pack HTTP/1.1\r\nHost: a\r\nAccept-Encoding: %s\r\n"
			 "Connection: close\r\nContent-Length: %zu\r\n\r\n",
			 rows[i].accept, sizeof body);
		serve_say(fd, head);
		serve_say_n(fd, body, sizeof body);
		size_t len = serve_hear_all(fd, &all);
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
	int fd = serve_client();
	serve_say(fd, "POST /pack HTTP/1.1\r\nHost: a\r\nAccept-Encoding: "
		      "gzip\r\nContent-Length: 3\r\n"
		      "Connection: close\r\n\r\nabc");
	serve_expect_all(fd, "\r\n\r\nabc");
}
END_TEST

Suite *suite_serve_streams(void)
{
	Suite *suite = suite_create("serve_streams");
	TCase *t = serve_case(suite, "streams");
	tcase_add_test(t, pieces_come_and_go_at_the_same_time);
	tcase_add_test(t, an_empty_body_is_a_stream_too);
	tcase_add_test(t, a_stream_may_end_without_trailers);
	tcase_add_test(t, a_slow_reader_holds_the_writer_up);
	tcase_add_test(t, a_slow_taker_holds_the_client_up);
	tcase_add_test(t, a_body_that_does_not_get_on_has_last_words);
	tcase_add_test(t, a_stream_that_is_cut_off_is_seen_to_be);
	tcase_add_test(t, a_long_answer_is_compressed_for_those_who_like_that);
	return suite;
}
