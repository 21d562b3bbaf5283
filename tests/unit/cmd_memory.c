/*
 * Each allocation of a command fails in turn: it says so and ends with an exit code, or does without
 * and gives the whole result; nothing leaks (the sanitizers look).
 */
#include "agent/cmd/store.h"
#include "agent/cmd/trial.h"
#include "tests/unit/cmd_store.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char schema[] =
	"version: 1.0.0\n"
	"components:\n"
	"  processors: {a: {kind: set, fields: {x: 1}}, b: {kind: remove, fields: [y]}}\n"
	"  predicates: {p: {kind: equals, field: tier, value: gold}}\n"
	"type: sequence\n"
	"children:\n"
	"  - {type: filter, name: tier, predicate: p, then: {ref: a}, else: {ref: b}}\n"
	"canary:\n"
	"  compare: {with: running, except: [z]}\n"
	"  cases: [{name: one, input: {tier: gold}, expect: {x: 1}}]\n";

static void put_files(void)
{
	cmd_put("a.yaml", schema);
	cmd_put("b.yaml",
		"type: filter\nname: tier\npredicate: q\nthen: {ref: b}\ncomponents:\n"
		"  processors: {b: {kind: set, fields: {x: 2}}}\n"
		"  predicates: {q: {kind: exists, field: y}}\n");
	cmd_put("wrong.yaml", "type: sequence\nchildren: [{ref: nobody}, {ref: a]\n");
	cmd_put("in", "{\"tier\":\"gold\"}\n{\"y\":1}\n");
}

/* How long it took is another each time. */
static void cut_latency(char *out)
{
	char *from = strstr(out, "latency: ");
	char *to = from ? strchr(from, '\n') : NULL;
	if (to)
		memmove(from, to, strlen(to) + 1);
}

static bool explained(void)
{
	return *cmd.err || strstr(cmd.out, "out of memory");
}

static void fail_each(const char *words)
{
	flume(words);
	ck_assert_msg(cmd.code <= CMD_NEGATIVE, "%s: %s", words, cmd.err);
	cut_latency(cmd.out);
	int code = cmd.code;
	char *out = strdup(cmd.out);
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		failed = flume_without(words, nth);
		cut_latency(cmd.out);
		bool same = cmd.code == code && !strcmp(cmd.out, out);
		ck_assert_msg(same || (failed && cmd.code && explained()),
			      "%s, allocation %ld: exit %d: %.200s: %.400s", words, nth,
			      cmd.code, cmd.err, cmd.out);
	}
	free(out);
}

START_TEST(a_command_on_files_is_whole_or_says_why_not)
{
	static const char *const words[] = {"lint wrong.yaml -o json",
					    "test a.yaml",
					    "graph a.yaml",
					    "diff --behaviour a.yaml b.yaml -i in",
					    "components equals",
					    "run a.yaml -i in --threads 1",
					    "components -o json",
					    "completion bash",
					    "man",
					    "help run"};
	put_files();
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		fail_each(words[i]);
}
END_TEST

/* How many allocations the first step takes, which is a question to etcd: it has tests of its own. */
static long taken_by_a_list(const struct trial *t)
{
	struct etcd_result list = {0};
	long before = memory_taken();
	ck_assert_int_eq(store_list(t->etcd, t->prefix, "schemas/", &list), 0);
	long taken = memory_taken() - before;
	etcd_result_fini(&list);
	return taken;
}

/* What stands in `why` is taken for a verdict. */
START_TEST(a_trial_without_memory_is_no_verdict)
{
	struct conf conf = {0};
	const struct trial t = {.etcd = etcd,
				.prefix = "/flume/",
				.name = "a",
				.text = schema,
				.len = strlen(schema),
				.conf = &conf,
				.case_limit_ns = INT64_C(1000000000)};
	store("/flume/schemas/a", SCHEMA("1.0.0", "1"));
	ck_assert_ptr_nonnull(freopen(".err", "w", stderr));
	bool failed = true;
	for (long nth = taken_by_a_list(&t); failed; nth++) {
		char why[256] = "unset";
		memory_fails_at(nth);
		int code = trial_schema(&t, why);
		failed = memory_is_back();
		ck_assert_msg(!code || failed, "exit %d: %s", code, why);
		ck_assert_msg(!*why || strstr(why, "memory"), "allocation %ld: %s", nth, why);
	}
}
END_TEST

Suite *suite_cmd_memory(void)
{
	Suite *suite = suite_create("cmd_memory");
	TCase *tests = cmd_tests(suite, "each allocation of");
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, a_command_on_files_is_whole_or_says_why_not);
	tests = cmd_store_tests(suite, "each allocation beside etcd of");
	tcase_add_test(tests, a_trial_without_memory_is_no_verdict);
	return suite;
}
