/* A document and the record of who changed it, on a real etcd. */
#include "agent/fleet/change.h"

#include "agent/fleet/history.h"
#include "tests/unit/etcd_server.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <string.h>
#include <unistd.h>

static struct {
	struct etcd_server server;
	struct loop *loop;
	struct etcd *etcd;
	struct etcd_result read;
	int64_t revision;
	int code;
	bool done;
} t;

static void begin(void)
{
	memset(&t, 0, sizeof t);
	etcd_server_init(&t.server);
	etcd_server_start(&t.server);
	t.loop = loop_new();
	t.etcd = etcd_new(t.loop, &(struct etcd_options){.endpoints = t.server.url}, NULL);
	ck_assert_ptr_nonnull(t.etcd);
}

static void end(void)
{
	etcd_result_fini(&t.read);
	etcd_free(t.etcd);
	loop_free(t.loop);
	etcd_server_fini(&t.server);
}

static void on_change(void *arg, int64_t revision, const struct flume_err *err)
{
	(void)arg;
	t.revision = revision;
	t.code = err ? err->code : 0;
	t.done = true;
}

static struct fleet_change *start(const char *text, const struct etcd_kv *seen)
{
	return fleet_change_new(t.etcd,
				&(struct fleet_change_of){.prefix = "/flume/",
							  .folder = "schemas/",
							  .name = "a",
							  .seen = seen,
							  .text = text,
							  .len = text ? strlen(text) : 0,
							  .who = "uid 7 via n1",
							  .node = "n1"},
				on_change, NULL);
}

static int change(const char *text, const struct etcd_kv *seen)
{
	struct fleet_change *c = start(text, seen);
	ck_assert_ptr_nonnull(c);
	t.done = false;
	LOOP_UNTIL(t.loop, t.done, "the end of a change");
	return t.code;
}

static void on_read(struct etcd_result *r, void *arg)
{
	(void)arg;
	etcd_result_fini(&t.read);
	t.read = *r;
	*r = (struct etcd_result){0};
	t.done = true;
}

static struct etcd_kv *read_all(const char *prefix)
{
	t.done = false;
	ck_assert_ptr_nonnull(etcd_range(
		t.etcd, &(struct etcd_query){.key = prefix, .prefix = true}, on_read, NULL));
	LOOP_UNTIL(t.loop, t.done, "an answer");
	return t.read.kvs;
}

static struct record record_at(size_t i)
{
	struct record r;
	flume_value *root;
	ck_assert_int_eq(record_read(&r, &root, t.read.kvs[i].value, t.read.kvs[i].value_len),
			 0);
	flume_value_free(root);
	return r;
}

START_TEST(document_and_record_have_one_revision)
{
	ck_assert_int_eq(change("version: '1'\nref: x\n", NULL), 0);
	ck_assert_int_eq(change("version: '2'\nref: x\n", NULL), FLUME_CONFLICT);
	struct etcd_kv *seen = read_all("/flume/schemas/");
	ck_assert_int_eq(seen->mod_revision, t.read.revision);
	ck_assert_int_eq(change("version: '2'\nref: y\n", seen), 0);
	seen = read_all("/flume/schemas/");
	ck_assert_int_eq(seen->mod_revision, t.revision);
	ck_assert_int_eq(change(NULL, seen), 0);
	ck_assert_ptr_null(read_all("/flume/schemas/"));
	read_all("/flume/history/");
	ck_assert_uint_eq(t.read.n, 3);
	ck_assert_int_eq(t.read.kvs[2].create_revision, t.read.revision);
	struct record r = record_at(1);
	ck_assert_str_eq(r.who, "uid 7 via n1");
	ck_assert_str_eq(r.node, "n1");
	ck_assert_str_eq(r.action, "put");
	ck_assert_str_eq(r.version.version, "2");
	ck_assert_str_eq(r.previous.version, "1");
	r = record_at(2);
	ck_assert_str_eq(r.action, "delete");
	ck_assert(record_is_deletion(&r));
}
END_TEST

/* {"action": "put"} */
#define OTHER_RECORD                                                                      \
	"{\"key\": \"L2ZsdW1lL2hpc3RvcnkvYS8wMDAwMDAwMDAwMDAwMDAwMDAwOQ==\", \"value\": " \
	"\"eyJhY3Rpb24iOiAicHV0In0=\"}"

START_TEST(a_record_that_comes_in_between_costs_another_look)
{
	read_all("/flume/"); /* there is a connection */
	t.done = false;
	struct fleet_change *c = start("ref: x", NULL);
	ck_assert_ptr_nonnull(c);
	loop_step(t.loop, 0);
	usleep(100000); /* the list is answered, and not read yet */
	etcd_server_post(&t.server, "/v3/kv/put", OTHER_RECORD);
	LOOP_UNTIL(t.loop, t.done, "the end of a change");
	ck_assert_int_eq(t.code, 0);
	read_all("/flume/history/");
	ck_assert_uint_eq(t.read.n, 2);
	ck_assert_int_lt(t.read.kvs[0].mod_revision, t.revision);
}
END_TEST

START_TEST(memory_that_runs_out_changes_nothing)
{
	const struct etcd_kv seen = {.value = (char *)(uintptr_t) "ref: x", .value_len = 6};
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		memory_fails_at(nth);
		struct fleet_change *c = start("ref: y", &seen);
		failed = memory_is_back();
		ck_assert(failed || c);
		fleet_change_cancel(c);
	}
	ck_assert_ptr_null(fleet_change_cancel(NULL));
}
END_TEST

Suite *suite_fleet_change(void)
{
	Suite *suite = suite_create("fleet_change");
	TCase *tests = tcase_create("change");
	tcase_add_checked_fixture(tests, begin, end);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, document_and_record_have_one_revision);
	tcase_add_test(tests, a_record_that_comes_in_between_costs_another_look);
	tcase_add_test(tests, memory_that_runs_out_changes_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
