/* What is exchanged about tokens, as etcds of either dialect answer it. */
#include "agent/etcd/etcd.h"

#include "tests/unit/etcd_gateway.h"
#include "tests/unit/etcd_server.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AUTHENTICATE "{\"name\":\"flume\",\"password\":\"a \\\"b\\\"\"}"
#define TOKEN(name)  "{" GATEWAY_HEADER("5") ",\"token\":\"" name "\"}"
#define DONE         "{" GATEWAY_HEADER("5") "}"
#define OLDER(code, message) \
	"{\"error\":\"" message "\",\"message\":\"" message "\",\"code\":" code "}"
#define NEWER(code, message) "{\"code\":" code ", \"message\":\"" message "\"}"

static struct loop *loop;
static struct gateway gateway;
static struct etcd *etcd;
static char password_file[64];

static struct {
	int answers, code;
	struct flume_err err;
} last;

static struct {
	int bad, good;
	char text[400];
} noticed;

static void on_notice(void *arg, bool bad, const char *text)
{
	(void)arg;
	noticed.bad += bad;
	noticed.good += !bad;
	snprintf(noticed.text, sizeof noticed.text, "%s", text);
}

static void write_password(const char *text)
{
	FILE *f = fopen(password_file, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void connect_client(const char *user)
{
	const struct etcd_options options = {
		.endpoints = gateway.url,
		.user = user,
		.password_file = user ? password_file : NULL,
		.notice = on_notice,
	};
	etcd = etcd_new(loop, &options, &last.err);
	ck_assert_msg(etcd != NULL, "%s", last.err.text);
}

static void setup(void)
{
	memset(&last, 0, sizeof last);
	memset(&noticed, 0, sizeof noticed);
	snprintf(password_file, sizeof password_file, "/tmp/flume-unit-password-XXXXXX");
	int fd = mkstemp(password_file);
	ck_assert_int_ge(fd, 0);
	close(fd);
	write_password("a \"b\"\n");
	loop = loop_new();
	gateway_open(&gateway, loop);
	connect_client("flume");
}

static void teardown(void)
{
	etcd = etcd_free(etcd);
	gateway_close(&gateway);
	for (int i = 0; i < 10; i++)
		loop_step(loop, 1);
	loop = loop_free(loop);
	unlink(password_file);
}

static void on_done(struct etcd_result *r, void *arg)
{
	(void)arg;
	last.answers++;
	last.code = r->code;
	last.err = r->err;
}

static struct etcd_call *range(void)
{
	struct etcd_query q = {.key = "/a"};
	struct etcd_call *call = etcd_range(etcd, &q, on_done, NULL);
	ck_assert_ptr_nonnull(call);
	return call;
}

static struct etcd_call *put(void)
{
	struct etcd_call *call = etcd_put(etcd, "/a", "v", 1, 0, on_done, NULL);
	ck_assert_ptr_nonnull(call);
	return call;
}

/* The code of the last of so many answers. */
static int wait_for(int answers)
{
	LOOP_UNTIL(loop, last.answers == answers, "the answers");
	last.answers = 0;
	return last.code;
}

static void says(int status, const char *body)
{
	gateway_will_answer(&gateway, status, body);
}

static void was_shown(size_t i, const char *token)
{
	char header[64];
	if (token) {
		snprintf(header, sizeof header, "Authorization: %s", token);
		gateway_was_told(&gateway, i, header);
	} else {
		ck_assert_ptr_null(strstr(gateway.asked[i].head, "Authorization"));
	}
}

static void was_asked_for_token(size_t i)
{
	gateway_was_asked(&gateway, i, "/v3/auth/authenticate", AUTHENTICATE);
	gateway_was_told(&gateway, i, "Grpc-Metadata-hasleader: true");
	was_shown(i, NULL);
}

/* ---- promises ---- */

START_TEST(one_token_is_asked_for_whoever_waits)
{
	says(200, TOKEN("first.1"));
	for (int i = 0; i < 3; i++)
		says(200, DONE);
	range();
	put();
	range();
	ck_assert_int_eq(wait_for(3), 0);
	was_asked_for_token(0);
	gateway_was_told(&gateway, 0, "Grpc-Timeout: 6000m");
	for (size_t i = 1; i < 4; i++)
		was_shown(i, "first.1");
	ck_assert_uint_eq(gateway.n, 4);
}
END_TEST

static const struct {
	int status;
	const char *body;
} no_good[] = {
	{401, OLDER("16", "etcdserver: invalid auth token")},
	{401, NEWER("16", "etcdserver: invalid auth token")},
	{400, OLDER("3", "etcdserver: user name is empty")},
	{400, NEWER("3", "etcdserver: user name is empty")},
	{400, OLDER("3", "etcdserver: revision of auth store is old")},
	{400, NEWER("3", "etcdserver: revision of auth store is old")},
};

/* Writes too: what was refused was not done. */
START_TEST(a_token_that_is_no_good_is_replaced_and_the_call_goes_again)
{
	says(200, TOKEN("first.1"));
	says(200, DONE);
	says(no_good[_i].status, no_good[_i].body);
	says(200, TOKEN("second.2"));
	says(200, DONE);
	range();
	ck_assert_int_eq(wait_for(1), 0);
	put();
	ck_assert_int_eq(wait_for(1), 0);
	was_shown(2, "first.1");
	was_asked_for_token(3);
	was_shown(4, "second.2");
	ck_assert_str_eq(gateway.asked[4].body, gateway.asked[2].body);
	ck_assert_int_eq(noticed.bad, 0);
}
END_TEST

START_TEST(a_call_goes_again_once)
{
	says(200, TOKEN("first.1"));
	says(no_good[0].status, no_good[0].body);
	says(200, TOKEN("second.2"));
	says(no_good[0].status, no_good[0].body);
	range();
	ck_assert_int_eq(wait_for(1), FLUME_REFUSED);
	ck_assert_ptr_nonnull(strstr(last.err.text, "invalid auth token"));
	ck_assert_uint_eq(gateway.n, 4);
}
END_TEST

START_TEST(who_is_refused_together_asks_together)
{
	says(200, TOKEN("first.1"));
	says(200, DONE);
	range();
	wait_for(1);
	for (int i = 0; i < 3; i++)
		says(no_good[0].status, no_good[0].body);
	says(200, TOKEN("second.2"));
	for (int i = 0; i < 3; i++)
		says(200, DONE);
	for (int i = 0; i < 3; i++)
		range();
	ck_assert_int_eq(wait_for(3), 0);
	was_asked_for_token(5);
	ck_assert_uint_eq(gateway.n, 9);
}
END_TEST

START_TEST(without_a_user_a_refusal_says_what_is_missing)
{
	etcd_free(etcd);
	connect_client(NULL);
	says(no_good[2].status, no_good[2].body);
	range();
	ck_assert_int_eq(wait_for(1), FLUME_REFUSED);
	was_shown(0, NULL);
	ck_assert_ptr_nonnull(strstr(last.err.text, "user name is empty: it wants a user"));
	ck_assert_uint_eq(gateway.n, 1);
}
END_TEST

static const struct {
	int status;
	const char *body;
} off[] = {
	{412, OLDER("9", "etcdserver: authentication is not enabled")},
	{400, NEWER("9", "etcdserver: authentication is not enabled")},
};

START_TEST(where_users_are_off_calls_go_without_and_with_when_they_are_on)
{
	says(off[_i].status, off[_i].body);
	says(200, DONE);
	says(no_good[2 + _i].status, no_good[2 + _i].body);
	says(200, TOKEN("first.1"));
	says(200, DONE);
	range();
	ck_assert_int_eq(wait_for(1), 0);
	was_shown(1, NULL);
	range();
	ck_assert_int_eq(wait_for(1), 0);
	was_shown(2, NULL);
	was_shown(4, "first.1");
}
END_TEST

START_TEST(a_stale_token_where_users_are_off_by_now_is_dropped)
{
	says(200, TOKEN("first.1"));
	says(no_good[0].status, no_good[0].body);
	says(off[0].status, off[0].body);
	says(200, DONE);
	range();
	ck_assert_int_eq(wait_for(1), 0);
	was_shown(3, NULL);
}
END_TEST

static const struct {
	int status;
	const char *body;
} wrong[] = {
	{400, OLDER("3", "etcdserver: authentication failed, invalid user ID or password")},
	{400, NEWER("3", "etcdserver: authentication failed, invalid user ID or password")},
};

START_TEST(a_wrong_password_is_told_and_asked_with_once)
{
	says(wrong[_i].status, wrong[_i].body);
	range();
	range();
	ck_assert_int_eq(wait_for(2), FLUME_REFUSED);
	put();
	ck_assert_int_eq(wait_for(1), FLUME_REFUSED);
	ck_assert_uint_eq(gateway.n, 1);
	ck_assert_ptr_nonnull(strstr(last.err.text, "etcd refuses the user 'flume' or its"));
	ck_assert_ptr_nonnull(strstr(last.err.text, password_file));
	ck_assert_ptr_null(strstr(last.err.text, "a \"b\""));
	ck_assert_int_eq(noticed.bad, 1);
	ck_assert_str_eq(noticed.text, last.err.text);
}
END_TEST

START_TEST(another_password_in_the_file_is_tried_soon)
{
	says(wrong[0].status, wrong[0].body);
	says(200, TOKEN("first.1"));
	says(200, DONE);
	range();
	ck_assert_int_eq(wait_for(1), FLUME_REFUSED);
	write_password("another");
	LOOP_UNTIL(loop, noticed.good == 1, "it is good again");
	gateway_was_asked(&gateway, 1, "/v3/auth/authenticate",
			  "{\"name\":\"flume\",\"password\":\"another\"}");
	range();
	ck_assert_int_eq(wait_for(1), 0);
}
END_TEST

START_TEST(a_password_that_is_none_is_not_sent)
{
	static const char *const texts[] = {"", "\n", "two\nlines\n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		etcd_free(etcd);
		write_password(texts[i]);
		connect_client("flume");
		range();
		ck_assert_int_eq(wait_for(1), FLUME_IO);
		ck_assert_ptr_nonnull(strstr(last.err.text, "does not hold one line of text"));
	}
	etcd_free(etcd);
	unlink(password_file);
	connect_client("flume");
	range();
	ck_assert_int_eq(wait_for(1), FLUME_IO);
	ck_assert_ptr_nonnull(strstr(last.err.text, "No such file or directory"));
	ck_assert_uint_eq(gateway.n, 0);
}
END_TEST

START_TEST(a_token_that_could_not_stand_in_a_header_is_none)
{
	static const char *const tokens[] = {"", "a b", "a\\r\\nHost: x", "\\u00e4",
					     "a\\u0000b"};
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
		char body[160];
		etcd_free(etcd);
		connect_client("flume");
		snprintf(body, sizeof body, "{" GATEWAY_HEADER("5") ",\"token\":\"%s\"}",
			 tokens[i]);
		says(200, body);
		range();
		ck_assert_msg(wait_for(1) == FLUME_IO, "taken: %s", tokens[i]);
		ck_assert_ptr_nonnull(strstr(last.err.text, "no token for the user 'flume'"));
		ck_assert_uint_eq(gateway.n, i + 1);
	}
}
END_TEST

/* Some etcds close on a token they do not know. */
START_TEST(a_connection_closed_twice_is_the_tokens_fault)
{
	says(200, TOKEN("first.1"));
	says(0, "");
	says(0, "");
	says(200, TOKEN("second.2"));
	says(200, DONE);
	range();
	ck_assert_int_eq(wait_for(1), FLUME_IO);
	range();
	ck_assert_int_eq(wait_for(1), 0);
	was_asked_for_token(3);
	was_shown(4, "second.2");
}
END_TEST

START_TEST(a_write_that_was_closed_on_is_not_sent_again)
{
	says(200, TOKEN("first.1"));
	says(0, "");
	says(0, "");
	says(200, TOKEN("second.2"));
	put();
	ck_assert_int_eq(wait_for(1), FLUME_IO);
	put();
	ck_assert_int_eq(wait_for(1), FLUME_IO);
	LOOP_UNTIL(loop, gateway.n == 4, "another token is asked for");
	was_asked_for_token(3);
}
END_TEST

START_TEST(a_call_that_waits_for_a_token_has_its_time)
{
	etcd_free(etcd);
	const struct etcd_options options = {.endpoints = gateway.url,
					     .user = "flume",
					     .password_file = password_file,
					     .request_ms = 100};
	etcd = etcd_new(loop, &options, NULL); /* the gateway says nothing */
	range();
	ck_assert_int_eq(wait_for(1), FLUME_TIMED_OUT);
	ck_assert_str_eq(last.err.text, "no token in time");
}
END_TEST

START_TEST(a_call_may_be_cancelled_while_it_waits)
{
	struct etcd_call *call = range();
	says(200, TOKEN("first.1"));
	says(200, DONE);
	etcd_cancel(call);
	range();
	ck_assert_int_eq(wait_for(1), 0);
	range();
	loop_step(loop, 1); /* and the client freed */
}
END_TEST

/* ---- the watch ---- */

static struct {
	int ups, downs;
	char why[320];
} watched;

static void on_up(void *arg)
{
	(void)arg;
	watched.ups++;
}

static void on_down(const struct flume_err *why, void *arg)
{
	(void)arg;
	watched.downs++;
	snprintf(watched.why, sizeof watched.why, "%s", why->text);
}

#define REFUSED(reason)                                                                  \
	"{\"result\":{\"header\":{\"raft_term\":\"2\"},\"watch_id\":\"-1\",\"created\":" \
	"true,\"canceled\":true,\"cancel_reason\":\"" reason "\"}}\n"
#define CREATED "{\"result\":{" GATEWAY_HEADER("5") ",\"created\":true}}\n"

static struct etcd_watch *watch(void)
{
	static const struct etcd_watch_calls calls = {.on_up = on_up, .on_down = on_down};
	const struct etcd_watch_options options = {
		.prefix = "/w/", .after = 5, .keys = -1, .prove_ms = 60000};
	memset(&watched, 0, sizeof watched);
	struct etcd_watch *w = etcd_watch_new(etcd, &options, &calls, NULL);
	ck_assert_ptr_nonnull(w);
	return w;
}

static const char *const reasons[] = {
	REFUSED("rpc error: code = Unauthenticated desc = etcdserver: invalid auth token"),
	REFUSED("etcdserver: user name is empty"),
	REFUSED("rpc error: code = InvalidArgument desc = etcdserver: revision of auth store "
		"is old"),
};

START_TEST(a_watch_refused_for_its_token_is_opened_with_another)
{
	says(200, TOKEN("first.1"));
	gateway_will_answer(&gateway, 200, reasons[_i])->stays_open = true;
	says(200, TOKEN("second.2"));
	gateway_will_answer(&gateway, 200, CREATED)->stays_open = true;
	struct etcd_watch *w = watch();
	LOOP_UNTIL(loop, watched.ups == 1, "the watch is up");
	was_shown(1, "first.1");
	was_asked_for_token(2);
	was_shown(3, "second.2");
	ck_assert(gateway.asked[1].closed);
	etcd_watch_free(w);
}
END_TEST

START_TEST(a_watch_that_may_not_says_so_and_asks_for_no_token)
{
	says(200, TOKEN("first.1"));
	gateway_will_answer(&gateway, 200,
			    REFUSED("rpc error: code = PermissionDenied desc = etcdserver: "
				    "permission denied"))
		->stays_open = true;
	gateway_will_answer(&gateway, 200, CREATED)->stays_open = true;
	struct etcd_watch *w = watch();
	LOOP_UNTIL(loop, watched.ups == 1, "the watch is up");
	ck_assert_int_eq(watched.downs, 1);
	ck_assert_ptr_nonnull(strstr(watched.why, "permission denied"));
	was_shown(2, "first.1");
	etcd_watch_free(w);
}
END_TEST

START_TEST(a_watch_hears_of_a_wrong_password)
{
	says(wrong[0].status, wrong[0].body);
	struct etcd_watch *w = watch();
	LOOP_UNTIL(loop, watched.downs == 1, "the watch is down");
	ck_assert_ptr_nonnull(strstr(watched.why, "etcd refuses the user 'flume'"));
	etcd_watch_free(w);
}
END_TEST

START_TEST(a_user_and_a_password_come_together)
{
	struct flume_err err = {0};
	ck_assert_ptr_null(etcd_new(
		loop, &(struct etcd_options){.endpoints = "http://a", .user = "u"}, &err));
	ck_assert_int_eq(err.code, FLUME_INVALID);
	ck_assert_ptr_null(etcd_new(
		loop, &(struct etcd_options){.endpoints = "http://a", .password_file = "p"},
		&err));
}
END_TEST

Suite *suite_etcd_login(void)
{
	Suite *s = suite_create("etcd_login");
	TCase *c = tcase_create("etcd_login");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, one_token_is_asked_for_whoever_waits);
	tcase_add_loop_test(c, a_token_that_is_no_good_is_replaced_and_the_call_goes_again, 0,
			    sizeof no_good / sizeof *no_good);
	tcase_add_test(c, a_call_goes_again_once);
	tcase_add_test(c, who_is_refused_together_asks_together);
	tcase_add_test(c, without_a_user_a_refusal_says_what_is_missing);
	tcase_add_loop_test(c, where_users_are_off_calls_go_without_and_with_when_they_are_on,
			    0, 2);
	tcase_add_test(c, a_stale_token_where_users_are_off_by_now_is_dropped);
	tcase_add_loop_test(c, a_wrong_password_is_told_and_asked_with_once, 0, 2);
	tcase_add_test(c, another_password_in_the_file_is_tried_soon);
	tcase_add_test(c, a_password_that_is_none_is_not_sent);
	tcase_add_test(c, a_token_that_could_not_stand_in_a_header_is_none);
	tcase_add_test(c, a_connection_closed_twice_is_the_tokens_fault);
	tcase_add_test(c, a_write_that_was_closed_on_is_not_sent_again);
	tcase_add_test(c, a_call_that_waits_for_a_token_has_its_time);
	tcase_add_test(c, a_call_may_be_cancelled_while_it_waits);
	tcase_add_loop_test(c, a_watch_refused_for_its_token_is_opened_with_another, 0, 3);
	tcase_add_test(c, a_watch_that_may_not_says_so_and_asks_for_no_token);
	tcase_add_test(c, a_watch_hears_of_a_wrong_password);
	tcase_add_test(c, a_user_and_a_password_come_together);
	suite_add_tcase(s, c);
	return s;
}
