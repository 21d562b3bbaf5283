#include "tests/unit/cmd_store.h"

#include <stdlib.h>

struct etcd_server server;
struct etcd_sync *etcd;

static void begin(void)
{
	etcd_server_init(&server);
	etcd_server_start(&server);
	etcd = etcd_sync_new(&(struct etcd_options){.endpoints = server.url}, 5000, NULL);
	ck_assert_ptr_nonnull(etcd);
	ck_assert_int_eq(setenv("FLUME_ETCD", server.url, 1), 0);
}

static void end(void)
{
	etcd = etcd_sync_free(etcd);
	etcd_server_fini(&server);
}

TCase *cmd_store_tests(Suite *suite, const char *name)
{
	TCase *tests = cmd_tests(suite, name);
	tcase_add_checked_fixture(tests, begin, end);
	tcase_set_timeout(tests, 60);
	return tests;
}

void store(const char *key, const char *value)
{
	ck_assert_int_eq(etcd_sync_put(etcd, key, value, strlen(value), 0, NULL, NULL), 0);
}
