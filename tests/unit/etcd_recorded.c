/*
 * The errors of etcd in both dialects of its gateway, as answers to calls and in streams: what is
 * made of them, and whether another endpoint is asked.
 */
#include "agent/etcd/etcd.h"

#include "tests/unit/etcd_gateway.h"
#include "tests/unit/etcd_server.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

enum { OLDER, NEWER, DIALECTS };

static const struct row {
	int grpc;
	int http[DIALECTS];
	const char *message;
	int code;
	bool read_elsewhere, write_elsewhere; /* is another endpoint asked? */
} rows[] = {
	{1, {408, 499}, "grpc: the client connection is closing", FLUME_IO, true, false},
	{2, {500, 500}, "context deadline exceeded", FLUME_IO, true, false},
	{3, {400, 400}, "etcdserver: key is not provided", FLUME_INVALID, false, false},
	{3,
	 {400, 400},
	 "etcdserver: duplicate key given in txn request",
	 FLUME_INVALID,
	 false,
	 false},
	{3,
	 {400, 400},
	 "etcdserver: too many operations in txn request",
	 FLUME_LIMITED,
	 false,
	 false},
	{3, {400, 400}, "etcdserver: request is too large", FLUME_LIMITED, false, false},
	{3, {400, 400}, "etcdserver: user name is empty", FLUME_REFUSED, false, false},
	{3,
	 {400, 400},
	 "etcdserver: revision of auth store is old",
	 FLUME_REFUSED,
	 false,
	 false},
	{4, {504, 504}, "context deadline exceeded", FLUME_TIMED_OUT, true, false},
	{5, {404, 404}, "etcdserver: requested lease not found", FLUME_NOT_FOUND, false, false},
	{7, {403, 403}, "etcdserver: permission denied", FLUME_REFUSED, false, false},
	{8,
	 {429, 429},
	 "etcdserver: mvcc: database space exceeded",
	 FLUME_LIMITED,
	 false,
	 false},
	{8,
	 {429, 429},
	 "grpc: received message larger than max (3145781 vs. 2097152)",
	 FLUME_LIMITED,
	 false,
	 false},
	{8, {429, 429}, "etcdserver: too many requests", FLUME_IO, true, true},
	{11,
	 {400, 400},
	 "etcdserver: mvcc: required revision has been compacted",
	 FLUME_CONFLICT,
	 false,
	 false},
	{14, {503, 503}, "etcdserver: no leader", FLUME_IO, true, true},
	{14, {503, 503}, "etcdserver: leader changed", FLUME_IO, true, false},
	{14, {503, 503}, "etcdserver: request timed out", FLUME_IO, true, false},
	{14, {503, 503}, "transport is closing", FLUME_IO, true, false},
	{14, {503, 503}, "etcdserver: rpc not supported for learner", FLUME_IO, true, false},
	{16, {401, 401}, "etcdserver: invalid auth token", FLUME_REFUSED, false, false},
};

enum { ROWS = sizeof rows / sizeof *rows };

/* `stream`: as a stream says it; the older one without a newline. */
static void say(char *out, size_t size, const struct row *r, int dialect, bool stream)
{
	if (dialect == OLDER && stream)
		snprintf(out, size,
			 "{\"error\":{\"grpc_code\":%d,\"http_code\":%d,\"message\":\"%s\","
			 "\"http_status\":\"Whatever\"}}",
			 r->grpc, r->http[OLDER], r->message);
	else if (dialect == OLDER)
		snprintf(out, size, "{\"error\":\"%s\",\"message\":\"%s\",\"code\":%d}",
			 r->message, r->message, r->grpc);
	else if (stream)
		snprintf(out, size, "{\"error\":{\"code\":%d, \"message\":\"%s\"}}\n", r->grpc,
			 r->message);
	else
		snprintf(out, size, "{\"code\":%d, \"message\":\"%s\"}", r->grpc, r->message);
}

static struct loop *loop;
static struct gateway gateways[2];
static struct etcd *etcd;

static struct {
	bool done;
	int code;
	struct flume_err err;
	int downs, ups, relists;
	char why[320];
} last;

static void setup(void)
{
	char both[160];
	memset(&last, 0, sizeof last);
	loop = loop_new();
	for (int i = 0; i < 2; i++)
		gateway_open(&gateways[i], loop);
	snprintf(both, sizeof both, "%s,%s", gateways[0].url, gateways[1].url);
	etcd = etcd_new(loop, &(struct etcd_options){.endpoints = both}, NULL);
	ck_assert_ptr_nonnull(etcd);
}

static void teardown(void)
{
	etcd = etcd_free(etcd);
	for (int i = 0; i < 2; i++)
		gateway_close(&gateways[i]);
	for (int i = 0; i < 10; i++)
		loop_step(loop, 1);
	loop = loop_free(loop);
}

static void both_say(int status, const char *body)
{
	for (int i = 0; i < 2; i++)
		gateway_will_answer(&gateways[i], status, body);
}

static void on_done(struct etcd_result *r, void *arg)
{
	(void)arg;
	last.done = true;
	last.code = r->code;
	last.err = r->err;
}

static void check_answer(const struct row *r, struct etcd_call *call, bool elsewhere)
{
	ck_assert_ptr_nonnull(call);
	last.done = false;
	size_t before = gateways[0].n + gateways[1].n;
	LOOP_UNTIL(loop, last.done, "an answer");
	ck_assert_msg(last.code == r->code, "%s: code %d", r->message, last.code);
	ck_assert_msg(strstr(last.err.text, r->message) != NULL, "%s", last.err.text);
	ck_assert_msg(strstr(last.err.text, "etcd at http://127.0.0.1:") == last.err.text, "%s",
		      last.err.text);
	size_t asked = gateways[0].n + gateways[1].n - before;
	ck_assert_msg(asked == (elsewhere ? 2 : 1), "%s: %zu were asked", r->message, asked);
}

START_TEST(calls_are_answered_with_an_error)
{
	const struct row *r = &rows[_i % ROWS];
	struct etcd_query q = {.key = "/a"};
	char body[400];
	say(body, sizeof body, r, _i / ROWS, false);
	for (int i = 0; i < 2; i++)
		both_say(r->http[_i / ROWS], body);
	check_answer(r, etcd_range(etcd, &q, on_done, NULL), r->read_elsewhere);
	check_answer(r, etcd_put(etcd, "/a", "", 0, 0, on_done, NULL), r->write_elsewhere);
}
END_TEST

/* ---- streams ---- */

static void on_up(void *arg)
{
	(void)arg;
	last.ups++;
}

static void on_down(const struct flume_err *why, void *arg)
{
	(void)arg;
	last.downs++;
	last.code = why->code;
	snprintf(last.why, sizeof last.why, "%s", why->text);
}

static void on_relist(enum etcd_relist why, int64_t revision, void *arg)
{
	(void)why, (void)revision, (void)arg;
	last.relists++;
}

static struct etcd_watch *watch(void)
{
	static const struct etcd_watch_calls calls = {
		.on_up = on_up, .on_down = on_down, .on_relist = on_relist};
	return etcd_watch_new(etcd,
			      &(struct etcd_watch_options){.prefix = "/w/",
							   .after = 5,
							   .keys = -1,
							   .prove_ms = 60000,
							   .pause_min_ms = 10},
			      &calls, NULL);
}

#define CREATED "{\"result\":{" GATEWAY_HEADER("5") ",\"created\":true}}\n"

/* None of them asks for a list, and the watch goes on. */
static void check_down(const struct row *r)
{
	both_say(200, CREATED);
	for (int i = 0; i < 2; i++)
		gateways[i].answers[1].stays_open = true;
	struct etcd_watch *w = watch();
	ck_assert_ptr_nonnull(w);
	LOOP_UNTIL(loop, last.downs, "the watch is down");
	ck_assert_msg(last.code == r->code || (r->code == FLUME_LIMITED && last.code < 0),
		      "%s: code %d", r->message, last.code);
	ck_assert_msg(strstr(last.why, r->message) != NULL, "%s", last.why);
	int ups = last.ups;
	LOOP_UNTIL(loop, last.ups > ups, "the watch is up again");
	ck_assert_int_eq(last.relists, 0);
	etcd_watch_free(w);
}

START_TEST(streams_are_answered_with_an_error)
{
	const struct row *r = &rows[_i % ROWS];
	char body[400];
	say(body, sizeof body, r, _i / ROWS, true);
	both_say(r->http[_i / ROWS], body);
	check_down(r);
}
END_TEST

START_TEST(streams_end_with_an_error)
{
	const struct row *r = &rows[_i % ROWS];
	char body[600] = CREATED;
	size_t n = strlen(body);
	say(body + n, sizeof body - n, r, _i / ROWS, true);
	both_say(200, body);
	check_down(r);
}
END_TEST

Suite *suite_etcd_recorded(void)
{
	Suite *s = suite_create("etcd_recorded");
	TCase *c = tcase_create("etcd_recorded");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, calls_are_answered_with_an_error, 0, DIALECTS * ROWS);
	tcase_add_loop_test(c, streams_are_answered_with_an_error, 0, DIALECTS * ROWS);
	tcase_add_loop_test(c, streams_end_with_an_error, 0, DIALECTS * ROWS);
	suite_add_tcase(s, c);
	return s;
}
