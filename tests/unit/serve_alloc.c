/* The server without memory: each allocation fails in turn, and costs the one that needed it. */
#include "agent/serve/door.h"
#include "tests/unit/memory.h"
#include "tests/unit/serve_fixture.h"
#include "tests/unit/suites.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define END  "Host: a\r\nConnection: close\r\n"
#define LONG 300000

/* What is sent, `fill` bytes behind it, and what the answer ends with. */
static const struct talk {
	const char *head;
	size_t fill;
	const char *tail, *wanted;
} talks[] = {
	{"GET /a HTTP/1.1\r\n" END "\r\n", 0, "", "X-Path: /a\r\n"},
	{GET("/1") GET("/aside") "GET /3 HTTP/1.1\r\n" END "\r\n", 0, "", "X-Path: /3\r\n"},
	{"POST /long HTTP/1.1\r\n" END "Content-Length: 300000\r\n\r\n", LONG, "", "xxxx"},
	{"GET /large HTTP/1.1\r\n" END "\r\n", 0, "", "Content-Length: 8388608\r\n"},
	{"GET /no HTTP/1.1\r\n" END "\r\n", 0, "", "\r\n\r\nno"},
	{"POST /pack HTTP/1.1\r\n" END
	 "Accept-Encoding: gzip\r\nContent-Length: 300000\r\n\r\n",
	 LONG, "", "Content-"},
	{"POST /stream HTTP/1.1\r\n" END "Transfer-Encoding: chunked\r\n\r\n493e0\r\n", LONG,
	 "\r\n0\r\n\r\n", "\r\n0\r\nX-Behind: yes\r\n\r\n"},
	{"POST /stream HTTP/1.1\r\n" END "Accept-Encoding: gzip\r\nTransfer-Encoding: "
	 "chunked\r\n\r\n493e0\r\n",
	 LONG, "\r\n0\r\n\r\n", "\r\n0\r\nX-Behind: yes\r\n\r\n"},
	{"nonsense\r\n\r\n", 0, "", " 400 "},
};

/* A server that has hung up takes no more. */
static void offer(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
		if (n < 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

/* Is the answer as it should be?  It may be cut short, but nothing else. */
static bool converse(const struct talk *t)
{
	static char fill[LONG], all[9 * MEGA];
	int fd = serve_client();
	size_t len = 0;
	ssize_t n;
	memset(fill, 'x', sizeof fill);
	offer(fd, t->head, strlen(t->head));
	offer(fd, fill, t->fill);
	offer(fd, t->tail, strlen(t->tail));
	while ((n = recv(fd, all + len, sizeof all - 1 - len, 0)) > 0)
		len += (size_t)n;
	ck_assert_msg(n == 0 || errno == ECONNRESET, "%s: %s", t->head, strerror(errno));
	close(fd);
	all[len] = '\0';
	ck_assert_msg(!len || !strncmp(all, "HTTP/1.1 ", len < 9 ? len : 9), "%s", all);
	return memmem(all, len, t->wanted, strlen(t->wanted));
}

/* How many failed; without `nth` none may. */
static size_t converse_all(long nth)
{
	size_t failed = 0;
	for (size_t i = 0; i < sizeof talks / sizeof *talks; i++) {
		bool good = converse(&talks[i]);
		ck_assert_msg(good || nth, "%s", talks[i].head);
		failed += !good;
	}
	return failed;
}

START_TEST(each_allocation_that_fails_costs_one_client_at_the_most)
{
	the.failed = true;
	for (long nth = 1; the.failed; nth++) {
		ck_assert_int_lt(nth, 1000);
		serve_reopen((struct serve_options){.threads = 1});
		int control = serve_client();
		the.nth = nth;
		serve_say(control, GET("/arm"));
		serve_hear(control, "X-Path: /arm");
		size_t failed = converse_all(nth);
		serve_say(control, GET("/disarm"));
		serve_hear(control, "X-Path: /disarm");
		ck_assert_msg(failed <= the.failed, "%zu failed at %ld", failed, nth);
		if (nth % 8 == 0)
			converse_all(0);
		UNTIL(serve_connections(the.serve) == 1);
		ck_assert_uint_eq(serve_active(the.serve), 0);
		close(control);
	}
}
END_TEST

START_TEST(without_memory_there_is_no_server_and_nothing_is_left)
{
	const struct serve_handler none = {.size = 1};
	struct serve *serve = NULL;
	for (long nth = 1; !serve; nth++) {
		ck_assert_int_lt(nth, 100);
		memory_fails_at(nth);
		serve = serve_new(&(struct serve_options){0}, &none);
		ck_assert(memory_is_back() == !serve);
	}
	serve_free(serve);
	struct door *door = NULL;
	for (long nth = 1; !door; nth++) {
		struct flume_err err = {0};
		memory_fails_at(nth);
		int rc = door_new(&door, "127.0.0.1:0", &err);
		memory_is_back();
		ck_assert(rc < 0 ? *err.text != '\0' : door != NULL);
	}
	door_free(door);
}
END_TEST

START_TEST(one_that_there_is_no_room_for_is_told_to_come_back)
{
	const struct sockaddr tcp = {.sa_family = AF_INET};
	int fds[2];
	serve_pair(fds);
	memory_fails_at(1);
	serve_enter(the.serve, fds[1], &tcp, sizeof tcp);
	ck_assert(memory_is_back());
	serve_expect_all(fds[0], " 503 ");
	ck_assert_int_eq(the.turned_away, 1);
	int fd = serve_client();
	serve_say(fd, GET("/a"));
	serve_hear(fd, " 200 ");
	close(fd);
}
END_TEST

Suite *suite_serve_alloc(void)
{
	Suite *suite = suite_create("serve_alloc");
	TCase *t = serve_case(suite, "memory");
	tcase_add_test(t, each_allocation_that_fails_costs_one_client_at_the_most);
	tcase_add_test(t, without_memory_there_is_no_server_and_nothing_is_left);
	tcase_add_test(t, one_that_there_is_no_room_for_is_told_to_come_back);
	return suite;
}
