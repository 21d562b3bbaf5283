/* flume status and flume explain, on a real etcd. */
#include "tests/unit/cmd_store.h"

#include "tests/unit/fleet_fixture.h"
#include "tests/unit/suites.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void says(const char *node, const char *state, int revision)
{
	char key[64], status[512];
	snprintf(key, sizeof key, "/flume/nodes/%s", node);
	snprintf(status, sizeof status,
		 "{\"schemas\": {\"a\": {\"state\": \"%s\", \"wanted\": {\"version\": \"1\", "
		 "\"revision\": %d}, \"attempted\": {\"stage\": \"canary\", \"error\": \"too "
		 "bad\"}, \"running\": {\"version\": \"1\"}}}}",
		 state, revision);
	store(key, status);
}

/* ---- once ---- */

START_TEST(status_counts_and_shows_who_is_astray)
{
	flume("status");
	ck_assert_str_eq(cmd.out, "0 nodes\n");
	flume("status --check");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	store("/flume/schemas/a", "x");
	says("n1", "running", 2);
	says("n2", "rolled-back", 2);
	store("/flume/nodes/n3", "[");
	flume("status");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	ck_assert_str_eq(
		cmd.out,
		"3 nodes, 2 of them not as wanted\n\n"
		"SCHEMA  WANTED  RUNNING  STATE        NODES\n"
		"a       1       1        rolled-back  1\n"
		"a       1       1        running      1\n\n"
		"NODE  SCHEMA  STATE        WANTED  RUNNING  WHY\n"
		"n2    a       rolled-back  1       1        canary: too bad\n\n"
		"NODE  TROUBLE     OF  WHY\n"
		"n3    unreadable  -   line 1, column 2: expected a value, not the end of "
		"the text\n");
	flume("status --check");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	flume("status a -o json");
	SAYS(cmd.out, "\"state\": \"rolled-back\"");
	SAYS(cmd.out, "\"stage\": \"canary\", \"error\": \"too bad\"");
	flume("status b");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
}
END_TEST

START_TEST(raw_is_what_each_node_says)
{
	store("/flume/nodes/n1", "{\"a\": 1.50}");
	store("/flume/nodes/n2", "[");
	flume("status --raw");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	ck_assert_str_eq(cmd.out, "{\"nodes\":[\n{\"a\":1.50}]}\n");
	SAYS(cmd.err, "node 'n2': its status does not parse");
}
END_TEST

START_TEST(words_that_make_no_sense_are_usage)
{
	static const char *const words[] = {
		"status a b", "status --watch --wait", "status A",          "status --raw a",
		"explain n1", "explain n1 A",          "status --timeout x"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		flume(words[i]);
		ck_assert_msg(cmd.code == CMD_USAGE, "%s: %d", words[i], cmd.code);
	}
	unsetenv("FLUME_ETCD");
	flume("status --wait");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
	SAYS(cmd.err, "need --etcd");
}
END_TEST

/* ---- until ---- */

START_TEST(a_wait_ends_when_all_run_what_is_wanted)
{
	store("/flume/schemas/a", "x");
	says("n1", "running", 2);
	says("n2", "probation", 2);
	flume("status --wait");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	SAYS(cmd.out, "2 nodes\n");
	flume("status a --wait --proven --timeout 200ms");
	ck_assert_int_eq(cmd.code, CMD_TIMED_OUT);
	flume("status b --wait");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
}
END_TEST

START_TEST(a_wait_ends_when_one_says_why_not)
{
	store("/flume/schemas/a", "x");
	store("/flume/schemas/b", "x");
	says("n1", "rejected", 2);
	flume("status --wait -o json");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.out, "\"why\": \"canary: too bad\"");
	flume("status b --wait --timeout 200ms");
	ck_assert_int_eq(cmd.code, CMD_TIMED_OUT);
	SAYS(cmd.out, "has not heard of revision 3");
}
END_TEST

START_TEST(a_wait_without_nodes_says_so)
{
	store("/flume/nodes/n1", "");
	flume("status --wait --timeout 200ms");
	ck_assert_int_eq(cmd.code, CMD_DONE); /* nothing is wanted */
	store("/flume/schemas/a", "x");
	flume("status --wait --timeout 200ms");
	ck_assert_int_eq(cmd.code, CMD_TIMED_OUT);
	SAYS(cmd.err, "node 'n1' is silent");
	flume("status --wait --timeout 200ms --prefix /other/");
	ck_assert_int_eq(cmd.code, CMD_TIMED_OUT);
	SAYS(cmd.err, "no node has a status below /other/nodes/");
}
END_TEST

static void *write_later(void *arg)
{
	struct etcd_sync *own =
		etcd_sync_new(&(struct etcd_options){.endpoints = server.url}, 5000, NULL);
	const char *status = arg;
	usleep(300000);
	etcd_sync_put(own, "/flume/nodes/n1", status, strlen(status), 0, NULL, NULL);
	etcd_sync_free(own);
	return NULL;
}

START_TEST(what_comes_later_is_seen)
{
	static char well[] = "{\"schemas\": {\"a\": {\"state\": \"running\", \"wanted\": "
			     "{\"version\": \"1\", \"revision\": 2}}}}";
	pthread_t other;
	store("/flume/schemas/a", "x");
	says("n1", "waiting", 2);
	pthread_create(&other, NULL, write_later, well);
	flume("status --wait --timeout 20s");
	pthread_join(other, NULL);
	ck_assert_int_eq(cmd.code, CMD_DONE);
	says("n1", "waiting", 2);
	pthread_create(&other, NULL, write_later, well);
	flume("status --watch --timeout 1500ms");
	pthread_join(other, NULL);
	ck_assert_int_eq(cmd.code, CMD_DONE);
	SAYS(cmd.out, "n1    a       waiting  1       1        canary: too bad\n"
		      "schema a: 1 wanted, - running 1\n"
		      "n1: a: not astray any more\n");
}
END_TEST

START_TEST(an_etcd_that_is_gone_is_3)
{
	static const char *const words[] = {"status", "status --wait", "status -w",
					    "status --raw", "explain n1 a"};
	etcd_server_kill(&server);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		flume(words[i]);
		ck_assert_msg(cmd.code == CMD_UNREACHABLE, "%s: %d", words[i], cmd.code);
		SAYS(cmd.err, server.url);
		ck_assert_str_eq(cmd.out, "");
	}
}
END_TEST

/* ---- explain ---- */

START_TEST(explain_finds_schema_or_switch)
{
	store("/flume/switches/s", "x");
	store("/flume/schemas/a", "x");
	says("n1", "rolled-back", 3);
	flume("explain n1 a");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	SAYS(cmd.out, "schema a on n1: rolled-back\n"
		      "  node      agent (unknown), since (unknown)\n"
		      "  wanted    the store holds version 1, revision 3\n");
	SAYS(cmd.out, "  run       flume apply -f FILE\n");
	flume("explain n1 s -o json");
	SAYS(cmd.out, "{\"node\": \"n1\", \"kind\": \"switch\", \"name\": \"s\", \"verdict\": "
		      "\"coming\", \"state\": \"behind\", \"why\": [\n");
	store("/flume/switches/a", "x");
	flume("explain n1 a");
	SAYS(cmd.out, "schema a on n1: rolled-back\n");
	SAYS(cmd.out, "\n\nswitch a on n1: behind\n");
	flume("explain n1 a -o json");
	flume_value *json = NULL;
	ck_assert_int_eq(
		flume_value_parse(&json, cmd.out, strlen(cmd.out), FLUME_JSON, NULL, NULL), 0);
	const flume_value *also = flume_value_get(json, "also");
	ck_assert_str_eq(flume_value_text(flume_value_get(json, "kind")), "schema");
	ck_assert_str_eq(flume_value_text(flume_value_get(also, "kind")), "switch");
	flume_value_free(json);
	flume("explain n2 a");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
	SAYS(cmd.err, "no live node 'n2'");
	flume("explain n1 b");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
	SAYS(cmd.err, "neither n1 nor the store has a schema or switch 'b'");
}
END_TEST

Suite *suite_cmd_status(void)
{
	Suite *suite = suite_create("cmd_status");
	TCase *tests = cmd_store_tests(suite, "cmd_status");
	tcase_add_test(tests, status_counts_and_shows_who_is_astray);
	tcase_add_test(tests, raw_is_what_each_node_says);
	tcase_add_test(tests, words_that_make_no_sense_are_usage);
	tcase_add_test(tests, a_wait_ends_when_all_run_what_is_wanted);
	tcase_add_test(tests, a_wait_ends_when_one_says_why_not);
	tcase_add_test(tests, a_wait_without_nodes_says_so);
	tcase_add_test(tests, what_comes_later_is_seen);
	tcase_add_test(tests, an_etcd_that_is_gone_is_3);
	tcase_add_test(tests, explain_finds_schema_or_switch);
	return suite;
}
