#include "agent/cmd/lines.h"

#include "lib/flume.h"
#include "tests/unit/suites.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int ends[2]; /* of a pipe */
static struct lines_in in;

static void begin(void)
{
	ck_assert_int_eq(pipe(ends), 0);
	in = (struct lines_in){.fd = ends[0], .most = 10};
}

static void end(void)
{
	lines_fini(&in);
	close(ends[0]);
	if (ends[1] >= 0)
		close(ends[1]);
}

static void feed(const char *text)
{
	ck_assert_int_eq(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
}

static void finish(void)
{
	close(ends[1]);
	ends[1] = -1;
}

static void expect(int outcome, const char *wanted)
{
	char *line = NULL;
	size_t n = 0;
	ck_assert_int_eq(lines_next(&in, &line, &n), outcome);
	if (wanted) {
		ck_assert_uint_eq(n, strlen(wanted));
		ck_assert_int_eq(memcmp(line, wanted, n), 0);
	}
}

START_TEST(each_line_comes_without_its_newline)
{
	feed("one\n\ntwo\nthree");
	finish();
	expect(LINE_READ, "one");
	expect(LINE_READ, "");
	expect(LINE_READ, "two");
	ck_assert_uint_eq(in.number, 3);
	expect(LINE_READ, "three");
	expect(0, NULL);
	expect(0, NULL);
	ck_assert_uint_eq(in.bytes, 14);
}
END_TEST

START_TEST(a_line_that_is_too_long_does_not_spoil_the_next)
{
	feed("0123456789\n0123456789a\nnext\n");
	finish();
	expect(LINE_READ, "0123456789");
	expect(LINE_TOO_LONG, "0123456789");
	expect(LINE_READ, "next");
	ck_assert_uint_eq(in.number, 3);
	expect(0, NULL);
}
END_TEST

START_TEST(a_long_line_may_come_in_pieces)
{
	feed("0123456789ab");
	expect(LINE_TOO_LONG, "0123456789");
	feed("cdef");
	feed("gh\nnext\n0123456789xyz");
	finish();
	expect(LINE_READ, "next");
	expect(LINE_TOO_LONG, "0123456789");
	expect(0, NULL);
	ck_assert_uint_eq(in.number, 3);
}
END_TEST

/* More than one buffer of a line that must be skipped, in pieces of every size. */
static void *feed_much(void *arg)
{
	char piece[5000];
	(void)arg;
	memset(piece, 'x', sizeof piece);
	for (size_t n = 1; n < sizeof piece; n += 97)
		ck_assert_int_eq(write(ends[1], piece, n), (ssize_t)n);
	feed("\nlast\n");
	finish();
	return NULL;
}

START_TEST(what_is_skipped_takes_no_memory)
{
	pthread_t thread;
	ck_assert_int_eq(pthread_create(&thread, NULL, feed_much, NULL), 0);
	expect(LINE_TOO_LONG, "xxxxxxxxxx");
	expect(LINE_READ, "last");
	expect(0, NULL);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_le(in.cap, 1 << 18);
}
END_TEST

static void count_wait(void *arg)
{
	++*(int *)arg;
}

START_TEST(nothing_is_kept_back_while_it_waits)
{
	int waits = 0;
	in.waiting = count_wait;
	in.arg = &waits;
	feed("a\nb\n");
	expect(LINE_READ, "a");
	expect(LINE_READ, "b");
	ck_assert_int_eq(waits, 1);
	finish();
	expect(0, NULL);
	ck_assert_int_eq(waits, 2);
}
END_TEST

START_TEST(a_folder_is_no_input)
{
	lines_fini(&in);
	in = (struct lines_in){.fd = open("/", O_RDONLY), .most = 10};
	ck_assert_int_ge(in.fd, 0);
	expect(FLUME_IO, NULL);
	close(in.fd);
}
END_TEST

START_TEST(what_is_put_comes_out_in_order)
{
	static struct lines_out out;
	char got[64];
	out.fd = ends[1];
	lines_put(&out, "one", 3);
	lines_put(&out, "", 0);
	lines_put(&out, "two", 3);
	lines_flush(&out);
	ssize_t n = read(ends[0], got, sizeof got);
	ck_assert_int_eq(n, 9);
	ck_assert_int_eq(memcmp(got, "one\n\ntwo\n", 9), 0);
}
END_TEST

static void *read_to_end(void *arg)
{
	size_t *total = arg;
	char piece[4096];
	ssize_t n;
	while ((n = read(ends[0], piece, sizeof piece)) > 0)
		*total += (size_t)n;
	return NULL;
}

START_TEST(a_line_larger_than_the_buffer_goes_out_whole)
{
	static struct lines_out out;
	static char large[sizeof out.buffer * 3];
	size_t total = 0;
	pthread_t thread;
	out.fd = ends[1];
	memset(large, 'x', sizeof large);
	ck_assert_int_eq(pthread_create(&thread, NULL, read_to_end, &total), 0);
	lines_put(&out, "a", 1);
	lines_put(&out, large, sizeof large);
	lines_put(&out, large, sizeof out.buffer - 1);
	lines_put(&out, large, sizeof out.buffer);
	lines_flush(&out);
	finish();
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_eq(total, 5 + sizeof large + 2 * sizeof out.buffer - 1);
}
END_TEST

START_TEST(a_large_line_has_its_end_before_others_write)
{
	static struct lines_out out;
	static char large[sizeof out.buffer + 1], got[2 * sizeof out.buffer];
	size_t n = 0;
	FILE *temporary = tmpfile();
	ck_assert_ptr_nonnull(temporary);
	int file = fileno(temporary);
	out.fd = file;
	memset(large, 'x', sizeof large);
	lines_put(&out, "a", 1);
	lines_put(&out, large, sizeof large);
	ck_assert_int_eq(write(file, "other\n", 6), 6);
	lines_put(&out, "b", 1);
	lines_flush(&out);
	ck_assert_int_eq(lseek(file, 0, SEEK_SET), 0);
	n = (size_t)read(file, got, sizeof got);
	ck_assert_uint_eq(n, 2 + sizeof large + 1 + 6 + 2);
	ck_assert_int_eq(memcmp(got + n - 10, "x\nother\nb\n", 10), 0);
	fclose(temporary);
}
END_TEST

START_TEST(a_reader_that_has_gone_is_no_error)
{
	static struct lines_out out;
	signal(SIGPIPE, SIG_IGN);
	close(ends[0]);
	out.fd = ends[1];
	lines_put(&out, "a", 1);
	lines_flush(&out);
	ck_assert(out.broken);
	ck_assert_int_eq(out.error, 0);
	lines_put(&out, "b", 1);
	lines_flush(&out);
	ends[0] = open("/dev/null", O_RDONLY);
}
END_TEST

Suite *suite_cmd_lines(void)
{
	Suite *suite = suite_create("cmd_lines");
	TCase *tests = tcase_create("cmd_lines");
	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, each_line_comes_without_its_newline);
	tcase_add_test(tests, a_line_that_is_too_long_does_not_spoil_the_next);
	tcase_add_test(tests, a_long_line_may_come_in_pieces);
	tcase_add_test(tests, what_is_skipped_takes_no_memory);
	tcase_add_test(tests, nothing_is_kept_back_while_it_waits);
	tcase_add_test(tests, a_folder_is_no_input);
	tcase_add_test(tests, what_is_put_comes_out_in_order);
	tcase_add_test(tests, a_line_larger_than_the_buffer_goes_out_whole);
	tcase_add_test(tests, a_large_line_has_its_end_before_others_write);
	tcase_add_test(tests, a_reader_that_has_gone_is_no_error);
	suite_add_tcase(suite, tests);
	return suite;
}
