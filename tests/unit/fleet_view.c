/* The fleet at a glance: what is counted, who is astray, and how it is shown. */
#include "agent/fleet/view.h"

#include "agent/cmd/status_changes.h"
#include "agent/cmd/status_print.h"
#include "agent/cmd/wait.h"
#include "agent/fleet/roster.h"
#include "agent/fleet/view_json.h"
#include "tests/unit/fleet_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>

static void prints(const struct fleet_word *words, const char *only, const char *wanted)
{
	struct fleet_view *v = fleet_of(words, only);
	struct text t = {0};
	ck_assert_ptr_nonnull(v);
	status_print(&t, v);
	ck_assert_msg(!strcmp(t.s, wanted), "%.3500s", t.s);
	text_fini(&t);
	fleet_view_free(v);
}

START_TEST(a_fleet_that_is_well_is_counted)
{
	prints(fleet_well, NULL,
	       "2 nodes\n"
	       "\n"
	       "SCHEMA    WANTED  RUNNING  STATE      NODES\n"
	       "checkout  1.2.0   1.2.0    probation  1\n"
	       "checkout  1.2.0   1.2.0    running    1\n"
	       "\n"
	       "SWITCH   WANTED  RUNNING  STATE    NODES\n"
	       "compact  3       3        running  2\n");
}
END_TEST

static const char troubled[] =
	"6 nodes, 5 of them not as wanted\n"
	"\n"
	"SCHEMA    WANTED  RUNNING  STATE      NODES\n"
	"checkout  1.2.0   -        behind     1\n"
	"checkout  1.2.0   -        left-out   1\n"
	"checkout  1.2.0   1.1.0    rejected   1\n"
	"checkout  1.2.0   1.2.0    running    1\n"
	"old       -       1.0.0    behind     1\n"
	"orders    2.0.0   -        behind     1\n"
	"orders    2.0.0   1.9.0    held       1\n"
	"orders    2.0.0   2.0.0    probation  1\n"
	"orders    2.0.0   2.0.0    running    1\n"
	"\n"
	"SWITCH   WANTED  RUNNING  STATE    NODES\n"
	"compact  3       -        behind   2\n"
	"compact  3       2        behind   1\n"
	"compact  3       3        running  1\n"
	"\n"
	"NODE  SCHEMA    STATE     WANTED  RUNNING  WHY\n"
	"n2    checkout  rejected  1.2.0   1.1.0    check: line 3, column 7: processor 'x' not "
	"found [unknown-ref] (and 1 more)\n"
	"n2    old       behind    -       1.0.0    has not heard that it was deleted; it had "
	"seen "
	"all up to 12 when it last said so\n"
	"n2    orders    held      2.0.0   1.9.0    pinned by ada: incident 42\n"
	"n3    checkout  behind    1.2.0   -        has not heard of revision 12; it had seen "
	"all up "
	"to 8 when it last said so\n"
	"n3    orders    behind    2.0.0   -        has not heard of revision 9; it had seen "
	"all up "
	"to 8 when it last said so\n"
	"\n"
	"NODE  SWITCH   STATE   WANTED  RUNNING  WHY\n"
	"n2    compact  behind  3       2        has not heard of revision 13; it had seen all "
	"up to "
	"12 when it last said so\n"
	"n3    compact  behind  3       -        has not heard of revision 13; it had seen all "
	"up to "
	"8 when it last said so\n"
	"n6    compact  behind  3       -        has not heard of revision 13; it had seen all "
	"up to "
	"12 when it last said so\n"
	"\n"
	"NODE  TROUBLE     OF        WHY\n"
	"n3    blind       -         since 2026-11-22T10:00:00Z, revision 8: refused\n"
	"n3    disk        -         no space left\n"
	"n3    config      -         it goes on with what it had, and would not start again: "
	"flume.yaml:3:1: unknown key\n"
	"n3    cases       checkout  checkout:1:1: no\n"
	"n4    silent      -         -\n"
	"n5    unreadable  -         line 1, column 2: expected a value, not the end of the "
	"text\n"
	"n6    truncated   -         2 schemas are left out, its status is too big\n"
	"\n"
	"AGENT  NODES  SUCH AS\n"
	"0.1.0  3      n1\n"
	"0.2.0  1      n3\n";

START_TEST(every_way_of_being_astray_is_told_with_its_reason)
{
	prints(fleet_troubled, NULL, troubled);
}
END_TEST

START_TEST(one_name_is_shown_alone)
{
	prints(fleet_troubled, "orders",
	       "6 nodes, 4 of them not as wanted\n"
	       "\n"
	       "SCHEMA  WANTED  RUNNING  STATE      NODES\n"
	       "orders  2.0.0   -        behind     1\n"
	       "orders  2.0.0   1.9.0    held       1\n"
	       "orders  2.0.0   2.0.0    probation  1\n"
	       "orders  2.0.0   2.0.0    running    1\n"
	       "\n"
	       "NODE  SCHEMA  STATE   WANTED  RUNNING  WHY\n"
	       "n2    orders  held    2.0.0   1.9.0    pinned by ada: incident 42\n"
	       "n3    orders  behind  2.0.0   -        has not heard of revision 9; it had "
	       "seen all "
	       "up to 8 when it last said so\n"
	       "\n"
	       "NODE  TROUBLE     OF        WHY\n"
	       "n3    blind       -         since 2026-11-22T10:00:00Z, revision 8: refused\n"
	       "n3    disk        -         no space left\n"
	       "n3    config      -         it goes on with what it had, and would not start "
	       "again: flume.yaml:3:1: unknown key\n"
	       "n3    cases       checkout  checkout:1:1: no\n"
	       "n4    silent      -         -\n"
	       "n5    unreadable  -         line 1, column 2: expected a value, not the end of "
	       "the "
	       "text\n"
	       "n6    truncated   -         2 schemas are left out, its status is too big\n"
	       "\n"
	       "AGENT  NODES  SUCH AS\n"
	       "0.1.0  3      n1\n"
	       "0.2.0  1      n3\n");
}
END_TEST

START_TEST(words_from_outside_cannot_steer_a_terminal)
{
	static const struct fleet_word words[] = {
		{"nodes/n1", 0,
		 "{\"schemas\": {\"a\": {\"state\": \"\\u001b[2J\", \"wanted\": {\"deleted\": "
		 "true}}}}"},
		WORDS_END,
	};
	struct fleet_view *v = fleet_of(words, NULL);
	struct text t = {0};
	status_print(&t, v);
	ck_assert_ptr_null(strchr(t.s, '\033'));
	text_fini(&t);
	fleet_view_free(v);
}
END_TEST

static const struct fleet_word not_in_front[] = {
	{"schemas/s", 5, NULL},
	{"switches/s", 4, NULL},
	{"nodes/n1", 0,
	 "{\"schemas\": {\"s\": {\"state\": \"running\", \"wanted\": {\"version\": \"1\", "
	 "\"revision\": "
	 "5}, \"running\": {\"version\": \"1\"}}}, \"switches\": {\"s\": {\"state\": "
	 "\"running\", "
	 "\"reason\": \"not-in-front\", \"why\": \"a schema has its name\", \"wanted\": "
	 "{\"version\": \"3\", \"revision\": 4}, \"running\": {\"version\": \"3\"}}}}"},
	WORDS_END,
};

START_TEST(a_switch_that_is_not_in_front_is_astray)
{
	prints(not_in_front, NULL,
	       "1 node, 1 of them not as wanted\n\n"
	       "SCHEMA  WANTED  RUNNING  STATE    NODES\n"
	       "s       1       1        running  1\n\n"
	       "SWITCH  WANTED  RUNNING  STATE         NODES\n"
	       "s       3       3        not-in-front  1\n\n"
	       "NODE  SWITCH  STATE         WANTED  RUNNING  WHY\n"
	       "n1    s       not-in-front  3       3        a schema has its name\n");
	struct fleet_view *v = fleet_of(not_in_front, NULL);
	ck_assert_uint_eq(v->well, 0);
	ck_assert_uint_eq(v->items[1]->by[FLEET_ASTRAY], 1);
	fleet_view_free(v);
}
END_TEST

START_TEST(a_reason_is_said_once)
{
	static const struct fleet_word words[] = {
		{"schemas/b", 4, NULL},
		{"nodes/n1", 0,
		 "{\"schemas\": {\"a\": {\"state\": \"held\", \"reason\": \"in-use\", "
		 "\"wanted\": {\"deleted\": true}, \"attempted\": {\"error\": \"schema 'b' "
		 "refers to it [in-use]\", \"errors\": [{\"code\": \"in-use\", \"line\": 0}, "
		 "{}]}}, \"b\": {\"state\": \"rejected\", \"reason\": \"version-reused\", "
		 "\"wanted\": {\"version\": \"1\", \"revision\": 4}, \"attempted\": "
		 "{\"stage\": "
		 "\"check\", \"error\": \"raise it [version-reused]\"}}}}"},
		WORDS_END,
	};
	prints(words, NULL,
	       "1 node, 1 of them not as wanted\n\n"
	       "SCHEMA  WANTED  RUNNING  STATE     NODES\n"
	       "a       -       -        held      1\n"
	       "b       1       -        rejected  1\n\n"
	       "NODE  SCHEMA  STATE     WANTED  RUNNING  WHY\n"
	       "n1    a       held      -       -        in-use: schema 'b' refers to it\n"
	       "n1    b       rejected  1       -        version-reused: check: raise it\n");
}
END_TEST

/* ---- as JSON ---- */

static char *json_of(const struct fleet_word *words)
{
	struct fleet_view *v = fleet_of(words, NULL);
	struct text t = {0};
	ck_assert_ptr_nonnull(v);
	size_t same = fleet_view_json(&t, v, "2026-11-27T16:00:00Z");
	ck_assert_int_eq(
		strncmp(t.s, "{\"at\": \"2026-11-27T16:00:00Z\", \"revision\": 14", same), 0);
	fleet_view_free(v);
	return text_take(&t);
}

START_TEST(the_json_is_of_one_form)
{
	char *json = json_of(fleet_well);
	ck_assert_str_eq(
		json,
		"{\"at\": \"2026-11-27T16:00:00Z\", \"revision\": 14, \"nodes\": 2, \"well\": "
		"2, "
		"\"agents\": [{\"version\": \"0.1.0\", \"nodes\": 2}], \"schemas\": [\n"
		"  {\"name\": \"checkout\", \"wanted\": {\"version\": \"1.2.0\", \"digest\": "
		"\"sha256:b\", \"revision\": 12}, \"well\": 2, \"coming\": 0, \"astray\": 0, "
		"\"versions\": [{\"version\": \"1.2.0\", \"digest\": \"sha256:b\", \"state\": "
		"\"probation\", \"nodes\": 1}, {\"version\": \"1.2.0\", \"digest\": "
		"\"sha256:b\", "
		"\"state\": \"running\", \"nodes\": 1}]}], \"switches\": [\n"
		"  {\"name\": \"compact\", \"wanted\": {\"version\": \"3\", \"digest\": "
		"\"sha256:s\", \"revision\": 13}, \"well\": 2, \"coming\": 0, \"astray\": 0, "
		"\"versions\": [{\"version\": \"3\", \"digest\": \"sha256:s\", \"state\": "
		"\"running\", \"nodes\": 2}]}], \"astray\": [], \"troubles\": []}\n");
	free(json);
}
END_TEST

static const flume_value *at(const flume_value *list, size_t i, const char *key)
{
	return flume_value_get(flume_value_at(list, i), key);
}

START_TEST(the_json_says_where_the_finding_is)
{
	char *json = json_of(fleet_troubled);
	flume_value *all = NULL;
	ck_assert_int_eq(flume_value_parse(&all, json, strlen(json), FLUME_JSON, NULL, NULL),
			 0);
	const flume_value *astray = flume_value_get(all, "astray");
	ck_assert_uint_eq(flume_value_size(astray), 8);
	ck_assert_str_eq(flume_value_text(at(astray, 0, "node")), "n2");
	ck_assert_str_eq(flume_value_text(at(astray, 0, "stage")), "check");
	ck_assert_str_eq(flume_value_text(at(astray, 0, "line")), "3");
	ck_assert_str_eq(flume_value_text(at(astray, 0, "column")), "7");
	ck_assert_str_eq(flume_value_text(at(astray, 0, "hint")), "did you mean 'xy'?");
	ck_assert_str_eq(flume_value_text(at(astray, 0, "findings")), "2");
	const flume_value *troubles = flume_value_get(all, "troubles");
	ck_assert_uint_eq(flume_value_size(troubles), 7);
	ck_assert_str_eq(flume_value_text(at(troubles, 2, "trouble")), "config");
	ck_assert_str_eq(flume_value_text(at(troubles, 3, "name")), "checkout");
	flume_value_free(all);
	free(json);
}
END_TEST

START_TEST(who_is_astray_is_kept_up_to_a_bound_and_counted_beyond)
{
	struct fleet_said *said = NULL;
	struct fleet_view *v =
		fleet_view_new(&(struct fleet_view_options){.knows_store = true, .most = 2});
	const struct fleet_word *n2 = &fleet_troubled[4];
	struct text t = {0};
	ck_assert_int_eq(fleet_said_read(&said, "n2", n2->text, strlen(n2->text)), 0);
	fleet_view_want(v, FLEET_SCHEMA, "checkout", 12);
	for (int i = 0; i < 3; i++)
		fleet_view_add(v, said);
	fleet_view_end(v);
	ck_assert_uint_eq(v->n_strays, 2);
	fleet_view_json(&t, v, "");
	ck_assert_ptr_nonnull(strstr(t.s, "\"left_out\": "));
	ck_assert_uint_eq(v->items[0]->by[FLEET_ASTRAY], 3);
	text_fini(&t);
	fleet_said_free(said);
	fleet_view_free(v);
}
END_TEST

START_TEST(without_a_store_a_node_is_taken_at_its_word)
{
	struct fleet_said *said = NULL;
	struct fleet_view *v = fleet_view_new(&(struct fleet_view_options){0});
	ck_assert_int_eq(
		fleet_said_read(&said, "n1", fleet_well[2].text, strlen(fleet_well[2].text)),
		0);
	fleet_view_add(v, said);
	fleet_view_end(v);
	ck_assert_uint_eq(v->well, 1);
	ck_assert_uint_eq(v->n_strays, 0);
	fleet_said_free(said);
	fleet_view_free(v);
}
END_TEST

START_TEST(a_deletion_under_way_is_no_success)
{
	static const struct fleet_word words[] = {
		{"nodes/n1", 0,
		 "{\"schemas\": {\"a\": {\"state\": \"running\", \"wanted\": {\"deleted\": "
		 "true, "
		 "\"revision\": 3}, \"running\": {\"version\": \"1\"}}, \"b\": {\"state\": "
		 "\"held\", \"reason\": \"mass-delete\", \"wanted\": {\"deleted\": true}}}}"},
		WORDS_END,
	};
	prints(words, NULL,
	       "1 node, 1 of them not as wanted\n\n"
	       "SCHEMA  WANTED  RUNNING  STATE    NODES\n"
	       "a       -       1        leaving  1\n"
	       "b       -       -        held     1\n\n"
	       "NODE  SCHEMA  STATE    WANTED  RUNNING  WHY\n"
	       "n1    a       leaving  -       1        -\n"
	       "n1    b       held     -       -        mass-delete: 'flume rollback' puts it "
	       "back, 'flume confirm' carries "
	       "it "
	       "out\n");
}
END_TEST

/* ---- as it changes ---- */

static void changes(const struct fleet_word *before, const struct fleet_word *now,
		    const char *wanted)
{
	struct fleet_view *a = fleet_of(before, NULL), *b = fleet_of(now, NULL);
	struct text t = {0};
	status_changes(&t, a, b);
	ck_assert_str_eq(t.s ? t.s : "", wanted);
	text_fini(&t);
	fleet_view_free(a);
	fleet_view_free(b);
}

START_TEST(each_change_is_a_line)
{
	static const struct fleet_word none[] = {WORDS_END};
	changes(fleet_troubled, fleet_troubled, "");
	changes(none, fleet_well,
		"2 nodes, 0 before\n"
		"n1: new\n"
		"n2: new\n"
		"schema checkout: 1.2.0 wanted, 1.2.0 probation 1, 1.2.0 running 1\n"
		"switch compact: 3 wanted, 3 running 2\n");
	changes(fleet_well, none,
		"0 nodes, 2 before\n"
		"n1: gone\n"
		"n2: gone\n"
		"schema checkout: deleted\n"
		"switch compact: deleted\n");
	changes(fleet_well, fleet_troubled,
		"6 nodes, 2 before\n"
		"n3: new\n"
		"n4: new\n"
		"n5: new\n"
		"n6: new\n"
		"schema checkout: 1.2.0 wanted, - behind 1, - left-out 1, 1.1.0 rejected 1, "
		"1.2.0 "
		"running 1\n"
		"schema old: deleted, 1.0.0 behind 1\n"
		"schema orders: 2.0.0 wanted, - behind 1, 1.9.0 held 1, 2.0.0 probation 1, "
		"2.0.0 "
		"running 1\n"
		"switch compact: 3 wanted, - behind 2, 2 behind 1, 3 running 1\n"
		"n2: checkout: rejected, runs 1.1.0: check: line 3, column 7: processor 'x' "
		"not "
		"found [unknown-ref] (and 1 more)\n"
		"n2: old: behind, runs 1.0.0: has not heard that it was deleted; it had seen "
		"all up "
		"to 12 when it last said so\n"
		"n2: orders: held, runs 1.9.0: pinned by ada: incident 42\n"
		"n2: compact: behind, runs 2: has not heard of revision 13; it had seen all up "
		"to 12 "
		"when it last said so\n"
		"n3: checkout: behind: has not heard of revision 12; it had seen all up to 8 "
		"when it "
		"last said so\n"
		"n3: orders: behind: has not heard of revision 9; it had seen all up to 8 when "
		"it "
		"last said so\n"
		"n3: compact: behind: has not heard of revision 13; it had seen all up to 8 "
		"when it "
		"last said so\n"
		"n6: compact: behind: has not heard of revision 13; it had seen all up to 12 "
		"when it "
		"last said so\n"
		"n3: blind: since 2026-11-22T10:00:00Z, revision 8: refused\n"
		"n3: disk: no space left\n"
		"n3: config: it goes on with what it had, and would not start again: "
		"flume.yaml:3:1: unknown key\n"
		"n3: cases checkout: checkout:1:1: no\n"
		"n4: silent\n"
		"n5: unreadable: line 1, column 2: expected a value, not the end of the text\n"
		"n6: truncated: 2 schemas are left out, its status is too big\n");
}
END_TEST

START_TEST(what_is_over_is_told_too)
{
	static const struct fleet_word blind[] = {
		{"nodes/n3", 0, "{\"freshness\": {\"blind\": true}, \"schemas\": {}}"},
		WORDS_END};
	static const struct fleet_word sees[] = {{"nodes/n3", 0, "{\"schemas\": {}}"},
						 WORDS_END};
	struct fleet_view *a = fleet_of(fleet_troubled, NULL), *b = fleet_of(fleet_well, NULL);
	struct text t = {0};
	status_changes(&t, a, b);
	ck_assert_ptr_nonnull(strstr(t.s, "n2: checkout: not astray any more\n"));
	text_fini(&t);
	fleet_view_free(a);
	fleet_view_free(b);
	changes(blind, sees, "n3: blind: over\n");
}
END_TEST

/* It was blind, and behind; nobody knows what it is now. */
START_TEST(a_node_that_is_gone_is_not_said_to_be_well)
{
	struct fleet_view *a = fleet_of(fleet_troubled, NULL), *b = fleet_of(fleet_well, NULL);
	struct text t = {0};
	status_changes(&t, a, b);
	ck_assert_ptr_nonnull(strstr(t.s, "n3: gone\n"));
	ck_assert_ptr_null(strstr(t.s, "n3: blind"));
	ck_assert_ptr_null(strstr(t.s, "n3: checkout"));
	text_fini(&t);
	fleet_view_free(a);
	fleet_view_free(b);
}
END_TEST

/* ---- until all is well ---- */

static struct wait_state state_of(const struct fleet_word *words, const struct wait_name *name,
				  bool proven)
{
	struct fleet_view *v = fleet_of(words, NULL);
	struct wait_state s;
	wait_read(&s, &(struct wait_for){name, name ? 1 : 0, proven}, v);
	fleet_view_free(v);
	return s;
}

START_TEST(a_wait_counts_nodes_for_each_name)
{
	struct wait_state s = state_of(fleet_well, NULL, false);
	ck_assert(s.well == 4 && s.all == 4 && !s.refused);
	s = state_of(fleet_well, NULL, true); /* one is on probation */
	ck_assert(s.well == 3 && s.all == 4 && !s.refused);
	s = state_of(fleet_troubled, NULL, false);
	/* Three times six nodes, and one that has not let go of what was deleted. */
	ck_assert(s.well == 5 && s.all == 19 && s.refused == 2);
	s = state_of(fleet_troubled, &(struct wait_name){FLEET_KINDS, "compact", 0}, false);
	ck_assert(s.well == 1 && s.all == 6 && !s.refused);
}
END_TEST

START_TEST(a_wait_notices_that_a_write_was_replaced)
{
	struct wait_state s =
		state_of(fleet_well, &(struct wait_name){FLEET_SCHEMA, "checkout", 12}, false);
	ck_assert(!s.lost && !s.unknown && s.well == 2);
	s = state_of(fleet_well, &(struct wait_name){FLEET_SCHEMA, "checkout", 11}, false);
	ck_assert_str_eq(s.lost, "checkout");
	s = state_of(fleet_well, &(struct wait_name){FLEET_SCHEMA, "gone", 11}, false);
	ck_assert_str_eq(s.lost, "gone");
	s = state_of(fleet_well, &(struct wait_name){FLEET_KINDS, "gone", 0}, false);
	ck_assert_str_eq(s.unknown, "gone");
}
END_TEST

START_TEST(the_bar_is_as_long_as_what_is_done)
{
	char bar[80];
	wait_bar(bar, 0, 0);
	ck_assert_str_eq(bar, "[------------------------------]   0 %, 0 of 0");
	wait_bar(bar, 1, 3);
	ck_assert_str_eq(bar, "[##########--------------------]  33 %, 1 of 3");
	wait_bar(bar, 1000000, 1000000);
	ck_assert_str_eq(bar, "[##############################] 100 %, 1000000 of 1000000");
}
END_TEST

/* ---- memory ---- */

/* What was not noticed has done no harm: some of it is only for speed. */
START_TEST(memory_that_runs_out_is_noticed)
{
	bool failed = true;
	for (long n = 1; failed; n++) {
		struct text t = {0};
		memory_fails_at(n);
		struct fleet_view *v = fleet_of(fleet_troubled, NULL);
		if (v) {
			status_print(&t, v);
			fleet_view_json(&t, v, "");
			status_changes(&t, v, v);
		}
		failed = memory_is_back();
		bool shown = v && !t.failed;
		ck_assert_msg(failed || shown, "allocation %ld", n);
		if (shown)
			ck_assert_msg(!strncmp(t.s, troubled, strlen(troubled)),
				      "allocation %ld: %.3000s", n, t.s);
		fleet_view_free(v);
		text_fini(&t);
	}
}
END_TEST

START_TEST(a_roster_that_runs_out_of_memory_stays_whole)
{
	bool failed = true;
	for (long n = 1; failed; n++) {
		struct fleet_roster r = {.revision = 14};
		struct fleet_said *said = NULL;
		const char *text = fleet_troubled[4].text;
		memory_fails_at(n);
		int code = fleet_roster_want(&r, FLEET_SCHEMA, "checkout", 12);
		if (!code)
			code = fleet_said_read(&said, "n2", text, strlen(text));
		if (!code)
			code = fleet_roster_say(&r, said);
		struct fleet_view *v = code ? NULL : fleet_roster_view(&r, NULL);
		failed = memory_is_back();
		ck_assert(failed || v);
		if (v)
			ck_assert(v->nodes == 1 && v->n_items == 4);
		fleet_view_free(v);
		fleet_roster_fini(&r);
	}
}
END_TEST

START_TEST(a_roster_follows_key_by_key)
{
	struct fleet_roster r = {.revision = 1};
	struct fleet_said *said = NULL;
	ck_assert_int_eq(fleet_roster_want(&r, FLEET_SWITCH, "compact", 3), 0);
	ck_assert_int_eq(fleet_roster_want(&r, FLEET_SWITCH, "compact", 0), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(fleet_said_read(&said, "n1", "{}", 2), 0);
		ck_assert_int_eq(fleet_roster_say(&r, said), 0);
	}
	struct fleet_view *v = fleet_roster_view(&r, NULL);
	ck_assert(v->nodes == 1 && v->n_items == 0);
	fleet_view_free(v);
	fleet_roster_leave(&r, "n1");
	fleet_roster_leave(&r, "n1");
	v = fleet_roster_view(&r, NULL);
	ck_assert_uint_eq(v->nodes, 0);
	fleet_view_free(v);
	fleet_roster_fini(&r);
}
END_TEST

Suite *suite_fleet_view(void)
{
	Suite *suite = suite_create("fleet_view");
	TCase *t = tcase_create("fleet_view");
	tcase_add_test(t, a_fleet_that_is_well_is_counted);
	tcase_add_test(t, every_way_of_being_astray_is_told_with_its_reason);
	tcase_add_test(t, one_name_is_shown_alone);
	tcase_add_test(t, words_from_outside_cannot_steer_a_terminal);
	tcase_add_test(t, a_switch_that_is_not_in_front_is_astray);
	tcase_add_test(t, a_reason_is_said_once);
	tcase_add_test(t, the_json_is_of_one_form);
	tcase_add_test(t, the_json_says_where_the_finding_is);
	tcase_add_test(t, who_is_astray_is_kept_up_to_a_bound_and_counted_beyond);
	tcase_add_test(t, without_a_store_a_node_is_taken_at_its_word);
	tcase_add_test(t, a_deletion_under_way_is_no_success);
	tcase_add_test(t, each_change_is_a_line);
	tcase_add_test(t, what_is_over_is_told_too);
	tcase_add_test(t, a_node_that_is_gone_is_not_said_to_be_well);
	tcase_add_test(t, a_wait_counts_nodes_for_each_name);
	tcase_add_test(t, a_wait_notices_that_a_write_was_replaced);
	tcase_add_test(t, the_bar_is_as_long_as_what_is_done);
	tcase_add_test(t, memory_that_runs_out_is_noticed);
	tcase_add_test(t, a_roster_that_runs_out_of_memory_stays_whole);
	tcase_add_test(t, a_roster_follows_key_by_key);
	suite_add_tcase(suite, t);
	return suite;
}
