/* Many connections, and requests that are made to be misread.  Spoken over plain sockets. */
#include "tests/unit/http_fixture.h"
#include "tests/unit/suites.h"

#include <unistd.h>

#define MOST 8

/* ---- many ---- */

static void open_small(void)
{
	node_open_with((struct http_options){.connections = MOST});
}

static const char healthy[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

static void fill_up(int *fds)
{
	for (int i = 0; i < MOST; i++) {
		fds[i] = dial();
		say(fds[i], healthy);
		hear(fds[i], " 200 ");
	}
}

START_TEST(one_connection_too_many_is_told_to_come_back)
{
	int fds[MOST];
	fill_up(fds);
	for (int i = 0; i < 3 * MOST; i++) {
		int fd = dial();
		hear(fd, "Retry-After: 1\r\n");
		hear_the_end(fd);
	}
	for (int i = 0; i < MOST; i++) {
		say(fds[i], healthy);
		hear(fds[i], " 200 ");
		close(fds[i]);
	}
}
END_TEST

START_TEST(places_of_clients_that_left_are_given_again)
{
	for (int round = 0; round < 5; round++) {
		int fds[MOST];
		UNTIL(!node_connections());
		fill_up(fds);
		ck_assert_uint_eq(node_connections(), MOST);
		for (int i = 0; i < MOST; i++)
			close(fds[i]);
	}
	UNTIL(!node_connections());
	expect_status(get("/healthz"), 200);
}
END_TEST

START_TEST(a_rush_of_silent_clients_ends_with_them)
{
	int fds[20 * MOST];
	for (int i = 0; i < 20 * MOST; i++)
		fds[i] = dial();
	for (int i = 0; i < 20 * MOST; i++)
		close(fds[i]);
	UNTIL(get("/healthz")->status == 200); /* the last ones may still be coming in */
	node_stop();
}
END_TEST

/* ---- misread ---- */

START_TEST(an_encoded_nul_anywhere_in_a_url_is_400)
{
	static const char *const bad[] = {"/schemas/checkout%00b", "/schemas/checkout%00",
					  "/%00", "/healthz?a=%00", "/healthz?a%00=1"};
	node_bind("checkout", checkout_yaml);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_problem(get(bad[i]), 400, "bad-url", "NUL");
	expect_problem(ASK(.method = "PUT", .path = bad[0], .body = checkout_yaml), 400,
		       "bad-url", "NUL");
	expect_problem(ASK(.method = "POST", .path = "/pipelines/checkout%00b", .body = "{}"),
		       400, "bad-url", "NUL");
	expect_status(get("/schemas/checkout"), 200);
	expect_problem(get("/schemas/checkout%2500"), 404, "not-found", "checkout%00");
}
END_TEST

START_TEST(a_url_with_a_nul_that_never_becomes_a_request_leaves_nothing)
{
	int fd = dial();
	say(fd, "GET /a%00b HTTP/1.1\r\nHost: local");
	close(fd);
	UNTIL(!node_connections());
	expect_status(get("/healthz"), 200);
}
END_TEST

START_TEST(a_message_with_two_lengths_or_hosts_is_400_and_the_end)
{
	static const char *const bad[] = {
		"Host: localhost\r\nHost: localhost\r\nContent-Length: 2\r\n",
		"Host: localhost\r\nContent-Length: 2\r\ncontent-length: 2\r\n",
		"Host: localhost\r\nContent-Length: 2\r\nContent-Length: 40\r\n",
		"Host: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n",
		"Host: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n",
	};
	node_bind("checkout", checkout_yaml);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int fd = dial();
		say(fd, "POST /pipelines/checkout HTTP/1.1\r\n");
		say(fd, bad[i]);
		say(fd, "\r\n");
		hear(fd, " 400 ");
		hear_the_end(fd);
	}
}
END_TEST

Suite *suite_http_crowd(void)
{
	Suite *suite = suite_create("http_crowd");
	TCase *t = tcase_create("many");
	tcase_add_checked_fixture(t, open_small, node_close);
	tcase_set_timeout(t, 60);
	suite_add_tcase(suite, t);
	tcase_add_test(t, one_connection_too_many_is_told_to_come_back);
	tcase_add_test(t, places_of_clients_that_left_are_given_again);
	tcase_add_test(t, a_rush_of_silent_clients_ends_with_them);
	t = node_case(suite, "misread");
	tcase_add_test(t, an_encoded_nul_anywhere_in_a_url_is_400);
	tcase_add_test(t, a_url_with_a_nul_that_never_becomes_a_request_leaves_nothing);
	tcase_add_test(t, a_message_with_two_lengths_or_hosts_is_400_and_the_end);
	return suite;
}
