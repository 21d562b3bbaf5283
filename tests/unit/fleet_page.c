/* The page of the fleet that a node shows: read when it is asked for, one reading at a time. */
#include "agent/fleet/page.h"

#include "agent/etcd/sync.h"
#include "tests/unit/etcd_server.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	struct etcd_server server;
	struct loop *loop;
	struct etcd *etcd;
	struct etcd_sync *client;
	struct fleet_page *page;
	struct heard {
		size_t n;
		char *json;
		char tag[DIGEST_SIZE];
		struct flume_err err;
	} heard;
} t;

static void begin(void)
{
	memset(&t, 0, sizeof t);
	etcd_server_init(&t.server);
	etcd_server_start(&t.server);
	t.loop = loop_new();
	ck_assert_ptr_nonnull(t.loop);
	t.etcd = etcd_new(t.loop, &(struct etcd_options){.endpoints = t.server.url}, NULL);
	t.client = etcd_sync_new(&(struct etcd_options){.endpoints = t.server.url}, 5000, NULL);
	t.page = fleet_page_new(t.loop, t.etcd, "/flume/");
	ck_assert(t.etcd && t.client && t.page);
}

static void end(void)
{
	fleet_page_close(t.page);
	fleet_page_free(t.page);
	etcd_free(t.etcd);
	etcd_sync_free(t.client);
	loop_free(t.loop);
	free(t.heard.json);
	etcd_server_fini(&t.server);
}

static void store(const char *key, const char *value)
{
	ck_assert_int_eq(etcd_sync_put(t.client, key, value, strlen(value), 0, NULL, NULL), 0);
}

static void on_page(void *arg, const struct fleet_sheet *sheet, const struct flume_err *err)
{
	(void)arg;
	t.heard.n++;
	free(t.heard.json);
	t.heard.json = sheet ? strdup(sheet->json) : NULL;
	t.heard.err = err ? *err : (struct flume_err){0};
	if (sheet)
		memcpy(t.heard.tag, sheet->tag, sizeof t.heard.tag);
}

static void ask(void)
{
	size_t before = t.heard.n;
	fleet_page_ask(t.page, on_page, NULL);
	LOOP_UNTIL(t.loop, t.heard.n > before, "an answer");
}

#define HAS(part) ck_assert_msg(strstr(t.heard.json, part) != NULL, "%s", t.heard.json)

START_TEST(it_has_what_is_wanted_and_what_all_nodes_say)
{
	char key[64];
	store("/flume/schemas/a", "x");
	store("/flume/schemas/Not-a-name", "x");
	store("/flume/secrets", "x");
	store("/flume/switches/s", "x");
	store("/flume/nodes0", "x");
	/* More than come in one answer. */
	for (int i = 0; i < 40; i++) {
		snprintf(key, sizeof key, "/flume/nodes/n%d", i);
		store(key, "{\"agent\": \"1\", \"schemas\": {\"a\": {\"state\": \"running\", "
			   "\"wanted\": {\"revision\": 2}}}}");
	}
	ask();
	ck_assert_int_eq(t.heard.err.code, 0);
	HAS("\"nodes\": 40, \"well\": 0");
	HAS("{\"name\": \"a\", \"wanted\": {\"version\": \"\", \"revision\": 2}, \"well\": 40");
	HAS("{\"name\": \"s\", \"wanted\": {\"version\": \"\", \"revision\": 5}, \"well\": 0, "
	    "\"coming\": 40");
	ck_assert_ptr_null(strstr(t.heard.json, "Not-a-name"));
}
END_TEST

START_TEST(it_is_kept_for_a_while)
{
	store("/flume/schemas/a", "x");
	ask();
	char *first = strdup(t.heard.json);
	store("/flume/schemas/b", "x");
	/* At once, without a turn of the loop. */
	size_t before = t.heard.n;
	fleet_page_ask(t.page, on_page, NULL);
	ck_assert_uint_eq(t.heard.n, before + 1);
	ck_assert_str_eq(t.heard.json, first);
	free(first);
	LOOP_UNTIL(t.loop, (ask(), strstr(t.heard.json, "\"b\"")), "a newer one");
}
END_TEST

START_TEST(what_others_write_does_not_change_its_tag)
{
	char tag[DIGEST_SIZE];
	store("/flume/schemas/a", "x");
	ask();
	memcpy(tag, t.heard.tag, sizeof tag);
	ck_assert_ptr_nonnull(strstr(t.heard.json, "\"revision\": 2, "));
	store("/flume/elsewhere", "x");
	LOOP_UNTIL(t.loop, (ask(), strstr(t.heard.json, "\"revision\": 3, ")), "a newer one");
	ck_assert_str_eq(t.heard.tag, tag);
}
END_TEST

START_TEST(many_who_ask_get_one_reading)
{
	for (int i = 0; i < 100; i++)
		fleet_page_ask(t.page, on_page, NULL);
	ck_assert_uint_eq(t.heard.n, 0);
	LOOP_UNTIL(t.loop, t.heard.n, "an answer");
	ck_assert_uint_eq(t.heard.n, 100);
}
END_TEST

START_TEST(an_etcd_that_is_gone_is_the_reason)
{
	etcd_server_kill(&t.server);
	ask();
	ck_assert_ptr_null(t.heard.json);
	ck_assert_ptr_nonnull(strstr(t.heard.err.text, t.server.url));
	etcd_server_start(&t.server);
	LOOP_UNTIL(t.loop, (ask(), t.heard.json), "it is there again");
}
END_TEST

START_TEST(whoever_waits_when_it_is_closed_hears_that)
{
	fleet_page_ask(t.page, on_page, NULL);
	fleet_page_close(t.page);
	ck_assert_int_eq(t.heard.err.code, FLUME_CANCELLED);
	fleet_page_ask(t.page, on_page, NULL);
	ck_assert_uint_eq(t.heard.n, 2);
}
END_TEST

Suite *suite_fleet_page(void)
{
	Suite *suite = suite_create("fleet_page");
	TCase *tests = tcase_create("fleet_page");
	tcase_add_checked_fixture(tests, begin, end);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, it_has_what_is_wanted_and_what_all_nodes_say);
	tcase_add_test(tests, it_is_kept_for_a_while);
	tcase_add_test(tests, what_others_write_does_not_change_its_tag);
	tcase_add_test(tests, many_who_ask_get_one_reading);
	tcase_add_test(tests, an_etcd_that_is_gone_is_the_reason);
	tcase_add_test(tests, whoever_waits_when_it_is_closed_hears_that);
	suite_add_tcase(suite, tests);
	return suite;
}
