#include "agent/etcd/etcd.h"

#include "tests/unit/etcd_server.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct etcd_server server;
static struct loop *loop;
static struct etcd *etcd;
static struct etcd_lease *lease;

static struct {
	bool done;
	struct etcd_result r;
} last;

static struct {
	int times;
	int64_t id;
} held;

static void connect_client(void)
{
	struct etcd_options options = {.endpoints = server.url};
	loop = loop_new();
	etcd = etcd_new(loop, &options, NULL);
	ck_assert_ptr_nonnull(etcd);
}

static void setup(void)
{
	memset(&held, 0, sizeof held);
	etcd_server_init(&server);
	connect_client();
}

static void teardown(void)
{
	lease = etcd_lease_free(lease);
	etcd_result_fini(&last.r);
	etcd = etcd_free(etcd);
	loop = loop_free(loop);
	etcd_server_fini(&server);
}

static void on_done(struct etcd_result *r, void *arg)
{
	(void)arg;
	etcd_result_fini(&last.r);
	last.r = *r;
	*r = (struct etcd_result){0};
	last.done = true;
}

static int answer(struct etcd_call *call)
{
	ck_assert_ptr_nonnull(call);
	last.done = false;
	LOOP_UNTIL(loop, last.done, "an answer");
	return last.r.code;
}

static size_t keys(const char *key)
{
	struct etcd_query q = {.key = key};
	ck_assert_int_eq(answer(etcd_range(etcd, &q, on_done, NULL)), 0);
	return last.r.n;
}

/* As the owner of a lease does: what belongs under it is put again. */
static void on_put(struct etcd_result *r, void *arg)
{
	(void)arg;
	ck_assert_msg(r->code == 0, "%s", r->err.text);
	held.times++;
}

static void on_held(int64_t id, void *arg)
{
	(void)arg;
	ck_assert_int_ne(id, 0);
	held.id = id;
	ck_assert_ptr_nonnull(etcd_put(etcd, "/node", "here", 4, id, on_put, NULL));
}

/* ---- calls ---- */

START_TEST(a_lease_is_granted_kept_and_revoked)
{
	etcd_server_start(&server);
	ck_assert_int_eq(answer(etcd_lease_grant(etcd, 20, on_done, NULL)), 0);
	int64_t id = last.r.lease;
	ck_assert_int_ne(id, 0);
	ck_assert_int_eq(last.r.ttl, 20);
	ck_assert_int_eq(answer(etcd_put(etcd, "/k", "v", 1, id, on_done, NULL)), 0);
	ck_assert_uint_eq(keys("/k"), 1);
	ck_assert_int_eq(last.r.kvs[0].lease, id);
	ck_assert_int_eq(answer(etcd_lease_keepalive(etcd, id, 0, on_done, NULL)), 0);
	ck_assert_int_eq(last.r.lease, id);
	ck_assert_int_eq(last.r.ttl, 20);
	ck_assert_int_eq(answer(etcd_lease_revoke(etcd, id, on_done, NULL)), 0);
	ck_assert_uint_eq(keys("/k"), 0);
	ck_assert_int_eq(answer(etcd_lease_keepalive(etcd, id, 0, on_done, NULL)),
			 FLUME_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(last.r.err.text, "there is no such lease"));
	ck_assert_int_eq(answer(etcd_lease_revoke(etcd, id, on_done, NULL)), FLUME_NOT_FOUND);
}
END_TEST

/* ---- the holder ---- */

START_TEST(a_held_lease_outlives_its_ttl)
{
	etcd_server_start(&server);
	lease = etcd_lease_new(etcd, 2, on_held, NULL);
	ck_assert_int_eq(etcd_lease_id(lease), 0);
	LOOP_UNTIL(loop, held.times == 1, "the lease");
	ck_assert_int_eq(etcd_lease_id(lease), held.id);
	int64_t until = loop_now() + INT64_C(3500000000);
	while (loop_now() < until)
		loop_step(loop, 100);
	ck_assert_uint_eq(keys("/node"), 1);
	ck_assert_int_eq(held.times, 1);
}
END_TEST

START_TEST(a_lease_no_longer_held_runs_out)
{
	etcd_server_start(&server);
	lease = etcd_lease_new(etcd, 1, on_held, NULL);
	LOOP_UNTIL(loop, held.times == 1, "the lease");
	lease = etcd_lease_free(lease);
	LOOP_UNTIL(loop, keys("/node") == 0, "the end of the key");
}
END_TEST

START_TEST(a_lease_that_is_gone_is_granted_again)
{
	etcd_server_start(&server);
	lease = etcd_lease_new(etcd, 1, on_held, NULL);
	LOOP_UNTIL(loop, held.times == 1, "the lease");
	int64_t first = held.id;
	ck_assert_int_eq(answer(etcd_lease_revoke(etcd, first, on_done, NULL)), 0);
	LOOP_UNTIL(loop, held.times == 2, "a new lease");
	ck_assert_int_ne(held.id, first);
	ck_assert_int_eq(etcd_lease_id(lease), held.id);
	ck_assert_uint_eq(keys("/node"), 1);
}
END_TEST

START_TEST(a_lease_that_ran_out_is_granted_again)
{
	etcd_server_start(&server);
	lease = etcd_lease_new(etcd, 1, on_held, NULL);
	LOOP_UNTIL(loop, held.times == 1, "the lease");
	/* Nobody keeps it alive while the loop does not run. */
	while (strstr(etcd_server_post(&server, "/v3/kv/range", "{\"key\":\"L25vZGU=\"}"),
		      "kvs"))
		usleep(20000);
	LOOP_UNTIL(loop, held.times == 2, "a new lease");
	ck_assert_uint_eq(keys("/node"), 1);
}
END_TEST

START_TEST(a_lease_survives_a_restart_of_etcd_and_is_granted_when_etcd_comes_late)
{
	lease = etcd_lease_new(etcd, 2, on_held, NULL);
	for (int i = 0; i < 10; i++)
		loop_step(loop, 20);
	etcd_server_start(&server);
	LOOP_UNTIL(loop, held.times == 1, "the lease");
	etcd_server_kill(&server);
	for (int i = 0; i < 10; i++)
		loop_step(loop, 100);
	etcd_server_start(&server);
	int64_t until = loop_now() + INT64_C(3000000000);
	while (loop_now() < until)
		loop_step(loop, 100);
	ck_assert_uint_eq(keys("/node"), 1);
	ck_assert_int_eq(held.times, 1);
}
END_TEST

static void free_lease(int64_t id, void *arg)
{
	(void)arg;
	held.id = id;
	lease = etcd_lease_free(lease);
}

START_TEST(a_lease_may_be_freed_from_its_callback)
{
	etcd_server_start(&server);
	lease = etcd_lease_new(etcd, 5, free_lease, NULL);
	LOOP_UNTIL(loop, held.id != 0, "the lease");
	ck_assert_ptr_null(lease);
}
END_TEST

Suite *suite_etcd_lease(void)
{
	Suite *s = suite_create("etcd_lease");
	TCase *c = tcase_create("etcd_lease");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_lease_is_granted_kept_and_revoked);
	tcase_add_test(c, a_held_lease_outlives_its_ttl);
	tcase_add_test(c, a_lease_no_longer_held_runs_out);
	tcase_add_test(c, a_lease_that_is_gone_is_granted_again);
	tcase_add_test(c, a_lease_that_ran_out_is_granted_again);
	tcase_add_test(c,
		       a_lease_survives_a_restart_of_etcd_and_is_granted_when_etcd_comes_late);
	tcase_add_test(c, a_lease_may_be_freed_from_its_callback);
	suite_add_tcase(s, c);
	return s;
}
