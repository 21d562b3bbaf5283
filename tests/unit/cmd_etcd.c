/* apply, get, and what operators say, against a real etcd. */
#include "tests/unit/cmd_store.h"

#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* The value of a key, free(3); NULL when it is not there. */
static char *look(const char *key)
{
	struct etcd_result r = {0};
	ck_assert_int_eq(etcd_sync_range(etcd, &(struct etcd_query){.key = key}, &r, NULL), 0);
	char *value = r.n ? strdup(r.kvs[0].value) : NULL;
	etcd_result_fini(&r);
	return value;
}

static void expect(const char *key, const char *wanted)
{
	char *value = look(key);
	if (wanted)
		ck_assert_pstr_eq(value, wanted);
	else
		ck_assert_ptr_null(value);
	free(value);
}

static void digest_of(const char *text, char out[80])
{
	flume_schema *schema = NULL;
	ck_assert_int_eq(
		flume_schema_parse(&schema, text, strlen(text), FLUME_YAML, NULL, NULL), 0);
	snprintf(out, 80, "%s", flume_schema_get_digest(schema));
	flume_schema_unref(schema);
}

/* ---- apply ---- */

START_TEST(apply_writes_what_the_file_says_and_nothing_twice)
{
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	flume("apply -f a.yaml --dry-run");
	ck_assert_str_eq(cmd.out, "a created (dry run)\n");
	expect("/flume/schemas/a", NULL);
	flume("apply -f a.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	ck_assert_str_eq(cmd.out, "a created\n");
	expect("/flume/schemas/a", SCHEMA("1.0.0", "1"));
	flume("apply a.yaml");
	ck_assert_str_eq(cmd.out, "a unchanged\n");
	cmd_put("a.yaml", SCHEMA("1.0.1", "2"));
	flume("apply -o json -f a.yaml");
	SAYS(cmd.out, "\"name\":\"a\",\"result\":\"configured\",\"version\":\"1.0.1\"");
	expect("/flume/schemas/a", SCHEMA("1.0.1", "2"));
}
END_TEST

START_TEST(apply_writes_nothing_when_anything_is_wrong)
{
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	cmd_put("b.yaml", "ref: nobody\n");
	flume("apply -f .");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.err, "./b.yaml:1:6: error: ");
	expect("/flume/schemas/a", NULL);
	cmd_put("b.yaml", SCHEMA("1", "1") "canary: {cases: [{input: {}, expect: {x: 2}}]}\n");
	flume("apply -f .");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.err, "FAILED b: case 1: x: expected 2, got 1");
	expect("/flume/schemas/a", NULL);
	cmd_put("b.yaml", SCHEMA("1", "1"));
	cmd_put("Big.yaml", SCHEMA("1", "1"));
	flume("apply -f .");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.err, "[bad-name]");
}
END_TEST

START_TEST(apply_says_that_switches_are_written_otherwise)
{
	ck_assert_int_eq(mkdir("switches", 0700), 0);
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	cmd_put("switches/b.yaml", "variants: {x: 100}\nby: id\ndefault: x\n");
	flume("apply -f .");
	ck_assert_str_eq(cmd.out, "a created\n");
	SAYS(cmd.err, "./switches is left out; 'flume switch set -f ./switches' writes");
	flume("apply -f switches");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.err, "[not-a-schema]");
	flume("switch set -f ./switches");
	ck_assert_str_eq(cmd.out, "b created: x 100, default x\n");
}
END_TEST

START_TEST(a_schema_fits_the_switches_that_etcd_holds)
{
	store("/flume/switches/a", "variants: {x: 100}\nby: id\ndefault: x\n");
	store("/flume/switches/broken", "variants: [");
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	flume("apply -f a.yaml");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.err, "[name-taken]");
	expect("/flume/schemas/a", NULL);
	flume("apply --force -f a.yaml");
	ck_assert_str_eq(cmd.out, "a created\n");
	store("/flume/schemas/x", SCHEMA("1.0.0", "1"));
	flume("delete x");
	ck_assert_str_eq(cmd.out,
			 "x deleted\n"); /* nothing is in front of it: the name is taken */
	store("/flume/schemas/x", SCHEMA("1.0.0", "1"));
	flume("delete a");
	flume("delete x");
	ck_assert_int_eq(cmd.code, CMD_CONFLICT);
	SAYS(cmd.err, "switch 'a' sends documents to it");
	expect("/flume/schemas/x", SCHEMA("1.0.0", "1"));
	flume("delete x --force");
	ck_assert_str_eq(cmd.out, "x deleted\n");
}
END_TEST

START_TEST(what_etcd_holds_may_be_referred_to)
{
	store("/flume/schemas/base", SCHEMA("1.0.0", "1"));
	store("/flume/schemas/broken", "ref: nobody\n");
	cmd_put("a.yaml", "ref: base\ncanary: {cases: [{input: {}, expect: {x: 1}}]}\n");
	flume("apply -f a.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	cmd_put("b.yaml", "ref: missing\n");
	flume("apply -f b.yaml");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
}
END_TEST

START_TEST(what_is_referred_to_is_written_first)
{
	cmd_put("a.yaml", "ref: b\n");
	cmd_put("b.yaml", "ref: c\n");
	cmd_put("c.yaml", SCHEMA("1.0.0", "1"));
	flume("apply -f .");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	ck_assert_str_eq(cmd.out, "c created\nb created\na created\n");
}
END_TEST

START_TEST(a_version_that_was_used_is_not_used_again)
{
	store("/flume/schemas/a", SCHEMA("1.0.0", "1"));
	cmd_put("a.yaml", SCHEMA("1.0.0", "2"));
	cmd_put("b.yaml", SCHEMA("1.0.0", "3"));
	flume("apply -f .");
	ck_assert_int_eq(cmd.code, CMD_CONFLICT);
	SAYS(cmd.err, "a: version 1.0.0 is in etcd with other content: raise `version`");
	SAYS(cmd.err, "nothing was applied");
	ck_assert_str_eq(cmd.out, "");
	expect("/flume/schemas/a", SCHEMA("1.0.0", "1"));
	expect("/flume/schemas/b", NULL);
	flume("apply -f a.yaml -o json");
	ck_assert_int_eq(cmd.code, CMD_CONFLICT);
	SAYS(cmd.out, "\"name\":\"a\",\"result\":\"conflict\"");
}
END_TEST

START_TEST(a_version_is_used_again_where_that_is_the_policy)
{
	store("/flume/schemas/a", SCHEMA("1.0.0", "1"));
	cmd_put("a.yaml", SCHEMA("1.0.0", "2"));
	flume("apply -f a.yaml --same-version apply");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	ck_assert_str_eq(cmd.out, "a configured\n");
	ck_assert_str_eq(cmd.err, "");
	expect("/flume/schemas/a", SCHEMA("1.0.0", "2"));
}
END_TEST

START_TEST(comments_are_no_other_content)
{
	store("/flume/schemas/a", SCHEMA("1.0.0", "1"));
	cmd_put("a.yaml", "# a thought\n" SCHEMA("1.0.0", "1"));
	flume("apply -f a.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	ck_assert_str_eq(cmd.out, "a configured\n");
}
END_TEST

/* ---- waiting ---- */

static void node_says(const char *node, const char *state, const char *digest, int revision)
{
	char key[64], status[512];
	snprintf(key, sizeof key, "/flume/nodes/%s", node);
	snprintf(status, sizeof status,
		 "{\"schemas\": {\"a\": {\"state\": \"%s\", \"wanted\": {\"revision\": %d}, "
		 "\"attempted\": {\"stage\": \"canary\", \"error\": \"too bad\"}, "
		 "\"running\": {\"digest\": \"%s\"}}}}",
		 state, revision, digest);
	store(key, status);
}

START_TEST(a_wait_ends_when_every_node_runs_it)
{
	char digest[80];
	digest_of(SCHEMA("1.0.0", "1"), digest);
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	node_says("n1", "running", digest, 4); /* that of the write to come */
	node_says("n2", "probation", digest, 4);
	flume("apply -f a.yaml --wait");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	ck_assert_str_eq(cmd.err, "");
}
END_TEST

START_TEST(a_wait_ends_when_a_node_says_no)
{
	char digest[80];
	digest_of(SCHEMA("1.0.0", "1"), digest);
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	node_says("n1", "running", digest, 4);
	node_says("n2", "rejected", "sha256:other", 4);
	flume("apply -f a.yaml --wait");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	ck_assert_str_eq(cmd.out, "a created\n");
	ck_assert_str_eq(cmd.err, "n2: a: rejected: canary: too bad\n");
}
END_TEST

START_TEST(a_wait_tells_who_is_missing_when_time_is_up)
{
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	flume("apply -f a.yaml --wait --timeout 300ms");
	ck_assert_int_eq(cmd.code, CMD_TIMED_OUT);
	SAYS(cmd.err, "no node has a status");
	/* A rejection of something older does not count. */
	node_says("n1", "rejected", "sha256:other", 1);
	flume("apply -f a.yaml --wait --timeout 300ms");
	ck_assert_int_eq(cmd.code, CMD_TIMED_OUT);
	SAYS(cmd.err, "n1: a: ");
}
END_TEST

/* ---- get ---- */

START_TEST(get_lists_what_etcd_holds)
{
	store("/flume/schemas/a", SCHEMA("1.0.0", "1"));
	store("/flume/schemas/b", "[\n");
	store("/flume/schemas/Not-a-name", "x");
	flume("get");
	SAYS(cmd.out, "NAME  VERSION  REVISION  DIGEST\na     1.0.0    2         sha256:");
	SAYS(cmd.out, "b     -        3         does not parse");
	ck_assert_ptr_null(strstr(cmd.out, "Not-a-name"));
	flume("get -o json");
	SAYS(cmd.out, "{\"name\":\"a\",\"version\":\"1.0.0\",\"digest\":\"sha256:");
}
END_TEST

START_TEST(get_shows_one_as_it_was_written_or_converted)
{
	store("/flume/schemas/a", "# why\n" SCHEMA("1.0.0", "1"));
	store("/flume/schemas/b", "[");
	flume("get a");
	ck_assert_str_eq(cmd.out, "# why\n" SCHEMA("1.0.0", "1"));
	flume("get a -o yaml");
	SAYS(cmd.out, "# why\n");
	flume("get a -o json");
	ck_assert_int_eq(cmd.out[0], '{');
	flume("get b");
	ck_assert_str_eq(cmd.out, "[\n");
	flume("get b -o json");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	flume("get c");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
	SAYS(cmd.err, "no schema 'c' below /flume/schemas/");
}
END_TEST

/* ---- what operators say ---- */

static void expect_part(const char *key, const char *part)
{
	char *value = look(key);
	ck_assert_msg(value && strstr(value, part), "%s is %s", key,
		      value ? value : "not there");
	free(value);
}

START_TEST(a_hold_is_a_key_and_a_release_its_end)
{
	store("/flume/schemas/a", SCHEMA("1.0.0", "1"));
	flume("hold a --why slow --by ada --at-version 1.2.0");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	ck_assert_str_eq(cmd.out, "a held\n");
	expect_part("/flume/pins/a", "{\"by\": \"ada\", \"why\": \"slow\", \"at\": \"2");
	expect_part("/flume/pins/a", "\"version\": \"1.2.0\"");
	flume("hold a --why again --by bob"); /* in place of the other one */
	ck_assert_int_eq(cmd.code, CMD_DONE);
	expect_part("/flume/pins/a", "bob");
	flume("release a -o json");
	ck_assert_str_eq(
		cmd.out,
		"[\n{\"name\":\"a\",\"result\":\"released\",\"scope\":\"fleet\"}\n]\n");
	expect("/flume/pins/a", NULL);
	flume("release a");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
	SAYS(cmd.err, "'a' is not held");
	flume("hold typo --why slow");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
	expect("/flume/pins/typo", NULL);
}
END_TEST

START_TEST(a_switch_is_held_by_its_name_and_has_nothing_to_clear)
{
	store("/flume/switches/s", "{by: id, variants: {a: 50, b: 50}, default: a}");
	flume("hold s --why slow");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	expect_part("/flume/pins/s", "slow");
	flume("release s");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	expect("/flume/pins/s", NULL);
	flume("hold t --why slow");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
	SAYS(cmd.err, "no schema or switch 't' below /flume/schemas/ or /flume/switches/");
	flume("clear s");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
	SAYS(cmd.err, "'s' is a switch: a refused one is not remembered");
	expect("/flume/bad/s", NULL);
	flume("confirm s");
	ck_assert_int_eq(cmd.code, CMD_CONFLICT);
}
END_TEST

START_TEST(a_freeze_is_a_key_of_its_own)
{
	flume("hold --all --why holidays");
	ck_assert_str_eq(cmd.out, "all schemas held\n");
	expect_part("/flume/freeze", "holidays");
	flume("release --all");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	expect("/flume/freeze", NULL);
}
END_TEST

START_TEST(a_clear_names_what_is_wanted_or_all)
{
	char digest[80];
	digest_of(SCHEMA("1.0.0", "1"), digest);
	store("/flume/schemas/a", SCHEMA("1.0.0", "1"));
	flume("clear a");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	expect_part("/flume/bad/a", digest);
	flume("clear a --all");
	char *value = look("/flume/bad/a");
	ck_assert_ptr_null(strstr(value, "digest"));
	free(value);
	flume("clear b");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
}
END_TEST

START_TEST(a_confirmation_says_when_the_key_was_gone)
{
	store("/flume/schemas/a", SCHEMA("1.0.0", "1"));
	flume("confirm a");
	ck_assert_int_eq(cmd.code, CMD_CONFLICT);
	expect("/flume/confirm/a", NULL);
	flume("confirm b");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	expect_part("/flume/confirm/b", "\"revision\": ");
	flume("confirm --all");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
	store("/flume/nodes/n1", "{\"schemas\": {\"c\": {\"reason\": \"mass-delete\"}, "
				 "\"d\": {\"reason\": \"pinned\"}}}");
	flume("confirm --all");
	ck_assert_str_eq(cmd.out, "c confirmed\n");
	expect("/flume/confirm/d", NULL);
}
END_TEST

START_TEST(who_operates_says_about_what)
{
	static const char *const words[] = {"hold --why x", "hold a",  "release",       "clear",
					    "clear --all",  "confirm", "hold A --why x"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		flume(words[i]);
		ck_assert_msg(cmd.code == CMD_USAGE, "%s: %d", words[i], cmd.code);
	}
}
END_TEST

START_TEST(an_etcd_that_is_gone_is_3)
{
	etcd_server_kill(&server);
	cmd_put("a.yaml", SCHEMA("1.0.0", "1"));
	static const char *const words[] = {"get", "get a", "status", "apply -f a.yaml"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		flume(words[i]);
		ck_assert_msg(cmd.code == CMD_UNREACHABLE, "%s: %d", words[i], cmd.code);
		SAYS(cmd.err, server.url);
		ck_assert_str_eq(cmd.out, "");
	}
}
END_TEST

START_TEST(an_agent_that_is_gone_is_3)
{
	unsetenv("FLUME_ETCD");
	static const char *const words[] = {"get", "get a", "status"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		char line[64];
		snprintf(line, sizeof line, "%s --agent http://127.0.0.1:1", words[i]);
		flume(line);
		ck_assert_int_eq(cmd.code, CMD_UNREACHABLE);
		SAYS(cmd.err, "http://127.0.0.1:1/");
	}
}
END_TEST

Suite *suite_cmd_etcd(void)
{
	Suite *suite = suite_create("cmd_etcd");
	TCase *tests = cmd_store_tests(suite, "cmd_etcd");
	tcase_add_test(tests, apply_writes_what_the_file_says_and_nothing_twice);
	tcase_add_test(tests, apply_writes_nothing_when_anything_is_wrong);
	tcase_add_test(tests, apply_says_that_switches_are_written_otherwise);
	tcase_add_test(tests, a_schema_fits_the_switches_that_etcd_holds);
	tcase_add_test(tests, what_etcd_holds_may_be_referred_to);
	tcase_add_test(tests, what_is_referred_to_is_written_first);
	tcase_add_test(tests, a_version_that_was_used_is_not_used_again);
	tcase_add_test(tests, a_version_is_used_again_where_that_is_the_policy);
	tcase_add_test(tests, comments_are_no_other_content);
	tcase_add_test(tests, a_wait_ends_when_every_node_runs_it);
	tcase_add_test(tests, a_wait_ends_when_a_node_says_no);
	tcase_add_test(tests, a_wait_tells_who_is_missing_when_time_is_up);
	tcase_add_test(tests, get_lists_what_etcd_holds);
	tcase_add_test(tests, get_shows_one_as_it_was_written_or_converted);
	tcase_add_test(tests, a_hold_is_a_key_and_a_release_its_end);
	tcase_add_test(tests, a_switch_is_held_by_its_name_and_has_nothing_to_clear);
	tcase_add_test(tests, a_freeze_is_a_key_of_its_own);
	tcase_add_test(tests, a_clear_names_what_is_wanted_or_all);
	tcase_add_test(tests, a_confirmation_says_when_the_key_was_gone);
	tcase_add_test(tests, who_operates_says_about_what);
	tcase_add_test(tests, an_etcd_that_is_gone_is_3);
	tcase_add_test(tests, an_agent_that_is_gone_is_3);
	return suite;
}
