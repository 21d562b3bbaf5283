/* Why a node runs what it runs. */
#include "agent/fleet/explain.h"

#include "agent/fleet/rules.h"
#include "tests/unit/fleet_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>

static struct fleet_question ask(size_t word, enum fleet_kind kind, const char *name,
				 int64_t revision)
{
	const char *text = fleet_troubled[word].text;
	return (struct fleet_question){.node = "n2",
				       .name = name,
				       .kind = kind,
				       .store = {true, revision, revision},
				       .text = text,
				       .len = strlen(text)};
}

static void answers(struct fleet_question q, const char *state, const char *wanted)
{
	struct fleet_answer a;
	struct text t = {0};
	ck_assert_int_eq(fleet_explain(&a, &q), 0);
	ck_assert_str_eq(a.judgement.state, state);
	for (size_t i = 0; i < a.n; i++)
		text_addf(&t, "%s: %s\n", a.reasons[i].step, a.reasons[i].text);
	text_addf(&t, "$ %s\n", a.command);
	ck_assert_str_eq(t.s, wanted);
	text_fini(&t);
	fleet_answer_fini(&a);
}

START_TEST(a_refusal_is_told_from_the_store_to_the_line)
{
	answers(ask(4, FLEET_SCHEMA, "checkout", 12), "rejected",
		"node: agent 0.1.0, since (unknown)\n"
		"wanted: the store holds version 1.2.0, sha256:b, revision 12\n"
		"heard: the node wants version 1.2.0, sha256:b, revision 12\n"
		"decided: refused: the document was read, and is not right\n"
		"attempted: version 1.2.0, sha256:b, at 2026-11-22T11:00:00Z, stage check: "
		"/flume/schemas/checkout:3:7: processor 'x' not found [unknown-ref]\n"
		"finding: line 3, column 7: processor 'x' not found [unknown-ref] (did you "
		"mean "
		"'xy'?)\n"
		"finding: line 9:  [b]\n"
		"running: version 1.1.0, sha256:a, generation 6, since 2026-11-21T10:00:00Z, "
		"proven\n"
		"next: correct the document\n"
		"$ flume apply -f FILE\n");
}
END_TEST

START_TEST(a_hold_of_one_node_is_released_there)
{
	answers(ask(4, FLEET_SCHEMA, "orders", 9), "held",
		"node: agent 0.1.0, since (unknown)\n"
		"wanted: the store holds version 2.0.0, sha256:o, revision 9\n"
		"heard: the node wants version 2.0.0, sha256:o, revision 9\n"
		"hold: a pin of this node alone by ada, since 2026-11-20T10:00:00Z: incident "
		"42\n"
		"decided: kept back: an operator holds it at what runs\n"
		"running: version 1.9.0, sha256:n, not proven yet\n"
		"next: the operator lets go\n"
		"$ flume release orders --socket PATH\n");
}
END_TEST

#define IN_USE                                                                             \
	"{\"schemas\": {\"a\": {\"state\": \"held\", \"reason\": \"in-use\", \"wanted\": " \
	"{\"deleted\": true, \"revision\": 9}, \"attempted\": {\"error\": \"schema 'b' "   \
	"refers to it [in-use]\", \"errors\": [{\"code\": \"in-use\", \"line\": 0, "       \
	"\"column\": 0, \"message\": \"schema 'b' refers to it\"}]}}}, "                   \
	"\"proved_revision\": 7}"

START_TEST(a_finding_without_a_place_has_none)
{
	answers((struct fleet_question){.node = "n1",
					.name = "a",
					.store = {.known = true},
					.text = IN_USE,
					.len = strlen(IN_USE)},
		"held",
		"node: agent (unknown), since (unknown)\n"
		"wanted: the store has no schema of that name: it is to be gone\n"
		"heard: the node knows that it was deleted, at revision 9\n"
		"decided: its deletion is kept back: others of this node refer to it\n"
		"attempted: version (none): schema 'b' refers to it [in-use]\n"
		"finding: schema 'b' refers to it [in-use]\n"
		"running: nothing runs under this name\n"
		"next: those go first, or are put again without a reference to it\n"
		"$ flume apply -f FILE\n");
}
END_TEST

#define ASIDE(schemas, why)                                                            \
	"{\"schemas\": {" schemas "}, \"switches\": {\"a\": {\"state\": \"running\", " \
	"\"reason\": \"not-in-front\", \"why\": \"" why "\", "                         \
	"\"wanted\": {\"version\": \"1\", \"revision\": 9}, "                          \
	"\"running\": {\"version\": \"1\"}}}}"

static struct fleet_question about_switch(const char *text)
{
	return (struct fleet_question){.node = "n1",
				       .name = "a",
				       .kind = FLEET_SWITCH,
				       .store = {true, true, 9},
				       .text = text,
				       .len = strlen(text)};
}

START_TEST(a_switch_that_is_not_in_front_says_who_has_to_move)
{
	answers(about_switch(ASIDE("\"a\": {\"state\": \"running\"}", "a schema has its name")),
		"not-in-front",
		"node: agent (unknown), since (unknown)\n"
		"wanted: the store holds version 1, revision 9\n"
		"heard: the node wants version 1, revision 9\n"
		"decided: it runs, and documents do not reach it under its name, for a schema "
		"has that name\n"
		"reason: a schema has its name\n"
		"running: version 1, not proven yet\n"
		"next: the schema goes, or the switch is put under another name\n"
		"$ flume delete a\n");
	answers(about_switch(
			ASIDE("\"b\": {\"state\": \"running\"}", "no schema 'c' runs here")),
		"not-in-front",
		"node: agent (unknown), since (unknown)\n"
		"wanted: the store holds version 1, revision 9\n"
		"heard: the node wants version 1, revision 9\n"
		"decided: it runs, and documents do not reach it under its name, for a variant "
		"has no schema\n"
		"reason: no schema 'c' runs here\n"
		"running: version 1, not proven yet\n"
		"next: the schema of that variant comes, or the variant goes\n"
		"$ flume apply -f FILE\n");
}
END_TEST

#define FULL                                                                            \
	"{\"disk\": {\"ok\": false, \"why\": \"no space left\"}, \"schemas\": {\"a\": " \
	"{\"state\": "                                                                  \
	"\"running\", \"wanted\": {\"version\": \"1\", \"revision\": 9}}}}"

START_TEST(a_node_in_trouble_has_a_next_step_though_all_runs)
{
	answers((struct fleet_question){.node = "n1",
					.name = "a",
					.store = {true, true, 9},
					.text = FULL,
					.len = strlen(FULL)},
		"running",
		"node: agent (unknown), since (unknown)\n"
		"disk: no space left\n"
		"wanted: the store holds version 1, revision 9\n"
		"heard: the node wants version 1, revision 9\n"
		"decided: what is wanted has the digest of what runs: there is nothing to do\n"
		"running: nothing runs under this name\n"
		"next: of the node itself: what is wrong there, and what to do, says 'flume "
		"doctor', on it and as the agent's user\n"
		"$ flume doctor --config FILE\n");
}
END_TEST

START_TEST(a_switch_that_is_behind_waits)
{
	answers(ask(4, FLEET_SWITCH, "compact", 13), "behind",
		"node: agent 0.1.0, since (unknown)\n"
		"wanted: the store holds a version that the node has not heard of, revision "
		"13\n"
		"heard: the node wants version 2, sha256:r, revision 11; it had seen all up "
		"to 12 when it last said so\n"
		"decided: nothing yet: what is wanted now has not reached this node\n"
		"running: version 2, sha256:r, generation 7, since 2026-11-22T10:00:00Z, "
		"proven\n"
		"next: the node hears of it; when that takes longer than a minute, its log "
		"says "
		"why\n"
		"$ flume status compact --wait\n");
}
END_TEST

START_TEST(a_deletion_that_was_not_heard_of)
{
	answers(ask(4, FLEET_SCHEMA, "old", 0), "behind",
		"node: agent 0.1.0, since (unknown)\n"
		"wanted: the store has no schema of that name: it is to be gone\n"
		"heard: the node wants version 1.0.0, sha256:z, revision 3; it had seen all up "
		"to 12 when it last said so\n"
		"decided: nothing yet: what is wanted now has not reached this node\n"
		"running: version 1.0.0, sha256:z, generation 7, since 2026-11-22T10:00:00Z, "
		"proven\n"
		"next: the node hears of it; when that takes longer than a minute, its log "
		"says "
		"why\n"
		"$ flume status old --wait\n");
}
END_TEST

START_TEST(a_node_that_is_blind_says_so_first)
{
	answers(ask(5, FLEET_SCHEMA, "checkout", 12), "behind",
		"node: agent 0.2.0, since (unknown)\n"
		"sight: blind: it has proved nothing since 2026-11-22T10:00:00Z, revision 8: "
		"refused\n"
		"disk: no space left\n"
		"config: it goes on with what it had, and would not start again: "
		"flume.yaml:3:1: unknown key\n"
		"wanted: the store holds a version that the node has not heard of, revision "
		"12\n"
		"heard: the node says nothing of it; it had seen all up to 8 when it last said "
		"so\n"
		"decided: nothing yet: what is wanted now has not reached this node\n"
		"running: nothing runs under this name\n"
		"next: the node hears of it; when that takes longer than a minute, its log "
		"says "
		"why\n"
		"next: of the node itself: what is wrong there, and what to do, says 'flume "
		"doctor', on it and as the agent's user\n"
		"$ flume doctor --config FILE\n");
}
END_TEST

START_TEST(what_cannot_be_read_is_said_and_no_more)
{
	answers(ask(6, FLEET_SCHEMA, "checkout", 12), "",
		"node: it lives, and has said nothing of its schemas yet\n"
		"wanted: the store holds a version that the node has not heard of, revision "
		"12\n"
		"next: its first words, a few seconds after it started\n"
		"$ flume status checkout --wait\n");
	answers(ask(7, FLEET_SCHEMA, "checkout", 12), "",
		"node: its status cannot be read: line 1, column 2: expected a value, not the "
		"end of "
		"the text\n"
		"wanted: the store holds a version that the node has not heard of, revision "
		"12\n"
		"next: whoever else writes the key of this node stops; on the node itself, as "
		"the agent's user:\n"
		"$ flume doctor --config FILE\n");
}
END_TEST

START_TEST(a_trial_and_a_clear_are_part_of_the_chain)
{
	static const char text[] = "{\"agent\": \"0.1.0\", \"started\": "
				   "\"2026-11-20T10:00:00Z\", \"schemas\": {\"a\": "
				   "{\"state\": \"waiting\", \"reason\": \"shadow\", "
				   "\"wanted\": {\"version\": \"2\", "
				   "\"digest\": \"sha256:0123456789abcdef\", \"revision\": 5}, "
				   "\"trial\": {\"stage\": "
				   "\"shadow\", \"version\": \"2\", \"since\": "
				   "\"2026-11-22T10:00:00Z\", \"compared\": "
				   "7, \"differed\": 0, \"skipped\": 1}, \"hold\": {\"kind\": "
				   "\"freeze\", \"scope\": "
				   "\"fleet\", \"version\": \"2\"}, \"cleared\": {\"by\": "
				   "\"ada\", \"why\": \"again\"}}}}";
	answers(
		(struct fleet_question){
			.node = "n1", .name = "a", .text = text, .len = strlen(text)},
		"waiting",
		"node: agent 0.1.0, since 2026-11-20T10:00:00Z\n"
		"wanted: what the store holds was not asked; the node wants version 2, "
		"sha256:0123456789ab\n"
		"hold: a freeze of the fleet; may come: version 2\n"
		"decided: its shadow runs: live documents go through it, with nothing sent\n"
		"trial: shadow of version 2, since 2026-11-22T10:00:00Z, compared 7, differed "
		"0, "
		"skipped 1\n"
		"cleared: its failures were forgotten by ada: again\n"
		"running: nothing runs under this name\n"
		"next: its verdict\n"
		"$ flume status a --wait\n");
}
END_TEST

/* It will not be proven by waiting. */
START_TEST(a_probation_without_a_verdict_is_told)
{
	static const char text[] =
		"{\"schemas\": {\"a\": {\"state\": \"running\", \"wanted\": {\"version\": "
		"\"2\", "
		"\"revision\": 5}, \"running\": {\"version\": \"2\", \"proven\": false, "
		"\"verdict\": \"inconclusive\"}}}}";
	answers((struct fleet_question){.node = "n1",
					.name = "a",
					.store = {true, true, 5},
					.text = text,
					.len = strlen(text)},
		"running",
		"node: agent (unknown), since (unknown)\n"
		"wanted: the store holds version 2, revision 5\n"
		"heard: the node wants version 2, revision 5\n"
		"decided: what is wanted has the digest of what runs: there is nothing to do\n"
		"running: version 2, inconclusive: it saw too few calls on probation to be "
		"proven\n"
		"$ \n");
}
END_TEST

START_TEST(every_word_of_a_node_has_a_rule)
{
	static const char *const words[][3] = {
		{"running", "", ""},
		{"probation", "", "probation"},
		{"rejected", "", "parse"},
		{"rejected", "version-reused", "check"},
		{"rejected", "downgrade", "check"},
		{"rejected", "", "canary"},
		{"rejected", "", "shadow"},
		{"rejected", "", "live"},
		{"rejected", "", "crash"},
		{"rolled-back", "", "probation"},
		{"rolled-back", "no-way-back", ""},
		{"held", "known-bad", "canary"},
		{"held", "update-breaker", ""},
		{"held", "pinned", ""},
		{"held", "frozen", ""},
		{"held", "mass-delete", ""},
		{"held", "in-use", ""},
		{"waiting", "unknown-ref", "check"},
		{"waiting", "unknown-schema", "check"},
		{"waiting", "shadow", ""},
		{"waiting", "live", ""},
		{"waiting", "canary", ""},
		{"waiting", "starting", ""},
		{"waiting", "after-crash", ""},
		{"behind", "", ""},
		{"leaving", "", ""},
		{"left-out", "", ""},
		{"not-in-front", "", ""},
		{"not-in-front", "name-taken", ""},
		{"held", "of tomorrow", ""},
		{"waiting", "of tomorrow", ""},
		{"rejected", "of tomorrow", ""},
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const struct fleet_rule *rule =
			fleet_rule(words[i][0], words[i][1], words[i][2]);
		ck_assert_msg(*rule->decided, "%s %s %s", words[i][0], words[i][1],
			      words[i][2]);
		ck_assert_str_eq(rule->state, words[i][0]);
		if (*words[i][1] && strcmp(words[i][1], "of tomorrow") != 0)
			ck_assert_str_eq(rule->of, words[i][1]);
		if (!strcmp(words[i][0], "running"))
			continue;
		ck_assert_msg(*rule->next, "%s %s %s", words[i][0], words[i][1], words[i][2]);
		if (strcmp(words[i][0], "left-out") != 0)
			ck_assert_msg(*rule->command, "%s %s %s", words[i][0], words[i][1],
				      words[i][2]);
	}
	ck_assert_str_eq(fleet_rule("of tomorrow", "", "")->command, "flume status --raw");
}
END_TEST

START_TEST(memory_that_runs_out_leaves_nothing_behind)
{
	bool failed = true;
	for (long n = 1; failed; n++) {
		struct fleet_question q = ask(4, FLEET_SCHEMA, "checkout", 12);
		struct fleet_answer a;
		memory_fails_at(n);
		int code = fleet_explain(&a, &q);
		failed = memory_is_back();
		ck_assert(!code || (failed && code == FLUME_NOMEM));
		if (!code)
			ck_assert_uint_eq(a.n, 9);
		if (!code)
			fleet_answer_fini(&a);
	}
}
END_TEST

Suite *suite_fleet_explain(void)
{
	Suite *suite = suite_create("fleet_explain");
	TCase *t = tcase_create("fleet_explain");
	tcase_add_test(t, a_refusal_is_told_from_the_store_to_the_line);
	tcase_add_test(t, a_hold_of_one_node_is_released_there);
	tcase_add_test(t, a_finding_without_a_place_has_none);
	tcase_add_test(t, a_switch_that_is_not_in_front_says_who_has_to_move);
	tcase_add_test(t, a_node_in_trouble_has_a_next_step_though_all_runs);
	tcase_add_test(t, a_switch_that_is_behind_waits);
	tcase_add_test(t, a_deletion_that_was_not_heard_of);
	tcase_add_test(t, a_node_that_is_blind_says_so_first);
	tcase_add_test(t, what_cannot_be_read_is_said_and_no_more);
	tcase_add_test(t, a_trial_and_a_clear_are_part_of_the_chain);
	tcase_add_test(t, a_probation_without_a_verdict_is_told);
	tcase_add_test(t, every_word_of_a_node_has_a_rule);
	tcase_add_test(t, memory_that_runs_out_leaves_nothing_behind);
	suite_add_tcase(suite, t);
	return suite;
}
