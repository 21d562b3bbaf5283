/*
 * Sizes, connections, the door, and the end: what clients see that are slow, greedy or rude.
 */
#include "agent/serve/door.h"
#include "tests/unit/http_fixture.h"
#include "tests/unit/suites.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MEGA (1U << 20)

/* ---- sizes ---- */

static const struct reply *send_blanks(size_t len, bool chunked)
{
	char *body = malloc(len + 1);
	ck_assert_ptr_nonnull(body);
	memset(body, ' ', len);
	body[len - 1] = '1';
	body[len] = '\0';
	const struct reply *reply = ASK(.method = "POST", .path = "/pipelines/gate",
					.body = body, .len = len, .chunked = chunked);
	free(body);
	return reply;
}

START_TEST(ten_megabytes_are_413_and_the_answer_arrives)
{
	node_bind_step("gate");
	atomic_store(&node.gate_open, true);
	for (int chunked = 0; chunked < 2; chunked++) {
		expect_problem(send_blanks(10 * MEGA, chunked), 413, "too-large", "1048576");
		expect_problem(send_blanks(MEGA + 1, chunked), 413, "too-large", "1048576");
		expect_status(send_blanks(MEGA, chunked), 200);
	}
}
END_TEST

START_TEST(a_body_that_is_only_announced_is_refused_at_once)
{
	node_bind_step("gate");
	int fd = dial();
	say(fd, "POST /pipelines/gate HTTP/1.1\r\nHost: localhost\r\n"
		"Content-Length: 1099511627776\r\n\r\n");
	hear(fd, " 413 ");
	close(fd);
	fd = dial();
	say(fd, "POST /pipelines/gate HTTP/1.1\r\nHost: localhost\r\n"
		"Content-Length: 2000000\r\nExpect: 100-continue\r\n\r\n");
	hear(fd, " 413 ");
	close(fd);
}
END_TEST

START_TEST(a_body_without_end_is_cut_off)
{
	node_bind_step("gate");
	int fd = dial();
	char *chunk = malloc(0x10000 + 10);
	ck_assert_ptr_nonnull(chunk);
	memcpy(chunk, "10000\r\n", 7);
	memset(chunk + 7, ' ', 0x10000);
	memcpy(chunk + 7 + 0x10000, "\r\n", 2);
	say(fd, "POST /pipelines/gate HTTP/1.1\r\nHost: localhost\r\n"
		"Transfer-Encoding: chunked\r\n\r\n");
	int sent = 0;
	while (sent < 4096 && send(fd, chunk, 0x10009, MSG_NOSIGNAL) == 0x10009)
		sent++;
	ck_assert_int_lt(sent, 4096);
	free(chunk);
	close(fd);
}
END_TEST

START_TEST(refusals_leave_the_connection_open)
{
	node_bind("checkout", checkout_yaml);
	int fd = dial();
	for (int i = 0; i < 3; i++) {
		say(fd, "POST /pipelines/nowhere HTTP/1.1\r\nHost: localhost\r\n"
			"Content-Length: 5\r\n\r\n12345");
		hear(fd, " 404 ");
		say(fd, "POST /pipelines/checkout HTTP/1.1\r\nHost: localhost\r\n"
			"Content-Length: 2\r\n\r\n{}");
		hear(fd, "missing");
		say(fd, "POST /pipelines/checkout HTTP/1.1\r\nHost: localhost\r\n"
			"Content-Length: 11\r\n\r\n{\"total\":1}");
		hear(fd, "accepted");
	}
	close(fd);
}
END_TEST

START_TEST(an_idle_connection_is_closed)
{
	node_close();
	node_open_with((struct http_options){.idle_ns = 1000000000});
	int silent = dial(), halting = dial();
	say(halting, "POST /pipelines/x HTTP/1.1\r\nHost: localhost\r\nContent-Le");
	hear_the_end(silent);
	hear_the_end(halting);
}
END_TEST

START_TEST(a_call_may_take_longer_than_a_connection_may_be_idle)
{
	node_close();
	node_open_with((struct http_options){.idle_ns = 1000000000});
	node_bind_step("nap");
	expect_status(ASK(.method = "POST", .path = "/pipelines/nap", .body = "1",
			  .headers = {"Flume-Timeout: 2s"}),
		      504);
}
END_TEST

START_TEST(nonsense_is_refused)
{
	int fd = dial();
	say(fd, "\x16\x03\x01 nonsense\r\n\r\n");
	hear(fd, " 400 ");
	close(fd);
	expect_status(get("/healthz"), 200);
}
END_TEST

/* ---- the door ---- */

START_TEST(an_address_that_is_taken_or_none_is_told)
{
	struct door *door = NULL;
	struct flume_err err = {0};
	char taken[32];
	snprintf(taken, sizeof taken, "127.0.0.1:%d", http_port(node.http));
	ck_assert_int_eq(door_new(&door, taken, &err), FLUME_EXISTS);
	ck_assert_ptr_nonnull(strstr(err.text, taken));
	static const char *const bad[] = {"127.0.0.1",       "127.0.0.1:", "127.0.0.1:http",
					  "127.0.0.1:99999", "[::1:80",    ""};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(door_new(&door, bad[i], &err) == FLUME_INVALID, "%s", bad[i]);
	ck_assert_ptr_null(door);
	ck_assert_int_eq(door_new(&door, NULL, &err), 0);
	ck_assert_int_eq(door_add_local(door, "/nowhere/at/all", &err), FLUME_IO);
	ck_assert_int_eq(door_add_local(door, "", &err), FLUME_INVALID);
	ck_assert_str_eq(door_path(door), "");
	door_free(door);
}
END_TEST

static struct door *new_door(void)
{
	struct door *door = NULL;
	struct flume_err err = {0};
	ck_assert_int_eq(door_new(&door, NULL, &err), 0);
	return door;
}

static void see_delay(void *arg, int fd, const struct sockaddr *from, socklen_t len)
{
	int none = 0;
	socklen_t size = sizeof none;
	(void)from, (void)len;
	ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &none, &size), 0);
	close(fd);
	atomic_store((atomic_int *)arg, none ? 1 : 2);
}

/* The last bytes of a stream are few, and would wait for the client's system otherwise: 40 ms. */
START_TEST(who_is_let_in_gets_the_last_bytes_at_once)
{
	struct door *door = NULL;
	struct flume_err err = {0};
	atomic_int seen = 0;
	ck_assert_int_eq(door_new(&door, "127.0.0.1:0", &err), 0);
	ck_assert_int_eq(door_open(door, see_delay, &seen), 0);
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)door_port(door)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
	UNTIL(atomic_load(&seen));
	close(fd);
	door_free(door);
	ck_assert_int_eq(atomic_load(&seen), 1);
}
END_TEST

START_TEST(a_socket_left_behind_is_replaced_and_a_live_one_is_not)
{
	struct door *door = new_door(), *second = new_door();
	struct flume_err err = {0};
	char path[96];
	struct stat info;
	snprintf(path, sizeof path, "%s/left", node.home);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	strcpy(at.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	close(fd);
	ck_assert_int_eq(door_add_local(door, path, &err), 0);
	ck_assert_int_eq(stat(path, &info), 0);
	ck_assert_uint_eq(info.st_mode & 0777, 0660);
	ck_assert_int_eq(door_add_local(second, path, &err), FLUME_EXISTS);
	ck_assert_int_eq(stat(path, &info), 0);
	door_free(second);
	ck_assert_int_eq(stat(path, &info), 0);
	door_free(door);
	ck_assert_int_ne(stat(path, &info), 0);
}
END_TEST

START_TEST(what_is_no_socket_stays_where_it_is)
{
	struct door *door = new_door();
	struct flume_err err = {0};
	char path[96], link[96], text[16] = "";
	snprintf(path, sizeof path, "%s/precious", node.home);
	snprintf(link, sizeof link, "%s/link", node.home);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs("kept", file);
	fclose(file);
	ck_assert_int_eq(symlink(path, link), 0);
	ck_assert_int_eq(door_add_local(door, path, &err), FLUME_EXISTS);
	ck_assert_int_eq(door_add_local(door, link, &err), FLUME_EXISTS);
	door_free(door);
	file = fopen(link, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(text, sizeof text, file));
	fclose(file);
	ck_assert_str_eq(text, "kept");
}
END_TEST

/* ---- the end ---- */

static struct asking slow = {.ask = {.method = "POST", .path = "/pipelines/nap", .body = "1"}};

static void *stop(void *http)
{
	return http_free(http);
}

START_TEST(requests_in_flight_end_before_the_server_does)
{
	struct asking at_gate = {
		.ask = {.method = "POST", .path = "/pipelines/gate", .body = "1"}};
	node_bind_step("gate");
	ask_aside(&at_gate);
	UNTIL(atomic_load(&node.at_gate) == 1);
	int idle = dial();
	node_stop_turning();
	pthread_t stopping;
	ck_assert_int_eq(pthread_create(&stopping, NULL, stop, node.http), 0);
	node.http = NULL;
	atomic_store(&node.gate_open, true);
	const struct reply *reply = join(&at_gate);
	expect_status(reply, 200);
	pthread_join(stopping, NULL);
	hear_the_end(idle);
}
END_TEST

START_TEST(a_request_that_began_before_the_end_is_served)
{
	pthread_t stopping;
	node_bind_step("gate");
	atomic_store(&node.gate_open, true);
	int late = dial(), waiting = dial();
	say(late, "POST /pipelines/gate HTTP/1.1\r\nHost: localhost\r\n"
		  "Content-Length: 1\r\n\r\n");
	say(waiting, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
	hear(waiting, " 200 ");
	UNTIL(node_active() == 1);
	node_stop_turning();
	ck_assert_int_eq(pthread_create(&stopping, NULL, stop, node.http), 0);
	UNTIL(node_closing());
	node.http = NULL;
	say(waiting, "POST /pipelines/gate HTTP/1.1\r\nHost: localhost\r\n"
		     "Content-Length: 1\r\n\r\n2");
	hear(waiting, "Connection: close");
	hear_the_end(waiting);
	say(late, "1");
	hear(late, " 200 ");
	hear_the_end(late);
	pthread_join(stopping, NULL);
}
END_TEST

START_TEST(calls_that_do_not_end_are_cancelled)
{
	node_close();
	node_open_with((struct http_options){.drain_ns = 10000000});
	node_bind_step("nap");
	ask_aside(&slow);
	UNTIL(atomic_load(&node.napping) == 1);
	node_stop();
	expect_problem(join(&slow), 503, "cancelled", "woken");
	expect_header(slow.reply, "Connection", "close");
}
END_TEST

START_TEST(a_call_that_does_not_end_does_not_hold_the_end_up)
{
	struct asking at_gate = {
		.ask = {.method = "POST", .path = "/pipelines/gate", .body = "1"}};
	node_close();
	node_open_with((struct http_options){.drain_ns = 1});
	node_bind_step("gate");
	ask_aside(&at_gate);
	UNTIL(atomic_load(&node.at_gate) == 1);
	node_stop();
	ck_assert_ptr_nonnull(node.http);
	atomic_store(&node.gate_open, true);
	join(&at_gate);
	node_stop();
	ck_assert_ptr_null(node.http);
}
END_TEST

START_TEST(a_change_the_engine_did_not_get_to_is_503)
{
	struct asking change = {.ask = {.method = "PUT",
					.path = "/schemas/a",
					.body = "version: \"1\"\nref: nap\n"}};
	node_stop_turning();
	ask_aside(&change);
	UNTIL(node_waiting() == 1);
	node_stop();
	expect_problem(join(&change), 503, "closing", "shutting down");
}
END_TEST

START_TEST(a_change_whose_canary_still_runs_is_503)
{
	static const char hanging[] =
		"version: \"1.0.0\"\n"
		"canary: {max_latency: 60s, cases: [{input: 1, expect: 1}]}\n"
		"ref: nap\n";
	struct asking change = {
		.ask = {.method = "PUT", .path = "/schemas/a", .body = hanging}};
	ask_aside(&change);
	UNTIL(atomic_load(&node.napping) == 1);
	node_stop();
	expect_problem(join(&change), 503, "closing", "shutting down");
}
END_TEST

START_TEST(a_client_that_left_does_not_hold_the_end_up)
{
	node_bind_step("gate");
	int fd = dial();
	say(fd, "POST /pipelines/gate HTTP/1.1\r\nHost: localhost\r\n"
		"Content-Length: 1\r\n\r\n1");
	UNTIL(atomic_load(&node.at_gate) == 1);
	close(fd);
	atomic_store(&node.gate_open, true);
	node_stop();
}
END_TEST

Suite *suite_http_wire(void)
{
	Suite *suite = suite_create("http_wire");
	TCase *t = node_case(suite, "sizes");
	tcase_add_test(t, ten_megabytes_are_413_and_the_answer_arrives);
	tcase_add_test(t, a_body_that_is_only_announced_is_refused_at_once);
	tcase_add_test(t, a_body_without_end_is_cut_off);
	tcase_add_test(t, refusals_leave_the_connection_open);
	tcase_add_test(t, an_idle_connection_is_closed);
	tcase_add_test(t, a_call_may_take_longer_than_a_connection_may_be_idle);
	tcase_add_test(t, nonsense_is_refused);
	t = node_case(suite, "door");
	tcase_add_test(t, an_address_that_is_taken_or_none_is_told);
	tcase_add_test(t, who_is_let_in_gets_the_last_bytes_at_once);
	tcase_add_test(t, a_socket_left_behind_is_replaced_and_a_live_one_is_not);
	tcase_add_test(t, what_is_no_socket_stays_where_it_is);
	t = node_case(suite, "end");
	tcase_add_test(t, requests_in_flight_end_before_the_server_does);
	tcase_add_test(t, a_request_that_began_before_the_end_is_served);
	tcase_add_test(t, calls_that_do_not_end_are_cancelled);
	tcase_add_test(t, a_call_that_does_not_end_does_not_hold_the_end_up);
	tcase_add_test(t, a_change_the_engine_did_not_get_to_is_503);
	tcase_add_test(t, a_change_whose_canary_still_runs_is_503);
	tcase_add_test(t, a_client_that_left_does_not_hold_the_end_up);
	return suite;
}
