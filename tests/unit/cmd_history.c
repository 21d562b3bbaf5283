/* history, rollback, delete, diff -f and doctor, against a real etcd. */
#include "tests/unit/cmd_store.h"

#include "agent/etcd/sync.h"
#include "agent/fleet/record.h"
#include "lib/base/text.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void expect_run(const char *words, int code, const char *out)
{
	flume(words);
	ck_assert_msg(cmd.code == code, "%s: exit %d: %s", words, cmd.code, cmd.err);
	if (out)
		ck_assert_str_eq(cmd.out, out);
}

/* Of a row, what stands behind the time. */
static void expect_row(const char *revision, const char *rest)
{
	char start[32];
	snprintf(start, sizeof start, "\n%s ", revision);
	const char *row = strstr(cmd.out, start);
	ck_assert_msg(row, "no row %s in: %s", revision, cmd.out);
	const char *end = strchr(row + 1, '\n');
	size_t len = strlen(rest);
	ck_assert_msg((size_t)(end - row) > len && !strncmp(end - len, rest, len),
		      "row %s does not end with '%s': %s", revision, rest, cmd.out);
}

/* ---- history and rollback ---- */

START_TEST(what_nobody_recorded_is_shown_too)
{
	store("/flume/schemas/a", SCHEMA("1.0.0", "1"));
	expect_run("history a", CMD_DONE,
		   "REVISION  WHEN  WHO      VERSION  ACTION  OUTCOME  WHY\n"
		   "2         -     unknown  1.0.0    put     -        -\n");
	flume("history a -o json");
	SAYS(cmd.out, "{\"recorded\": false, \"kept\": true, \"action\": \"put\", ");
	cmd_put("a.yaml", SCHEMA("1.1.0", "2"));
	flume("apply -f a.yaml --by ada");
	expect_run("rollback a", CMD_DONE, "a rolled back to 1.0.0 (revision 2)\n");
	expect_run("history b", CMD_NOT_FOUND, "");
	expect_run("history B", CMD_USAGE, "");
	expect_run("history a --switch", CMD_NOT_FOUND, "");
}
END_TEST

START_TEST(a_way_back_is_a_way_back)
{
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	flume("apply -f a.yaml --by ada --why first");
	cmd_put("a.yaml", SCHEMA("1.1.0", "2"));
	flume("apply -f a.yaml --by bob -m second");
	cmd_put("a.yaml", SCHEMA("1.2.0", "3"));
	flume("apply -f a.yaml --by bob -m third");
	expect_run("rollback a --dry-run", CMD_DONE,
		   "a rolled back to 1.1.0 (revision 3) (dry run)\n");
	expect_run("rollback a --by eve", CMD_DONE, "a rolled back to 1.1.0 (revision 3)\n");
	expect_run("rollback a --by eve", CMD_DONE, "a rolled back to 1.0.0 (revision 2)\n");
	expect_run("rollback a", CMD_NOT_FOUND, "");
	SAYS(cmd.err, "no earlier content");
	expect_run("rollback a --to 4 --by eve", CMD_DONE,
		   "a rolled back to 1.2.0 (revision 4)\n");
	expect_run("get a", CMD_DONE, SCHEMA("1.2.0", "3"));
	flume("history a");
	expect_row("2", "ada  1.0.0    apply          -        first");
	expect_row("4", "bob  1.2.0    apply          -        third");
	expect_row("5", "eve  1.1.0    rollback to 3  -        -");
	expect_row("7", "eve  1.2.0    rollback to 4  -        -");
	flume("history a -n 1 -o json");
	SAYS(cmd.out,
	     "[\n{\"recorded\": true, \"kept\": true, \"action\": \"rollback\", \"at\": ");
	SAYS(cmd.out, "\"revision\": 7, \"to\": 4, \"previous\": {\"version\": \"1.0.0\", ");
	ck_assert_ptr_null(strstr(cmd.out, "\"revision\": 6}\n"));
}
END_TEST

START_TEST(a_deletion_that_nobody_recorded_is_shown_too)
{
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	flume("apply -f a.yaml --by ada");
	ck_assert_int_eq(etcd_sync_delete(etcd, "/flume/schemas/a", NULL, NULL), 0);
	flume("history a");
	expect_row("-", "unknown  -        delete  -        -");
	expect_row("2", "ada      1.0.0    apply   -        -");
	flume("history a -o json");
	SAYS(cmd.out, "[\n{\"recorded\": false, \"kept\": false, \"action\": \"delete\"},\n");
	expect_run("rollback a", CMD_DONE, "a rolled back to 1.0.0 (revision 2)\n");
	flume("history a");
	ck_assert_ptr_null(strstr(cmd.out, "delete"));
}
END_TEST

START_TEST(what_was_deleted_comes_back)
{
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	flume("apply -f a.yaml");
	expect_run("delete a b", CMD_NOT_FOUND, "");
	expect_run("delete a --dry-run", CMD_DONE, "a deleted (dry run)\n");
	expect_run("delete a -o json --why old", CMD_DONE,
		   "[\n{\"name\":\"a\",\"result\":\"deleted\",\"revision\":3}\n]\n");
	expect_run("get a", CMD_NOT_FOUND, "");
	expect_run("rollback a --to 3", CMD_USAGE, "");
	SAYS(cmd.err, "it was deleted");
	flume("rollback a -o json");
	SAYS(cmd.out, "[\n{\"name\":\"a\",\"version\":\"1.0.0\",\"result\":\"rolled-back\",");
	SAYS(cmd.out, "\"to\":2,\"revision\":4}\n]\n");
	expect_run("get a", CMD_DONE, SCHEMA("1.0.0", "1"));
}
END_TEST

START_TEST(nonsense_is_refused)
{
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	flume("apply -f a.yaml");
	expect_run("rollback a --to 1.0.0", CMD_NEGATIVE, "");
	SAYS(cmd.err, "a: that is what etcd holds already\n");
	expect_run("rollback a --to 99999999999999999999", CMD_NOT_FOUND, "");
	expect_run("rollback b", CMD_NOT_FOUND, "");
	expect_run("rollback", CMD_USAGE, "");
	cmd_put("a.yaml", SCHEMA("3", "2")); /* the version that is a revision */
	flume("apply -f a.yaml");
	cmd_put("a.yaml", SCHEMA("4.0.0", "3"));
	flume("apply -f a.yaml");
	expect_run("rollback a --to 3 --dry-run", CMD_DONE,
		   "a rolled back to 3 (revision 3) (dry run)\n");
	store("/flume/history/a/00000000000000000003",
	      "{\"action\": \"put\", \"version\": \"3.0.0\", \"digest\": \"sha256:ff\", "
	      "\"text\": \"ref: a\"}");
	expect_run("rollback a --to 3.0.0", CMD_NEGATIVE, "");
	SAYS(cmd.err, "is not what its digest says");
}
END_TEST

START_TEST(a_text_too_long_for_a_record_is_found_in_the_past)
{
	struct text big = {0};
	text_add(&big, SCHEMA("1.0.0", "1"));
	for (int i = 0; i < 8000; i++)
		text_add(&big, "# some fifty bytes of a comment that goes on and on\n");
	cmd_put("a.yaml", big.s);
	flume("apply -f a.yaml");
	cmd_put("a.yaml", SCHEMA("1.1.0", "2"));
	flume("apply -f a.yaml");
	flume("history a -o json");
	SAYS(cmd.out, "{\"recorded\": true, \"kept\": false, ");
	expect_run("rollback a --to 1.0.0", CMD_DONE, "a rolled back to 1.0.0 (revision 2)\n");
	expect_run("get a", CMD_DONE, big.s);
	flume("rollback a --to 1.1.0");
	etcd_server_post(&server, "/v3/kv/compaction",
			 "{\"revision\":\"5\",\"physical\":true}");
	expect_run("rollback a --to 4", CMD_NOT_FOUND, "");
	SAYS(cmd.err, "etcd has forgotten it; 'flume apply' it from a file");
	text_fini(&big);
}
END_TEST

START_TEST(what_nodes_refused_is_not_gone_back_to)
{
	store("/flume/history/a/00000000000000000001",
	      "{\"action\": \"apply\", \"version\": \"1.0.0\", \"digest\": \"sha256:aa\", "
	      "\"outcome\": {\"state\": \"refused\", \"nodes\": 3, \"running\": 2, "
	      "\"refused\": 1, \"why\": \"n1: rejected\"}, \"text\": \"ref: a\"}");
	cmd_put("a.yaml", SCHEMA("1.1.0", "2"));
	flume("apply -f a.yaml");
	expect_run("rollback a", CMD_NOT_FOUND, "");
	SAYS(cmd.err, "a: revision 2 is passed over: nodes refused it: n1: rejected\n");
	flume("history a");
	expect_row("2", "refused 1 of 3: n1: rejected  -");
}
END_TEST

static void say(const char *node, const char *state, int revision, const char *digest)
{
	char key[64], status[512];
	snprintf(key, sizeof key, "/flume/nodes/%s", node);
	snprintf(status, sizeof status,
		 "{\"schemas\": {\"a\": {\"state\": \"%s\", \"wanted\": {\"revision\": %d}, "
		 "\"attempted\": {\"stage\": \"probation\", \"error\": \"too bad\"}, "
		 "\"running\": {\"digest\": \"%s\"}}}}",
		 state, revision, digest);
	store(key, status);
}

/* Else nobody would know later why it was left. */
START_TEST(what_nodes_say_of_what_is_left_is_kept)
{
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	flume("apply -f a.yaml");
	cmd_put("a.yaml", SCHEMA("1.1.0", "2"));
	flume("apply -f a.yaml");
	say("n1", "rolled-back", 3, "sha256:aa");
	expect_run("rollback a --dry-run", CMD_DONE, NULL);
	expect_run("rollback a", CMD_DONE, "a rolled back to 1.0.0 (revision 2)\n");
	flume("history a");
	expect_row("3", "refused 1 of 1: n1: rolled-back: probation: too bad  -");
	expect_row("2", "  -");
}
END_TEST

START_TEST(what_runs_comes_back_under_the_version_it_has)
{
	struct record_version first;
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	flume("apply -f a.yaml");
	store("/flume/schemas/a", SCHEMA("1.0.0", "2")); /* so nodes refuse it */
	ck_assert_int_eq(record_version_of(&first, SCHEMA("1.0.0", "1"),
					   strlen(SCHEMA("1.0.0", "1")), 0),
			 0);
	expect_run("rollback a", CMD_CONFLICT, "");
	SAYS(cmd.err, "version 1.0.0 is in etcd with other content");
	say("n1", "rejected", 3, first.digest);
	say("n2", "rejected", 3, "sha256:bb");
	expect_run("rollback a", CMD_CONFLICT, "");
	say("n2", "rejected", 3, first.digest);
	expect_run("rollback a", CMD_DONE, "a rolled back to 1.0.0 (revision 2)\n");
}
END_TEST

START_TEST(what_nodes_would_refuse_is_not_put)
{
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	flume("apply -f a.yaml");
	store("/flume/schemas/a", "version: \"1.1.0\"\nref: nobody\n");
	cmd_put("a.yaml", SCHEMA("1.2.0", "2"));
	flume("apply -f a.yaml");
	store("/flume/schemas/a",
	      SCHEMA("1.3.0", "3") "canary: {cases: [{input: {}, expect: {x: 4}}]}\n");
	cmd_put("a.yaml", SCHEMA("1.4.0", "4"));
	flume("apply -f a.yaml");
	expect_run("rollback a --to 1.1.0", CMD_NEGATIVE, "");
	SAYS(cmd.err, "/flume/schemas/a:2:6: error: ");
	SAYS(cmd.err, "nodes would refuse it, so nothing was written");
	expect_run("rollback a --to 1.3.0", CMD_NEGATIVE, "");
	SAYS(cmd.err, "x: expected 4, got 3");
	expect_run("rollback a", CMD_DONE, "a rolled back to 1.2.0 (revision 4)\n");
	SAYS(cmd.err, "a: revision 5 is passed over: case 1: x: expected 4, got 3\n");
	expect_run("rollback a", CMD_DONE, "a rolled back to 1.0.0 (revision 2)\n");
	SAYS(cmd.err, "a: revision 3 is passed over: ");
	expect_run("rollback a --to 1.1.0 --force", CMD_DONE,
		   "a rolled back to 1.1.0 (revision 3)\n");
}
END_TEST

START_TEST(a_switch_that_is_none_is_not_put)
{
	flume("switch set a --weights x=100,y=0 --by id --default x --new-version 1.0.0");
	store("/flume/switches/a",
	      "version: \"2.0.0\"\nby: id\ndefault: z\nvariants: {x: 60, y: 60}\n");
	cmd_put("a.yaml", "version: \"3.0.0\"\nby: id\ndefault: x\nvariants: {x: 50, y: 50}\n");
	flume("switch set a -f a.yaml");
	expect_run("rollback a --switch --to 2.0.0", CMD_NEGATIVE, "");
	SAYS(cmd.err, "nodes would refuse it, so nothing was written");
	flume("rollback a --switch");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	SAYS(cmd.out, "a rolled back to 1.0.0 (revision 2)\n");
	SAYS(cmd.err, "a: revision 3 is passed over: ");
}
END_TEST

START_TEST(a_switch_is_found_where_no_schema_has_its_name)
{
	flume("switch set a --weights x=100 --by id --new-version 1 -m try");
	flume("history a");
	SAYS(cmd.out, "set     -        try\n");
	expect_run("rollback a", CMD_NOT_FOUND, "");
	expect_run("rollback a --to 99", CMD_NOT_FOUND, "");
	SAYS(cmd.err, "'flume history --switch a' shows");
	store("/flume/schemas/a", SCHEMA("1.0.0", "1"));
	flume("history a");
	SAYS(cmd.out, "put     -        -\n");
	flume("history a --switch");
	SAYS(cmd.out, "set     -        try\n");
}
END_TEST

START_TEST(a_version_of_a_switch_is_used_once)
{
	flume("switch set a --weights x=100,y=0 --by id --new-version 9");
	flume("switch set a --off");
	flume("switch set a --on --weights x=50,y=50");
	flume("rollback a --to 9");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	flume("switch set a --weights x=10,y=90 -o json");
	SAYS(cmd.out, "\"version\":\"12\"");
	flume("switch set a --off --new-version 2.1.0");
	cmd_put("a.yaml", "version: \"2.0.0\"\nby: id\ndefault: x\nvariants: {x: 50, y: 50}\n");
	flume("switch set -f a.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	SAYS(cmd.err, "a: from 2.1.0 to 2.0.0 is a downgrade: agents with --downgrade deny ");
}
END_TEST

/* ---- diff ---- */

#define SWITCH "variants: {x: 90, y: 10}\nby: id\ndefault: x\n"

START_TEST(a_switch_is_compared_with_the_switch_of_its_name)
{
	store("/flume/switches/a", SWITCH);
	store("/flume/schemas/a", SCHEMA("1.0.0", "1"));
	cmd_put("a.yaml", SWITCH);
	expect_run("diff -f a.yaml", CMD_DONE, "");
	cmd_put("a.yaml", "# why\n" SWITCH);
	flume("diff -f a.yaml -o json");
	SAYS(cmd.out, "{\"name\":\"a\",\"kind\":\"switch\",\"result\":\"form\"");
	ck_assert_int_eq(mkdir("switches", 0700), 0);
	cmd_put("switches/a.yaml", "variant: {x: 100}\n");
	flume("diff -f switches/a.yaml");
	SAYS(cmd.out, "--- etcd /flume/switches/a (revision 2)\n+++ switches/a.yaml\n");
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	expect_run("diff -f .", CMD_DONE, "");
	SAYS(cmd.err, "'flume diff -f ./switches' compares what is in it");
}
END_TEST

START_TEST(files_are_compared_with_what_etcd_holds)
{
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	store("/flume/schemas/a", SCHEMA("1.0.0", "1"));
	expect_run("diff -f a.yaml", CMD_DONE, "");
	cmd_put("a.yaml", "# why\n" SCHEMA("1.0.0", "1"));
	expect_run("diff -f a.yaml", CMD_NEGATIVE,
		   "# a: only comments, order or format differ: agents will find it unchanged\n"
		   "--- etcd /flume/schemas/a (revision 2)\n"
		   "+++ a.yaml\n"
		   "@@ -1,3 +1,4 @@\n"
		   "+# why\n"
		   " version: \"1.0.0\"\n"
		   " components: {processors: {s: {kind: set, fields: {x: 1}}}}\n"
		   " ref: s\n");
	cmd_put("b.yaml", "ref: a\n");
	expect_run("diff -f b.yaml", CMD_NEGATIVE,
		   "--- /dev/null\n+++ b.yaml\n@@ -0,0 +1,1 @@\n+ref: a\n");
	expect_run("diff -f b.yaml -o json", CMD_NEGATIVE,
		   "[\n{\"name\":\"b\",\"kind\":\"schema\",\"result\":\"new\",\"revision\":0,"
		   "\"diff\":\"--- "
		   "/dev/null\\n+++ b.yaml\\n@@ -0,0 +1,1 @@\\n+ref: a\\n\"}\n]\n");
	expect_run("diff -f none.yaml", CMD_NOT_FOUND, "");
	expect_run("diff -f a.yaml b.yaml", CMD_USAGE, "");
	expect_run("diff", CMD_USAGE, "");
	expect_run("diff --behaviour -f a.yaml", CMD_USAGE, "");
}
END_TEST

/* ---- doctor ---- */

START_TEST(a_doctor_finds_what_is_missing)
{
	flume("doctor --node n1 --listen 127.0.0.1:1 --socket none --state gone");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.out, "ok    config       no file: ");
	SAYS(cmd.out, "warn  state        gone: No such file or directory; the agent makes it");
	SAYS(cmd.out, "warn  read         0 schemas below /flume/schemas/; is --prefix right?");
	SAYS(cmd.out, "ok    write        /flume/nodes/ may be written\n");
	SAYS(cmd.out, "fail  status       /flume/nodes/n1 is not there; ");
	SAYS(cmd.out, "fail  listen       127.0.0.1:1: ");
	ck_assert_ptr_null(strstr(cmd.out, "socket"));
	store("/flume/nodes/n1", "{\"agent\": \"0.0.9\"}");
	flume("doctor --node n1 --listen 127.0.0.1:1 --socket none -o json");
	SAYS(cmd.out, "{\"check\":\"status\",\"level\":\"warn\",\"found\":\"/flume/nodes/n1 is "
		      "under no lease");
	SAYS(cmd.out, "the agent is 0.0.9, this is ");
}
END_TEST

START_TEST(a_doctor_asks_each_member_and_leaves_no_trace)
{
	struct etcd_result before = {0}, after = {0};
	char words[256];
	store("/flume/schemas/a", "ref: x");
	const struct etcd_query all = {.key = "/", .prefix = true};
	ck_assert_int_eq(etcd_sync_range(etcd, &all, &before, NULL), 0);
	snprintf(words, sizeof words,
		 "doctor --node n1 --listen 127.0.0.1:1 --state . --etcd %s,http://127.0.0.1:1",
		 server.url);
	flume(words);
	SAYS(cmd.out, "fail  etcd         http://127.0.0.1:1: ");
	SAYS(cmd.out, "ok    read         1 schema below /flume/schemas/\n");
	ck_assert_int_eq(etcd_sync_range(etcd, &all, &after, NULL), 0);
	ck_assert_int_eq(before.revision, after.revision);
	etcd_result_fini(&before);
	etcd_result_fini(&after);
	expect_run("doctor --etcd nonsense --socket none", CMD_NEGATIVE, NULL);
	SAYS(cmd.out, "fail  etcd         etcd endpoint 'nonsense' ");
	expect_run("doctor --etcd http://127.0.0.1:1 --etcd-cert c.pem", CMD_NEGATIVE, NULL);
	SAYS(cmd.out, "; the agent would not start with it\n");
	expect_run("doctor --node Nobody", CMD_USAGE, "");
	expect_run("doctor --timeout 0", CMD_NEGATIVE, NULL);
	SAYS(cmd.out, "not looked at: the time is over; say --timeout for more\n");
}
END_TEST

START_TEST(a_doctor_reads_the_agents_file)
{
	cmd_put("good.yaml", "state: .\nprobation: 5m\nlisten: 127.0.0.1:1\n");
	flume("doctor --config good.yaml");
	SAYS(cmd.out, "ok    config       good.yaml\n");
	cmd_put("bad.yaml", "state: .\nprobation: long\n");
	flume("doctor --config bad.yaml");
	SAYS(cmd.out, "fail  config       bad.yaml:2:12: 'long' is not a duration");
	cmd_put("worse.yaml", "stat: .\n");
	expect_run("doctor --config worse.yaml", CMD_USAGE, "");
	SAYS(cmd.err, "did you mean 'state'?");
}
END_TEST

Suite *suite_cmd_history(void)
{
	Suite *suite = suite_create("cmd_history");
	TCase *tests = cmd_store_tests(suite, "etcd");
	tcase_add_test(tests, what_nobody_recorded_is_shown_too);
	tcase_add_test(tests, a_way_back_is_a_way_back);
	tcase_add_test(tests, a_deletion_that_nobody_recorded_is_shown_too);
	tcase_add_test(tests, what_was_deleted_comes_back);
	tcase_add_test(tests, nonsense_is_refused);
	tcase_add_test(tests, a_text_too_long_for_a_record_is_found_in_the_past);
	tcase_add_test(tests, what_nodes_refused_is_not_gone_back_to);
	tcase_add_test(tests, what_nodes_say_of_what_is_left_is_kept);
	tcase_add_test(tests, what_runs_comes_back_under_the_version_it_has);
	tcase_add_test(tests, what_nodes_would_refuse_is_not_put);
	tcase_add_test(tests, a_switch_that_is_none_is_not_put);
	tcase_add_test(tests, a_switch_is_found_where_no_schema_has_its_name);
	tcase_add_test(tests, a_version_of_a_switch_is_used_once);
	tcase_add_test(tests, a_switch_is_compared_with_the_switch_of_its_name);
	tcase_add_test(tests, files_are_compared_with_what_etcd_holds);
	tcase_add_test(tests, a_doctor_finds_what_is_missing);
	tcase_add_test(tests, a_doctor_asks_each_member_and_leaves_no_trace);
	tcase_add_test(tests, a_doctor_reads_the_agents_file);
	return suite;
}
