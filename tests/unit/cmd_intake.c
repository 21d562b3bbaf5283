#include "agent/cmd/intake.h"

#include "lib/flume.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int ends[2]; /* of a pipe */
static struct intake in;
static struct block_in block;

static void begin(void)
{
	ck_assert_int_eq(pipe(ends), 0);
	in = (struct intake){.fd = ends[0], .wake = -1, .most = 10, .size = 32};
	block = (struct block_in){0};
}

static void end(void)
{
	intake_fini(&in);
	block_in_fini(&block);
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

static void expect(const char *wanted)
{
	ck_assert_int_eq(intake_read(&in, &block), INTAKE_LINES);
	ck_assert_msg(block.len == strlen(wanted) && !memcmp(block.s, wanted, block.len),
		      "expected '%s', got '%.*s'", wanted, (int)block.len, block.s);
}

static void expect_end(void)
{
	ck_assert_int_eq(intake_read(&in, &block), INTAKE_END);
}

START_TEST(lines_that_are_there_come_at_once)
{
	feed("one\n\ntwo\nthr");
	expect("one\n\ntwo\n");
	feed("ee\n");
	expect("three\n");
	feed("four");
	finish();
	expect("four");
	expect_end();
	expect_end();
}
END_TEST

START_TEST(blocks_end_with_lines)
{
	feed("0123456789\n0123456789\n0123456789\n0123456789\n");
	finish();
	expect("0123456789\n0123456789\n");
	expect("0123456789\n0123456789\n");
	expect_end();
}
END_TEST

START_TEST(a_line_may_be_larger_than_a_block)
{
	in.most = 100;
	feed("a\n0123456789012345678901234567890123456789012345678901234567890123456789\nb\n");
	finish();
	expect("a\n");
	expect("0123456789012345678901234567890123456789012345678901234567890123456789\nb\n");
	expect_end();
}
END_TEST

START_TEST(a_line_too_long_is_cut_and_its_rest_passed_over)
{
	feed("a\n01234567890123456789012345678901234567890123456789012345678901234567\nb\n");
	finish();
	expect("a\n");
	expect("012345678901");
	expect("b\n");
	expect_end();
}
END_TEST

START_TEST(the_rest_of_a_long_line_may_be_all_there_is)
{
	feed("0123456789ab");
	expect("0123456789ab");
	feed("cdefghijklmnopqrstuvwxyz");
	finish();
	expect_end();
}
END_TEST

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

START_TEST(what_is_passed_over_takes_no_memory)
{
	pthread_t thread;
	ck_assert_int_eq(pthread_create(&thread, NULL, feed_much, NULL), 0);
	expect("xxxxxxxxxxxx");
	expect("last\n");
	expect_end();
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_le(block.cap + in.rest.cap, 200);
}
END_TEST

START_TEST(waiting_can_be_ended)
{
	in.wake = eventfd(0, 0);
	feed("a\nhalf");
	expect("a\n");
	ck_assert_int_eq(eventfd_write(in.wake, 1), 0);
	expect_end();
	close(in.wake);
}
END_TEST

START_TEST(a_pipe_that_does_not_wait_is_waited_for)
{
	pthread_t thread;
	ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, feed_much, NULL), 0);
	expect("xxxxxxxxxxxx");
	expect("last\n");
	expect_end();
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

START_TEST(a_folder_is_refused)
{
	in.fd = open("/", O_RDONLY);
	ck_assert_int_ge(in.fd, 0);
	ck_assert_int_eq(intake_read(&in, &block), FLUME_IO);
	ck_assert_str_eq(strerror(in.error), "Is a directory");
	close(in.fd);
}
END_TEST

START_TEST(memory_that_runs_out_is_told)
{
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		int code;
		end();
		begin();
		in.most = 200;
		feed("a\n01234567890123456789012345678901234567890123456789\n0123");
		finish();
		memory_fails_at(nth);
		while ((code = intake_read(&in, &block)) == INTAKE_LINES)
			;
		failed = memory_is_back();
		ck_assert_int_eq(code, failed ? FLUME_NOMEM : INTAKE_END);
	}
}
END_TEST

Suite *suite_cmd_intake(void)
{
	Suite *suite = suite_create("cmd_intake");
	TCase *tests = tcase_create("cmd_intake");
	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, lines_that_are_there_come_at_once);
	tcase_add_test(tests, blocks_end_with_lines);
	tcase_add_test(tests, a_line_may_be_larger_than_a_block);
	tcase_add_test(tests, a_line_too_long_is_cut_and_its_rest_passed_over);
	tcase_add_test(tests, the_rest_of_a_long_line_may_be_all_there_is);
	tcase_add_test(tests, what_is_passed_over_takes_no_memory);
	tcase_add_test(tests, waiting_can_be_ended);
	tcase_add_test(tests, a_pipe_that_does_not_wait_is_waited_for);
	tcase_add_test(tests, a_folder_is_refused);
	tcase_add_test(tests, memory_that_runs_out_is_told);
	suite_add_tcase(suite, tests);
	return suite;
}
