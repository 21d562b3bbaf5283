#include "agent/source/etcd.h"

#include "agent/etcd/etcd.h"
#include "lib/base/text.h"
#include "tests/unit/etcd_gateway.h"
#include "tests/unit/etcd_server.h"
#include "tests/unit/suites.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A source on a real etcd, and everything it said: "list(a=1 b=2)", "events(a=3)", "reset". */
static struct {
	struct etcd_server server;
	struct loop *loop;
	struct etcd *etcd;
	struct source *source;
	struct text said;
	int64_t revision, proved;
	int fails; /* so many batches are not taken in */
	bool up, done;
} t;

static int on_batch(void *arg, enum batch_kind kind, const struct change *changes, size_t n,
		    int64_t revision)
{
	(void)arg;
	text_add(&t.said, kind == BATCH_LIST ? "list(" : "events(");
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(changes[i].origin, "etcd");
		ck_assert(strstr(changes[i].place, "/flume/") == changes[i].place);
		ck_assert_int_gt(changes[i].revision, 0);
		ck_assert_int_le(changes[i].revision, revision);
		text_addf(&t.said, "%s%s", i ? " " : "", changes[i].name);
		if (changes[i].text) {
			text_add(&t.said, changes[i].format == FLUME_JSON ? "=json " : "=");
			text_add_n(&t.said, changes[i].text, changes[i].len);
		}
	}
	text_add(&t.said, ") ");
	t.revision = revision;
	return t.fails-- > 0 ? FLUME_NOMEM : 0;
}

static void on_proved(void *arg, int64_t revision)
{
	(void)arg;
	t.proved = revision;
}

static void on_link(void *arg, bool up, const char *why)
{
	(void)arg;
	ck_assert(up || *why);
	t.up = up;
}

static void on_reset(void *arg, int64_t revision)
{
	(void)arg, (void)revision;
	text_add(&t.said, "reset ");
}

static void begin(void)
{
	memset(&t, 0, sizeof t);
	etcd_server_init(&t.server);
	etcd_server_start(&t.server);
	t.loop = loop_new();
	ck_assert_ptr_nonnull(t.loop);
	t.etcd = etcd_new(t.loop, &(struct etcd_options){.endpoints = t.server.url}, NULL);
	ck_assert_ptr_nonnull(t.etcd);
}

static void end(void)
{
	t.source = source_free(t.source);
	t.etcd = etcd_free(t.etcd);
	t.loop = loop_free(t.loop);
	text_fini(&t.said);
	etcd_server_fini(&t.server);
}

static void follow(int64_t poll_ns)
{
	const struct sink sink = {on_batch, on_proved, on_link, on_reset, NULL};
	ck_assert_int_eq(source_etcd_new(&t.source, t.loop, t.etcd, "/flume/",
					 &(struct source_folder){"schemas/", sink}, 1, poll_ns,
					 NULL),
			 0);
}

static void on_done(struct etcd_result *r, void *arg)
{
	(void)arg;
	ck_assert_msg(r->code == 0, "%s", r->err.text);
	t.done = true;
}

static void put(const char *key, const char *value)
{
	t.done = false;
	ck_assert_ptr_nonnull(etcd_put(t.etcd, key, value, strlen(value), 0, on_done, NULL));
	LOOP_UNTIL(t.loop, t.done, "a put");
}

static void drop(const char *key)
{
	t.done = false;
	ck_assert_ptr_nonnull(etcd_delete(t.etcd, key, on_done, NULL));
	LOOP_UNTIL(t.loop, t.done, "a deletion");
}

static bool has_said(const char *what)
{
	return t.said.s && strstr(t.said.s, what);
}

#define EXPECT(what) LOOP_UNTIL(t.loop, has_said(what), what)

START_TEST(first_a_list_then_each_change)
{
	put("/flume/schemas/a", "1");
	put("/flume/schemas/b", "2");
	follow(0);
	EXPECT("list(a=1 b=2) ");
	put("/flume/schemas/a", "3");
	EXPECT("events(a=3) ");
	drop("/flume/schemas/b");
	EXPECT("events(b) ");
	ck_assert_str_eq(t.said.s, "list(a=1 b=2) events(a=3) events(b) ");
	ck_assert(t.up);
}
END_TEST

static void follow_three(void)
{
	static const char *const folders[] = {"schemas/", "freeze", "pins/"};
	struct source_folder all[3];
	for (size_t i = 0; i < 3; i++)
		all[i] = (struct source_folder){folders[i],
						{on_batch, on_proved, on_link, on_reset, NULL}};
	ck_assert_int_eq(source_etcd_new(&t.source, t.loop, t.etcd, "/flume/", all, 3, 0, NULL),
			 0);
}

START_TEST(each_folder_has_a_list_and_events_of_its_own)
{
	put("/flume/freeze", "f");
	put("/flume/freeze-not", "x");
	put("/flume/nodes/n", "x");
	put("/flume/pins/a", "p");
	put("/flume/schemas/a", "s");
	put("/flume/switches/a", "x");
	follow_three();
	EXPECT("list(a=s) list(freeze=f) list(a=p) ");
	put("/flume/pins/b", "2");
	EXPECT("events(b=2) ");
	put("/flume/nodes/n", "y");
	put("/flume/switches/a", "y");
	drop("/flume/freeze");
	EXPECT("events(freeze) ");
	put("/flume/schemas/a", "t");
	EXPECT("events(a=t) ");
	ck_assert_str_eq(t.said.s, "list(a=s) list(freeze=f) list(a=p) events(b=2) "
				   "events(freeze) events(a=t) ");
}
END_TEST

START_TEST(an_empty_store_is_an_empty_list)
{
	follow(0);
	EXPECT("list() ");
	LOOP_UNTIL(t.loop, t.proved > 0, "a proof");
}
END_TEST

START_TEST(what_one_revision_changed_is_one_batch)
{
	follow(0);
	EXPECT("list() ");
	/* Keys and values: base64 of /flume/schemas/a, /flume/schemas/b, x. */
	etcd_server_post(&t.server, "/v3/kv/txn",
			 "{\"success\":[{\"request_put\":{\"key\":\"L2ZsdW1lL3NjaGVtYXMvYQ==\","
			 "\"value\":\"eA==\"}},{\"request_put\":{\"key\":"
			 "\"L2ZsdW1lL3NjaGVtYXMvYg==\",\"value\":\"eA==\"}}]}");
	EXPECT("events(a=x b=x) ");
}
END_TEST

START_TEST(what_cannot_be_a_name_is_passed_over)
{
	put("/flume/schemas/a/b", "1");
	put("/flume/schemas/Upper", "1");
	put("/flume/schemas/", "1");
	put("/flume/schemasx", "1");
	put("/flume/schemas/ok", "1");
	follow(0);
	EXPECT("list(ok=1) ");
	put("/flume/schemas/no/", "1");
	put("/flume/schemas/ok", "2");
	EXPECT("events(ok=2) ");
	ck_assert_str_eq(t.said.s, "list(ok=1) events(ok=2) ");
}
END_TEST

START_TEST(braces_are_json)
{
	put("/flume/schemas/a", " \n{}");
	put("/flume/schemas/b", "x: {}");
	follow(0);
	EXPECT("list(a=json  \n{} b=x: {}) ");
}
END_TEST

START_TEST(what_happened_while_etcd_was_away_is_not_missed)
{
	put("/flume/schemas/a", "1");
	follow(0);
	EXPECT("list(a=1) ");
	etcd_server_kill(&t.server);
	LOOP_UNTIL(t.loop, !t.up, "the link is down");
	etcd_server_start(&t.server);
	put("/flume/schemas/a", "2");
	EXPECT("events(a=2) ");
	LOOP_UNTIL(t.loop, t.up, "the link is up");
	ck_assert(!has_said("reset"));
}
END_TEST

START_TEST(it_may_begin_before_etcd)
{
	etcd_server_kill(&t.server);
	follow(0);
	for (int i = 0; i < 20; i++)
		loop_step(t.loop, 10);
	ck_assert(!t.up);
	etcd_server_start(&t.server);
	put("/flume/schemas/a", "1");
	EXPECT("a=1");
}
END_TEST

START_TEST(another_store_in_its_place_is_a_reset_and_a_list)
{
	put("/flume/schemas/a", "1");
	put("/flume/schemas/b", "1");
	put("/flume/schemas/a", "2");
	follow(0);
	EXPECT("list(a=2 b=1) ");
	etcd_server_wipe(&t.server);
	etcd_server_start(&t.server);
	put("/flume/schemas/a", "3");
	EXPECT("reset list(a=3) ");
	put("/flume/schemas/a", "4");
	EXPECT("events(a=4) ");
}
END_TEST

START_TEST(others_may_know_of_a_reset_first)
{
	put("/flume/schemas/a", "1");
	follow(0);
	EXPECT("list(a=1) ");
	source_etcd_reset(t.source, 1, loop_now());
	EXPECT("reset list(a=1) ");
	source_etcd_reset(t.source, 1, loop_now() - INT64_C(60000000000)); /* it knows */
	put("/flume/schemas/a", "2");
	EXPECT("events(a=2) ");
}
END_TEST

START_TEST(what_could_not_be_taken_in_is_listed_again)
{
	put("/flume/schemas/a", "1");
	t.fails = 1;
	follow(0);
	EXPECT("list(a=1) list(a=1) ");
	t.fails = 1;
	put("/flume/schemas/a", "2");
	EXPECT("events(a=2) list(a=2) ");
	put("/flume/schemas/a", "3");
	EXPECT("events(a=3) ");
	ck_assert(!has_said("reset"));
}
END_TEST

/* A gateway in place of etcd. */
static void follow_gateway(struct gateway *g)
{
	t.etcd = etcd_free(t.etcd);
	t.etcd = etcd_new(t.loop, &(struct etcd_options){.endpoints = g->url}, NULL);
	ck_assert_ptr_nonnull(t.etcd);
	follow(10000000);
}

#define NOTHING_AT(revision) "{" GATEWAY_HEADER(revision) "}"

START_TEST(one_list_that_went_back_is_not_believed)
{
	struct gateway g = {0};
	gateway_open(&g, t.loop);
	gateway_will_answer(&g, 200, NOTHING_AT("50"));
	gateway_will_answer(&g, 200, NOTHING_AT("3"));
	gateway_will_answer(&g, 200, NOTHING_AT("51"));
	follow_gateway(&g);
	LOOP_UNTIL(t.loop, t.revision == 51, "the third list");
	ck_assert_str_eq(t.said.s, "list() list() ");
	gateway_will_answer(&g, 200, NOTHING_AT("4"));
	gateway_will_answer(&g, 200, NOTHING_AT("5"));
	EXPECT("list() list() reset list() ");
	ck_assert_int_eq(t.revision, 5);
	t.source = source_free(t.source);
	gateway_close(&g);
}
END_TEST

START_TEST(a_pace_lists_again)
{
	put("/flume/schemas/a", "1");
	follow(50000000);
	EXPECT("list(a=1) list(a=1) ");
	drop("/flume/schemas/a");
	put("/flume/schemas/b", "2");
	EXPECT("list(b=2) ");
	ck_assert(!has_said("events"));
}
END_TEST

Suite *suite_source_etcd(void)
{
	Suite *suite = suite_create("source_etcd");
	TCase *tests = tcase_create("source_etcd");
	tcase_add_checked_fixture(tests, begin, end);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, first_a_list_then_each_change);
	tcase_add_test(tests, each_folder_has_a_list_and_events_of_its_own);
	tcase_add_test(tests, an_empty_store_is_an_empty_list);
	tcase_add_test(tests, what_one_revision_changed_is_one_batch);
	tcase_add_test(tests, what_cannot_be_a_name_is_passed_over);
	tcase_add_test(tests, braces_are_json);
	tcase_add_test(tests, what_happened_while_etcd_was_away_is_not_missed);
	tcase_add_test(tests, it_may_begin_before_etcd);
	tcase_add_test(tests, another_store_in_its_place_is_a_reset_and_a_list);
	tcase_add_test(tests, others_may_know_of_a_reset_first);
	tcase_add_test(tests, what_could_not_be_taken_in_is_listed_again);
	tcase_add_test(tests, one_list_that_went_back_is_not_believed);
	tcase_add_test(tests, a_pace_lists_again);
	suite_add_tcase(suite, tests);
	return suite;
}
