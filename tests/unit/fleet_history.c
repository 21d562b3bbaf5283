/* Records: what they say, which changes have one, and what became of a change. */
#include "agent/fleet/doubts.h"
#include "agent/fleet/history.h"
#include "agent/fleet/outcome.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a record ---- */

#define WHOLE                                                                                  \
	"{\"action\": \"rollback\", \"at\": \"2026-11-27T12:00:00Z\", \"who\": \"ada@desk\", " \
	"\"why\": \"incident \\\"42\\\"\", \"node\": \"n1\", \"version\": \"1.2.0\", "         \
	"\"digest\": \"sha256:aa\", \"revision\": 12, \"to\": 7, \"previous\": {\"version\": " \
	"\"1.3.0\", \"digest\": \"sha256:bb\", \"revision\": 11}, \"outcome\": {\"state\": "   \
	"\"refused\", \"nodes\": 5, \"running\": 3, \"refused\": 1, \"why\": \"n2: "           \
	"rejected\", "                                                                         \
	"\"at\": \"2026-11-27T12:01:00Z\"}, \"text\": \"ref: a\\n\"}"

static struct record record;
static flume_value *root;

static int read(const char *json)
{
	return record_read(&record, &root, json, strlen(json));
}

static void expect_json(const char *wanted)
{
	char *json = record_dup_json(&record);
	ck_assert_pstr_eq(json, wanted);
	free(json);
}

START_TEST(what_is_written_is_read_again)
{
	ck_assert_int_eq(read(WHOLE), 0);
	ck_assert_int_eq(record.at, 1795780800);
	ck_assert_str_eq(record.why, "incident \"42\"");
	ck_assert_int_eq(record.previous.revision, 11);
	ck_assert_int_eq(record.outcome.nodes, 5);
	ck_assert_str_eq(record.text, "ref: a\n");
	ck_assert(!record_is_deletion(&record));
	expect_json(WHOLE);
	flume_value_free(root);
	ck_assert_int_eq(read("{\"action\": \"delete\", \"more\": [1]}"), 0);
	ck_assert(record_is_deletion(&record));
	ck_assert_ptr_null(record.text);
	expect_json("{\"action\": \"delete\"}");
	flume_value_free(root);
}
END_TEST

START_TEST(words_obey_no_terminal)
{
	ck_assert_int_eq(
		read("{\"action\": \"put\", \"why\": \"a\\u001b[2J\\nb\\u009b\\u00e9\", "
		     "\"text\": \"\\u001b\"}"),
		0);
	ck_assert_str_eq(record.why, "a [2J b  \xc3\xa9");
	ck_assert_str_eq(record.text, "\x1b"); /* what is put again stays as it was */
	flume_value_free(root);
}
END_TEST

START_TEST(what_is_none_is_refused)
{
	static const char *const texts[] = {
		"",
		"put",
		"[]",
		"{}",
		"{\"action\": 1}",
		"{\"action\": \"put\", \"at\": \"yesterday\"}",
		"{\"action\": \"put\", \"revision\": -1}",
		"{\"action\": \"put\", \"revision\": \"7\"}",
		"{\"action\": \"put\", \"revision\": 99999999999999999999}",
		"{\"action\": \"put\", \"to\": 1.5}",
		"{\"action\": \"put\", \"previous\": []}",
		"{\"action\": \"put\", \"previous\": {\"digest\": 1}}",
		"{\"action\": \"put\", \"outcome\": {\"nodes\": \"x\"}}",
		"{\"action\": \"put\", \"text\": {}}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		ck_assert_msg(read(texts[i]) == FLUME_INVALID, "%s", texts[i]);
}
END_TEST

START_TEST(a_text_that_does_not_fit_is_left_out)
{
	char *text = malloc(RECORD_MOST);
	ck_assert_ptr_nonnull(text);
	memset(text, 'x', RECORD_MOST);
	record = (struct record){.action = "put", .text = text, .len = RECORD_MOST};
	expect_json("{\"action\": \"put\"}");
	memset(text, '"', RECORD_MOST); /* shorter, but not as JSON */
	record.len = RECORD_MOST / 2;
	expect_json("{\"action\": \"put\"}");
	record.len = 1;
	expect_json("{\"action\": \"put\", \"text\": \"\\\"\"}");
	text[0] = '\xff';
	expect_json("{\"action\": \"put\"}");
	text[0] = '\0';
	expect_json("{\"action\": \"put\"}");
	free(text);
}
END_TEST

START_TEST(a_document_is_known_by_version_and_digest)
{
	struct record_version v, other;
	const char text[] = "version: \"1.0.0\"\nref: a\n", broken[] = "[";
	ck_assert_int_eq(record_version_of(&v, text, strlen(text), 7), 0);
	ck_assert_str_eq(v.version, "1.0.0");
	ck_assert_int_eq(v.revision, 7);
	ck_assert_int_eq(strncmp(v.digest, "sha256:", 7), 0);
	ck_assert_int_eq(record_version_of(&other, broken, strlen(broken), 8), 0);
	ck_assert_str_eq(other.version, "");
	ck_assert_str_ne(other.digest, v.digest);
}
END_TEST

START_TEST(each_allocation_fails_in_turn)
{
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		memory_fails_at(nth);
		int rc = read(WHOLE);
		failed = memory_is_back();
		ck_assert(!rc || (failed && rc == FLUME_NOMEM));
		if (!rc)
			flume_value_free(root);
	}
	ck_assert_int_eq(read(WHOLE), 0);
	failed = true;
	for (long nth = 1; failed; nth++) {
		memory_fails_at(nth);
		char *json = record_dup_json(&record);
		failed = memory_is_back();
		ck_assert(failed == !json);
		free(json);
	}
	flume_value_free(root);
}
END_TEST

/* ---- where they lie ---- */

static struct etcd_kv kv_of(const char *key, int64_t create)
{
	return (struct etcd_kv){.key = (char *)(uintptr_t)key,
				.key_len = strlen(key),
				.create_revision = create};
}

START_TEST(switches_and_schemas_of_one_name_have_histories_of_their_own)
{
	char *schema = history_dup_folder("/flume/", "schemas/", "a");
	char *other = history_dup_folder("/flume/", "switches/", "a");
	char *key = history_dup_key(schema, 1234);
	ck_assert_pstr_eq(schema, "/flume/history/a/");
	ck_assert_pstr_eq(other, "/flume/history/_switches/a/");
	ck_assert_pstr_eq(key, "/flume/history/a/00000000000000001234");
	struct etcd_kv kv = kv_of(key, 1);
	ck_assert_int_eq(history_number(schema, &kv), 1234);
	ck_assert_int_eq(history_number(other, &kv), 0);
	kv = kv_of("/flume/history/a/123", 1);
	ck_assert_int_eq(history_number(schema, &kv), 0);
	kv = kv_of("/flume/history/a/0000000000000000123x", 1);
	ck_assert_int_eq(history_number(schema, &kv), 0);
	kv = kv_of("/flume/history/a/99999999999999999999", 1);
	ck_assert_int_eq(history_number(schema, &kv), 0);
	free(schema);
	free(other);
	free(key);
}
END_TEST

START_TEST(a_change_has_a_record_of_its_revision_or_made_with_it)
{
	const struct etcd_kv kvs[] = {
		kv_of("h/00000000000000000005", 9),  /* told later            */
		kv_of("h/00000000000000000011", 12), /* in one transaction    */
		kv_of("h/x", 13),
	};
	const struct history h = {"h/", kvs, 3, 20};
	ck_assert(history_has(&h, 5));
	ck_assert(history_has(&h, 12));
	ck_assert(!history_has(&h, 10));
	ck_assert(!history_has(&h, 13)); /* that is no record */
	ck_assert(!history_has(&(struct history){"h/", NULL, 0, 20}, 5));
}
END_TEST

START_TEST(a_new_record_goes_behind_those_of_another_store)
{
	const struct etcd_kv kvs[] = {
		kv_of("h/00000000000000000021", 3),
		kv_of("h/00000000000000005000", 3),
		kv_of("h/x", 4),
	};
	ck_assert_int_eq(history_next(&(struct history){"h/", kvs, 3, 20}), 5001);
	ck_assert_int_eq(history_next(&(struct history){"h/", kvs, 3, 6000}), 6001);
	ck_assert_int_eq(history_next(&(struct history){"h/", NULL, 0, 20}), 21);
}
END_TEST

START_TEST(old_records_make_room)
{
	struct etcd_kv kvs[HISTORY_MOST + 3];
	char keys[HISTORY_MOST + 3][32];
	struct history_write w;
	for (size_t i = 0; i < HISTORY_MOST + 3; i++) {
		snprintf(keys[i], sizeof keys[i], "h/%020zu", i + 1);
		kvs[i] = kv_of(keys[i], (int64_t)i + 1);
	}
	const struct history h = {"h/", kvs, HISTORY_MOST + 3, 100};
	history_write_begin(&w, &h);
	history_write_document(&w, "s/a", 7, "text", 4);
	ck_assert_int_eq(history_write_record(&w, 101, &(struct record){.action = "put"}), 0);
	struct etcd_txn t = history_write_end(&w);
	ck_assert_uint_eq(t.n_compares, 3);
	ck_assert(t.compares[0].prefix && t.compares[0].number == 101);
	ck_assert_int_eq(t.compares[1].number, 7);
	ck_assert_str_eq(t.compares[2].key, "h/00000000000000000101");
	ck_assert_int_eq(t.compares[2].target, ETCD_CREATE_REVISION);
	ck_assert_int_eq(t.compares[2].number, 0);
	ck_assert_uint_eq(t.n_success, 2 + 4);
	ck_assert_str_eq(t.success[1].key, "h/00000000000000000101");
	ck_assert_str_eq(t.success[2].key, keys[0]);
	ck_assert_str_eq(t.success[5].key, keys[3]);
	history_write_fini(&w);
}
END_TEST

START_TEST(a_write_fails_whole)
{
	const struct history h = {"h/", NULL, 0, 100};
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		struct history_write w;
		history_write_begin(&w, &h);
		memory_fails_at(nth);
		int rc = history_write_record(&w, 101, &(struct record){.action = "put"});
		failed = memory_is_back();
		ck_assert_int_eq(rc, failed ? FLUME_NOMEM : 0);
		ck_assert_uint_eq(w.n_operations, failed ? 0 : 1);
		history_write_fini(&w);
	}
}
END_TEST

/* ---- what became of it ---- */

static struct record_outcome outcome;

static void tells(const struct record_version *version, const char *node, const char *schema)
{
	char json[512];
	struct fleet_said *said;
	const struct outcome_of of = {"schemas/", "a", version};
	snprintf(json, sizeof json, "{\"schemas\": {%s}}", schema);
	ck_assert_int_eq(fleet_said_read(&said, node, json, strlen(json)), 0);
	ck_assert_int_eq(outcome_add(&outcome, &of, said), 0);
	fleet_said_free(said);
}

static void says(const char *node, const char *schema)
{
	tells(&(struct record_version){"1.0.0", "sha256:aa", 12}, node, schema);
}

static void expect_line(const char *wanted)
{
	char line[OUTCOME_LINE];
	outcome_end(&outcome, 1);
	outcome_line(&outcome, line);
	ck_assert_str_eq(line, wanted);
	outcome = (struct record_outcome){0};
}

#define RUNS                                                                            \
	"\"a\": {\"state\": \"probation\", \"wanted\": {\"revision\": 12, \"digest\": " \
	"\"sha256:aa\"}, \"running\": {\"digest\": \"sha256:aa\"}}"
#define OTHER(state, revision)                                                   \
	"\"a\": {\"state\": \"" state "\", \"wanted\": {\"revision\": " revision \
	"}, \"attempted\": {\"stage\": \"canary\", \"error\": \"too bad\"}, "    \
	"\"running\": {\"digest\": \"sha256:bb\"}}"

START_TEST(nodes_say_what_became_of_a_change)
{
	expect_line("no-nodes");
	says("n1", RUNS);
	says("n2", RUNS);
	expect_line("running 2 of 2");
	says("n1", RUNS);
	says("n2", "");
	says("n3", OTHER("rejected", "11")); /* it has not heard of it yet */
	expect_line("pending 1 of 3");
	says("n1", RUNS);
	says("n2", OTHER("rejected", "12"));
	says("n3", OTHER("held", "12"));
	expect_line("refused 2 of 3: n2: rejected: canary: too bad");
}
END_TEST

#define HELD(reason)                                                                           \
	"\"a\": {\"state\": \"held\", \"reason\": \"" reason "\", \"wanted\": {\"revision\": " \
	"12}, \"hold\": {\"by\": \"ada\", \"why\": \"x\"}, \"running\": {\"digest\": "         \
	"\"sha256:bb\"}}"

/* A rollback goes back to what was held, but not to what was refused. */
START_TEST(what_an_operator_holds_was_not_refused)
{
	says("n1", RUNS);
	says("n2", HELD("pinned"));
	says("n3", HELD("frozen"));
	expect_line("held 2 of 3: n2: held: pinned by ada: x");
	says("n2", HELD("pinned"));
	says("n3", OTHER("rejected", "12"));
	says("n4", HELD("pinned"));
	expect_line("refused 3 of 3: n3: rejected: canary: too bad");
	says("n2", HELD("known-bad"));
	expect_line("refused 1 of 1: n2: held: known-bad");
}
END_TEST

START_TEST(a_deletion_is_done_where_nothing_runs)
{
	const struct record_version gone = {.revision = 12};
	tells(&gone, "n1", "");
	expect_line("running 1 of 1");
	tells(&gone, "n1",
	      "\"a\": {\"state\": \"held\", \"reason\": \"mass-delete\", \"wanted\": "
	      "{\"deleted\": true}, \"running\": {\"digest\": \"sha256:bb\"}}");
	expect_line("refused 1 of 1: n1: held: mass-delete: 'flume rollback' puts it back, "
		    "'flume confirm' carries it out");
}
END_TEST

/* ---- what is in doubt ---- */

static struct doubts doubts;

static struct change change(const char *name, int64_t revision, const char *text)
{
	return (struct change){.name = name, .text = text, .revision = revision};
}

START_TEST(each_change_is_asked_about_once)
{
	const struct change list[] = {change("a", 3, "x"), change("b", 4, "x")};
	const struct change gone = change("a", 5, NULL);
	ck_assert_int_eq(doubts_add(&doubts, BATCH_LIST, list, 2), 0);
	ck_assert(doubts.lost);
	ck_assert_int_eq(doubts_add(&doubts, BATCH_EVENTS, &gone, 1), 0);
	ck_assert_int_eq(doubts_add(&doubts, BATCH_EVENTS, &gone, 1), 0);
	ck_assert_uint_eq(doubts.n, 3);
	ck_assert(doubts.all[2].deleted);
	ck_assert_uint_eq(doubts.present.len, 1);
	doubts_settle(&doubts, "a", 5);
	ck_assert_uint_eq(doubts.n, 2);
	ck_assert_int_eq(doubts.all[0].revision, 3);
	doubts_settle(&doubts, "b", 4);
	ck_assert_int_eq(doubts_add(&doubts, BATCH_LIST, list, 2), 0); /* the store again */
	ck_assert_uint_eq(doubts.n, 1);
	doubts_forget(&doubts); /* it is another store */
	ck_assert(!doubts_any(&doubts));
	ck_assert_int_eq(doubts_add(&doubts, BATCH_LIST, list, 2), 0);
	ck_assert_uint_eq(doubts.n, 2);
	doubts_fini(&doubts);
}
END_TEST

START_TEST(doubts_are_no_more_than_there_is_room_for)
{
	for (int64_t i = 1; i <= DOUBTS_MOST + 5; i++) {
		const struct change one = change("a", i, "x");
		ck_assert_int_eq(doubts_add(&doubts, BATCH_EVENTS, &one, 1), 0);
	}
	ck_assert_uint_eq(doubts.n, DOUBTS_MOST);
	doubts_fini(&doubts);
}
END_TEST

START_TEST(what_cannot_be_kept_in_mind_loses_nothing_else)
{
	const struct change list[] = {change("a", 3, "x"), change("b", 4, "x")};
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		memory_fails_at(nth);
		int rc = doubts_add(&doubts, BATCH_LIST, list, 2);
		failed = memory_is_back();
		ck_assert_int_eq(rc, failed ? FLUME_NOMEM : 0);
		ck_assert(doubts.lost == !failed); /* never a deletion that was none */
		doubts_fini(&doubts);
	}
}
END_TEST

Suite *suite_fleet_history(void)
{
	Suite *suite = suite_create("fleet_history");
	TCase *tests = tcase_create("records");
	tcase_add_test(tests, what_is_written_is_read_again);
	tcase_add_test(tests, words_obey_no_terminal);
	tcase_add_test(tests, what_is_none_is_refused);
	tcase_add_test(tests, a_text_that_does_not_fit_is_left_out);
	tcase_add_test(tests, a_document_is_known_by_version_and_digest);
	tcase_add_test(tests, each_allocation_fails_in_turn);
	tcase_add_test(tests, switches_and_schemas_of_one_name_have_histories_of_their_own);
	tcase_add_test(tests, a_change_has_a_record_of_its_revision_or_made_with_it);
	tcase_add_test(tests, a_new_record_goes_behind_those_of_another_store);
	tcase_add_test(tests, old_records_make_room);
	tcase_add_test(tests, a_write_fails_whole);
	tcase_add_test(tests, nodes_say_what_became_of_a_change);
	tcase_add_test(tests, what_an_operator_holds_was_not_refused);
	tcase_add_test(tests, a_deletion_is_done_where_nothing_runs);
	tcase_add_test(tests, each_change_is_asked_about_once);
	tcase_add_test(tests, doubts_are_no_more_than_there_is_room_for);
	tcase_add_test(tests, what_cannot_be_kept_in_mind_loses_nothing_else);
	suite_add_tcase(suite, tests);
	return suite;
}
