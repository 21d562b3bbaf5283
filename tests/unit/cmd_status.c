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

/* For a gate: a node that would not start again is a fault, whatever it runs now. */
START_TEST(check_fails_for_a_node_in_trouble)
{
	static const struct {
		const char *members, *told;
	} troubles[] = {
		{"\"config\": {\"ok\": false, \"why\": \"f.yaml:3:1: unknown key\"}",
		 "flume: --check fails (exit code 1): n1: config\n"},
		{"\"disk\": {\"ok\": false, \"why\": \"no space left\"}",
		 "flume: --check fails (exit code 1): n1: disk\n"},
		{"\"freshness\": {\"blind\": true}",
		 "flume: --check fails (exit code 1): n1: blind\n"},
		{"\"canaries\": {\"a\": {\"error\": \"a:1:1: no\"}}",
		 "flume: --check fails (exit code 1): n1: cases a\n"},
		{"\"truncated\": true, \"left_out\": 1", ""},
		{"\"disk\": {\"ok\": true}, \"config\": {\"ok\": true}", ""},
	};
	store("/flume/schemas/a", "x");
	flume("status --check");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	ck_assert_str_eq(cmd.err, "flume: --check fails (exit code 1): no node has a status\n");
	ck_assert_int_eq(etcd_sync_delete(etcd, "/flume/schemas/a", NULL, NULL), 0);
	for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
		char status[256];
		snprintf(status, sizeof status, "{\"schemas\": {}, %s}", troubles[i].members);
		store("/flume/nodes/n1", status);
		flume("status --check");
		ck_assert_int_eq(cmd.code, *troubles[i].told ? CMD_NEGATIVE : CMD_DONE);
		ck_assert_str_eq(cmd.err, troubles[i].told);
		flume("status --wait --check");
		ck_assert_int_eq(cmd.code, *troubles[i].told ? CMD_NEGATIVE : CMD_DONE);
		SAYS(cmd.err, troubles[i].told);
		flume("status");
		ck_assert_int_eq(cmd.code, CMD_DONE);
	}
	for (char node[] = "/flume/nodes/n0"; node[14] <= '9'; node[14]++)
		store(node, "[");
	flume("status --check");
	SAYS(cmd.err, "10 of 10 nodes not as wanted; n0: unreadable; n1: unreadable;");
	SAYS(cmd.err, "n7: unreadable; and 2 more\n");
}
END_TEST

/* U+009B begins a command as ESC [ does, U+202E turns a line around. */
START_TEST(json_has_nothing_that_a_terminal_obeys)
{
	static const char *const words[] = {"status -o json", "status --raw",
					    "status --wait -o json", "explain n1 a -o json",
					    "history a -o json"};
	store("/flume/schemas/a", "version: \"1\302\2332J\342\200\256\177\"\nref: x\n");
	store("/flume/nodes/n1",
	      "{\"schemas\": {\"a\": {\"state\": \"rejected\", \"wanted\": {\"version\": "
	      "\"1\302\2332J\342\200\256\177\", \"revision\": 2}, \"attempted\": {\"stage\": "
	      "\"check\", \"error\": \"1\302\2332J\342\200\256\177\"}}}}");
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		flume_value *json = NULL;
		flume(words[i]);
		for (const char *c = cmd.out; *c; c++)
			ck_assert_msg(*c == '\n' || (*c >= 0x20 && *c < 0x7f), "%s: %s",
				      words[i], c);
		SAYS(cmd.out, "1\\u009b2J\\u202e\\u007f");
		ck_assert_int_eq(flume_value_parse(&json, cmd.out, strlen(cmd.out), FLUME_JSON,
						   NULL, NULL),
				 0);
		flume_value_free(json);
	}
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
		"status a b",     "status --watch --wait",  "status A",
		"status --raw a", "status --check --watch", "status --check --raw",
		"explain n1",     "explain n1 A",           "status --timeout x"};
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

START_TEST(an_etcd_that_never_answers_is_named)
{
	static const char *const words[] = {"status --wait --timeout 200ms",
					    "status -w --timeout 200ms"};
	etcd_server_freeze(&server, true);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		flume(words[i]);
		ck_assert_int_eq(cmd.code, CMD_TIMED_OUT);
		SAYS(cmd.err, "timed out: ");
		SAYS(cmd.err, server.url);
		SAYS(cmd.err, " has not answered yet");
	}
	etcd_server_freeze(&server, false);
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
	flume("status --agent http://127.0.0.1:9"); /* that one, whatever FLUME_ETCD says */
	SAYS(cmd.err, "http://127.0.0.1:9/status");
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
	tcase_add_test(tests, check_fails_for_a_node_in_trouble);
	tcase_add_test(tests, json_has_nothing_that_a_terminal_obeys);
	tcase_add_test(tests, raw_is_what_each_node_says);
	tcase_add_test(tests, words_that_make_no_sense_are_usage);
	tcase_add_test(tests, a_wait_ends_when_all_run_what_is_wanted);
	tcase_add_test(tests, a_wait_ends_when_one_says_why_not);
	tcase_add_test(tests, a_wait_without_nodes_says_so);
	tcase_add_test(tests, what_comes_later_is_seen);
	tcase_add_test(tests, an_etcd_that_never_answers_is_named);
	tcase_add_test(tests, an_etcd_that_is_gone_is_3);
	tcase_add_test(tests, explain_finds_schema_or_switch);
	return suite;
}
