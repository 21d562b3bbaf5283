/* What others change in a real etcd gets its record, once, however many recorders there are. */
#include "agent/fleet/recorder.h"

#include "agent/fleet/history.h"
#include "tests/unit/etcd_server.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDERS 5

static struct {
	struct etcd_server server;
	struct loop *loop;
	struct etcd *etcd;
	struct recorder *recorders[RECORDERS];
	struct sink sinks[RECORDERS];
	struct etcd_result seen;
	bool done;
	size_t batches;
} t;

static int on_batch(void *arg, enum batch_kind kind, const struct change *changes, size_t n,
		    int64_t revision)
{
	(void)arg, (void)kind, (void)changes, (void)n, (void)revision;
	t.batches++;
	return FLUME_NOMEM; /* to be seen behind the recorder too */
}

static void on_number(void *arg, int64_t revision)
{
	(void)arg, (void)revision;
}

static void on_link(void *arg, bool up, const char *why)
{
	(void)arg, (void)up, (void)why;
}

static const struct sink inner = {on_batch, on_number, on_link, on_number, NULL};

static void begin(void)
{
	memset(&t, 0, sizeof t);
	etcd_server_init(&t.server);
	etcd_server_start(&t.server);
	t.loop = loop_new();
	t.etcd = etcd_new(t.loop, &(struct etcd_options){.endpoints = t.server.url}, NULL);
	ck_assert_ptr_nonnull(t.etcd);
	for (int i = 0; i < RECORDERS; i++) {
		const struct recorder_options options = {"/flume/", "schemas/", "n1", 20000000};
		ck_assert_int_eq(recorder_new(&t.recorders[i], t.loop, t.etcd, &options, NULL),
				 0);
		t.sinks[i] = recorder_sink(t.recorders[i], inner);
	}
}

static void end(void)
{
	for (int i = 0; i < RECORDERS; i++)
		recorder_free(t.recorders[i]);
	etcd_result_fini(&t.seen);
	etcd_free(t.etcd);
	loop_free(t.loop);
	etcd_server_fini(&t.server);
}

static void on_done(struct etcd_result *r, void *arg)
{
	(void)arg;
	etcd_result_fini(&t.seen);
	t.seen = *r;
	*r = (struct etcd_result){0};
	t.done = true;
}

static void wait_for(struct etcd_call *call)
{
	ck_assert_ptr_nonnull(call);
	t.done = false;
	LOOP_UNTIL(t.loop, t.done, "an answer");
	ck_assert_int_eq(t.seen.code, 0);
}

static int64_t put(const char *key, const char *value)
{
	wait_for(etcd_put(t.etcd, key, value, strlen(value), 0, on_done, NULL));
	return t.seen.revision;
}

static int64_t delete (const char *key)
{
	wait_for(etcd_delete(t.etcd, key, on_done, NULL));
	return t.seen.revision;
}

static size_t records(void)
{
	wait_for(etcd_range(t.etcd,
			    &(struct etcd_query){.key = "/flume/history/", .prefix = true},
			    on_done, NULL));
	return t.seen.n;
}

static void tell(int to, enum batch_kind kind, const char *name, const char *text,
		 int64_t revision)
{
	const struct change c = {.name = name,
				 .text = text,
				 .len = text ? strlen(text) : 0,
				 .revision = revision};
	ck_assert_int_eq(t.sinks[to].batch(t.sinks[to].arg, kind, &c, name ? 1 : 0, revision),
			 FLUME_NOMEM);
}

static void tell_all(enum batch_kind kind, const char *name, const char *text, int64_t revision)
{
	for (int i = 0; i < RECORDERS; i++)
		tell(i, kind, name, text, revision);
	ck_assert_uint_eq(t.batches % RECORDERS, 0);
}

static struct record record_at(size_t i, flume_value **root)
{
	struct record r;
	ck_assert_int_eq(record_read(&r, root, t.seen.kvs[i].value, t.seen.kvs[i].value_len),
			 0);
	return r;
}

/* All have looked, and found no more to do. */
static void settle(void)
{
	int64_t revision = t.seen.revision, before;
	do {
		before = revision;
		for (int64_t until = loop_now() + 300000000; loop_now() < until;)
			loop_step(t.loop, 20);
		records();
		revision = t.seen.revision;
	} while (revision != before);
}

START_TEST(a_change_is_recorded_once)
{
	flume_value *root;
	int64_t first = put("/flume/schemas/a", "version: \"1.0.0\"\nref: x\n");
	tell_all(BATCH_EVENTS, "a", "", first);
	LOOP_UNTIL(t.loop, records() == 1, "a record");
	int64_t gone = delete ("/flume/schemas/a");
	tell_all(BATCH_EVENTS, "a", NULL, gone);
	LOOP_UNTIL(t.loop, records() == 2, "another record");
	settle();
	ck_assert_uint_eq(t.seen.n, 2);
	for (size_t i = 0; i < t.seen.n; i++)
		ck_assert_int_eq(t.seen.kvs[i].version, 1); /* nor written over */
	struct record r = record_at(0, &root);
	ck_assert_str_eq(r.action, "put");
	ck_assert_str_eq(r.who, "");
	ck_assert_str_eq(r.node, "n1");
	ck_assert_str_eq(r.version.version, "1.0.0");
	ck_assert_int_eq(r.version.revision, first);
	ck_assert_str_eq(r.text, "version: \"1.0.0\"\nref: x\n");
	flume_value_free(root);
	r = record_at(1, &root);
	ck_assert(record_is_deletion(&r));
	ck_assert_str_eq(r.previous.version, "1.0.0");
	ck_assert_int_eq(r.version.revision, gone);
	flume_value_free(root);
}
END_TEST

START_TEST(several_versions_have_a_record_each)
{
	int64_t revisions[3];
	for (int i = 0; i < 3; i++)
		revisions[i] = put("/flume/schemas/a", i == 1 ? "[" : "ref: x");
	for (int i = 0; i < 3; i++)
		tell_all(BATCH_EVENTS, "a", "", revisions[i]);
	LOOP_UNTIL(t.loop, records() == 3, "three records");
	settle();
	ck_assert_uint_eq(t.seen.n, 3);
	char *key = history_dup_key("/flume/history/a/", revisions[1]);
	ck_assert_str_eq(t.seen.kvs[1].key, key);
	ck_assert_ptr_nonnull(strstr(t.seen.kvs[1].value, "\"text\": \"[\""));
	free(key);
}
END_TEST

START_TEST(what_has_a_record_gets_no_other)
{
	const struct etcd_operation both[] = {
		{.action = ETCD_PUT, .key = "/flume/schemas/a", .value = "x", .len = 1},
		{.action = ETCD_PUT,
		 .key = "/flume/history/a/00000000000000000001",
		 .value = "{\"action\": \"apply\", \"digest\": \"d\"}",
		 .len = 34}};
	wait_for(etcd_transact(t.etcd, &(struct etcd_txn){.success = both, .n_success = 2},
			       on_done, NULL));
	int64_t revision = t.seen.revision;
	tell_all(BATCH_EVENTS, "a", "", revision);
	tell_all(BATCH_LIST, "a", "", revision);
	settle();
	ck_assert_uint_eq(records(), 1);
}
END_TEST

/* As flume does: the record has the number of the revision that both get. */
static int64_t apply(const char *name)
{
	char document[64], folder[64];
	records();
	snprintf(document, sizeof document, "/flume/schemas/%s", name);
	snprintf(folder, sizeof folder, "/flume/history/%s/", name);
	char *key = history_dup_key(folder, t.seen.revision + 1);
	const struct etcd_operation both[] = {
		{.action = ETCD_PUT, .key = document, .value = "ref: x", .len = 6},
		{.action = ETCD_PUT,
		 .key = key,
		 .value = "{\"action\": \"apply\", \"digest\": \"d\"}",
		 .len = 34}};
	wait_for(etcd_transact(t.etcd, &(struct etcd_txn){.success = both, .n_success = 2},
			       on_done, NULL));
	free(key);
	return t.seen.revision;
}

/* '-' and '.' come before the '/' behind a name. */
START_TEST(records_of_names_that_begin_alike_are_found)
{
	static const char *const names[] = {"orders", "orders-eu", "orders.eu",
					    "orders-eu.old"};
	int64_t revisions[4];
	for (int i = 0; i < 4; i++)
		revisions[i] = apply(names[i]);
	for (int i = 0; i < 4; i++)
		tell_all(BATCH_EVENTS, names[i], "", revisions[i]);
	settle();
	ck_assert_uint_eq(records(), 4);
	for (size_t i = 0; i < t.seen.n; i++) {
		ck_assert_int_eq(t.seen.kvs[i].version, 1);
		ck_assert_ptr_nonnull(strstr(t.seen.kvs[i].value, "apply"));
	}
	tell(0, BATCH_EVENTS, "orders", "", put("/flume/schemas/orders", "ref: y"));
	tell(0, BATCH_EVENTS, "orders-eu", "", put("/flume/schemas/orders-eu", "ref: y"));
	LOOP_UNTIL(t.loop, records() == 6, "two more records");
}
END_TEST

START_TEST(a_record_is_not_written_over_whatever_the_list_said)
{
	int64_t revision = apply("a");
	const struct history empty = {.records = "/flume/history/a/", .revision = revision};
	struct history_write w;
	history_write_begin(&w, &empty);
	ck_assert_int_eq(history_write_record(&w, revision, &(struct record){.action = "put"}),
			 0);
	const struct etcd_txn txn = history_write_end(&w);
	wait_for(etcd_transact(t.etcd, &txn, on_done, NULL));
	ck_assert(!t.seen.succeeded);
	history_write_fini(&w);
	ck_assert_uint_eq(records(), 1);
	ck_assert_int_eq(t.seen.kvs[0].version, 1);
}
END_TEST

START_TEST(what_went_while_nobody_looked_is_recorded)
{
	flume_value *root;
	put("/flume/history/gone/00000000000000000001",
	    "{\"action\": \"apply\", \"version\": \"2\", \"digest\": \"d\"}");
	put("/flume/history/ended/00000000000000000001",
	    "{\"action\": \"apply\", \"digest\": \"d\"}");
	put("/flume/history/ended/00000000000000000002", "{\"action\": \"delete\"}");
	put("/flume/history/odd/00000000000000000002", "scribble");
	int64_t revision = put("/flume/schemas/b", "ref: x");
	tell_all(BATCH_LIST, "b", "", revision);
	LOOP_UNTIL(t.loop, records() == 6, "two more records");
	settle();
	ck_assert_uint_eq(t.seen.n, 6);
	ck_assert_ptr_nonnull(strstr(t.seen.kvs[4].key, "/gone/"));
	struct record r = record_at(4, &root);
	ck_assert_str_eq(r.action, "delete");
	ck_assert_str_eq(r.previous.version, "2");
	ck_assert_int_ge(r.version.revision, revision);
	flume_value_free(root);
}
END_TEST

START_TEST(what_is_compacted_may_still_be_there)
{
	put("/flume/schemas/a", "ref: old");
	int64_t revision = put("/flume/schemas/a", "ref: x");
	char json[64];
	snprintf(json, sizeof json, "{\"revision\":\"%lld\",\"physical\":true}",
		 (long long)put("/other", ""));
	etcd_server_post(&t.server, "/v3/kv/compaction", json);
	tell_all(BATCH_LIST, "a", "", revision);
	LOOP_UNTIL(t.loop, records() == 1, "a record");
	ck_assert_ptr_nonnull(strstr(t.seen.kvs[0].value, "\"text\": \"ref: x\""));
}
END_TEST

START_TEST(it_goes_on_when_etcd_comes_back)
{
	int64_t revision = put("/flume/schemas/a", "ref: x");
	etcd_server_kill(&t.server);
	tell_all(BATCH_EVENTS, "a", "", revision);
	for (int i = 0; i < 10; i++)
		loop_step(t.loop, 20);
	etcd_server_start(&t.server);
	LOOP_UNTIL(t.loop, records() == 1, "a record");
}
END_TEST

START_TEST(another_store_is_asked_anew)
{
	int64_t revision = put("/flume/schemas/a", "ref: x");
	tell(0, BATCH_LIST, "a", "", revision);
	LOOP_UNTIL(t.loop, records() == 1, "a record");
	settle();
	delete ("/flume/history/a/00000000000000000002");
	tell(0, BATCH_LIST, "a", "", revision);
	settle();
	ck_assert_uint_eq(records(), 0); /* it was recorded once, and old records go */
	t.sinks[0].reset(t.sinks[0].arg, 1);
	tell(0, BATCH_LIST, "a", "", revision);
	LOOP_UNTIL(t.loop, records() == 1, "a record");
}
END_TEST

START_TEST(one_is_made_or_not)
{
	const struct recorder_options options = {"/flume/", "schemas/", "n1", 1};
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		struct recorder *r = NULL;
		memory_fails_at(nth);
		int rc = recorder_new(&r, t.loop, t.etcd, &options, NULL);
		failed = memory_is_back();
		ck_assert_int_eq(rc, failed ? FLUME_NOMEM : 0);
		recorder_free(r);
	}
}
END_TEST

Suite *suite_fleet_recorder(void)
{
	Suite *suite = suite_create("fleet_recorder");
	TCase *tests = tcase_create("recorder");
	tcase_add_checked_fixture(tests, begin, end);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_change_is_recorded_once);
	tcase_add_test(tests, several_versions_have_a_record_each);
	tcase_add_test(tests, what_has_a_record_gets_no_other);
	tcase_add_test(tests, records_of_names_that_begin_alike_are_found);
	tcase_add_test(tests, a_record_is_not_written_over_whatever_the_list_said);
	tcase_add_test(tests, what_went_while_nobody_looked_is_recorded);
	tcase_add_test(tests, what_is_compacted_may_still_be_there);
	tcase_add_test(tests, it_goes_on_when_etcd_comes_back);
	tcase_add_test(tests, another_store_is_asked_anew);
	tcase_add_test(tests, one_is_made_or_not);
	suite_add_tcase(suite, tests);
	return suite;
}
