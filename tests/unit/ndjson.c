#include "agent/ndjson/ndjson.h"

#include "tests/unit/document_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `id` has to be there; what has `test` is dropped; `x` is added. */
static const char schema[] =
	"components: {processors: {s: {kind: set, fields: {x: 1}},\n"
	"  r: {kind: require, fields: [id]}, d: {kind: drop}},\n"
	"  predicates: {t: {kind: exists, field: test}}}\n"
	"type: sequence\n"
	"children: [{ref: r}, {type: filter, predicate: t, then: {ref: d}}, {ref: s}]\n";

#define ALL SIZE_MAX

static flume_factory *factory;
static flume_pipeline *pipeline;
static struct ndjson n;
static struct text out;

static void begin(void)
{
	char found[500];
	factory = new_document_factory();
	ck_assert_int_eq(build_schema(factory, schema, &pipeline, found, sizeof found), 0);
	n = (struct ndjson){.pipeline = pipeline, .most = 60};
	out = (struct text){0};
}

static void end(void)
{
	ndjson_fini(&n);
	text_fini(&out);
	flume_pipeline_unref(pipeline);
	flume_factory_free(factory);
}

static void again(void)
{
	struct ndjson next = {.pipeline = n.pipeline,
			      .most = n.most,
			      .run = n.run,
			      .refused = n.refused,
			      .arg = n.arg,
			      .pause = n.pause,
			      .call = n.call};
	ndjson_fini(&n);
	n = next;
	out.len = 0;
}

/* A block of its own size, so that a sanitizer sees any look beyond it. */
static size_t feed_n(const char *s, size_t len, size_t full)
{
	size_t taken = 0;
	char *copy = malloc(len ? len : 1);
	memcpy(copy, s, len);
	ck_assert_int_eq(ndjson_feed(&n, copy, len, &taken, &out, full), 0);
	free(copy);
	return taken;
}

static void feed(const char *s)
{
	ck_assert_uint_eq(feed_n(s, strlen(s), ALL), strlen(s));
}

static void finish(const char *wanted)
{
	ck_assert_int_eq(ndjson_end(&n, &out), 0);
	ck_assert_str_eq(out.len ? out.s : "", wanted);
	ck_assert_uint_eq(n.read, n.written + n.dropped + n.rejected);
}

#define ERROR(line, word, detail, step)                                                  \
	"{\"flume_error\":{\"line\":" line ",\"code\":\"" word "\",\"detail\":\"" detail \
	"\"" step "}}\n"

static const char mixed[] =
	"{\"id\":1}\n"
	"\n"
	"{\"no\":1}\r\n"
	" \t\r\n"
	"{\"id\":2,\"test\":1}\n"
	"nope\n"
	"\r\n"
	"{\"id\":3, \"t\":\"1234567890123456789012345678901234567890123456\"}\n"
	"{\"id\":4,\"t\":\"123456789012345678901234567890123456789012345\"}\r\n"
	"{\"id\":5}";

static const char mixed_out[] = "{\"id\":1,\"x\":1}\n" ERROR(
	"3", "failed", "missing: id",
	",\"step\":\"sequence > r\"") ERROR("6", "bad-json",
					    "line 1, column 1: expected a value", "")
	ERROR("8", "too-long", "the line is too long: at most 60 bytes",
	      "") "{\"id\":4,\"t\":\"123456789012345678901234567890123456789012345\",\"x\":1}\n"
		  "{\"id\":5,\"x\":1}\n";

static void expect_mixed(void)
{
	finish(mixed_out);
	ck_assert_uint_eq(n.lines, 10);
	ck_assert_uint_eq(n.bytes, sizeof mixed - 1);
	ck_assert_uint_eq(n.read, 7);
	ck_assert_uint_eq(n.written, 3);
	ck_assert_uint_eq(n.dropped, 1);
	ck_assert_uint_eq(n.rejected, 3);
}

START_TEST(each_line_has_its_result_in_its_place)
{
	feed(mixed);
	expect_mixed();
}
END_TEST

START_TEST(input_may_be_cut_anywhere)
{
	size_t len = sizeof mixed - 1;
	for (size_t first = 0; first <= len; first++)
		for (size_t second = first; second <= len; second += 7) {
			feed_n(mixed, first, ALL);
			feed_n(mixed + first, second - first, ALL);
			feed_n(mixed + second, len - second, ALL);
			expect_mixed();
			again();
		}
}
END_TEST

START_TEST(input_may_come_byte_by_byte)
{
	for (size_t i = 0; i < sizeof mixed - 1; i++)
		ck_assert_uint_eq(feed_n(mixed + i, 1, ALL), 1);
	expect_mixed();
}
END_TEST

START_TEST(a_full_output_is_waited_for)
{
	size_t at = 0;
	char all[sizeof mixed_out] = "";
	while (at < sizeof mixed - 1) {
		size_t taken = feed_n(mixed + at, sizeof mixed - 1 - at, 1);
		ck_assert_uint_gt(taken, 0);
		at += taken;
		if (out.len) {
			ck_assert_int_eq(out.s[out.len - 1], '\n');
			ck_assert_ptr_eq(memchr(out.s, '\n', out.len), out.s + out.len - 1);
			ck_assert_uint_eq(feed_n(mixed + at, sizeof mixed - 1 - at, 1), 0);
			strcat(all, out.s);
			out.len = 0;
		}
	}
	ck_assert_int_eq(ndjson_end(&n, &out), 0);
	strcat(all, out.s);
	ck_assert_str_eq(all, mixed_out);
}
END_TEST

START_TEST(a_pause_comes_before_the_next_line)
{
	atomic_bool pause = true;
	n.pause = &pause;
	ck_assert_uint_eq(feed_n("{\"id\":1}\n", 9, ALL), 0);
	atomic_store(&pause, false);
	feed("{\"id\":1}\n");
	finish("{\"id\":1,\"x\":1}\n");
}
END_TEST

START_TEST(nothing_gives_nothing)
{
	finish("");
	again();
	feed("\n\r\n  \n\t");
	finish("");
	ck_assert_uint_eq(n.lines, 4);
	ck_assert_uint_eq(n.read, 0);
}
END_TEST

START_TEST(a_line_of_the_limit_is_taken_with_any_end)
{
	static const char line[] = "{\"id\":1}";
	n.most = sizeof line - 1;
	static const char *const ends[] = {"", "\n", "\r\n", "\r"};
	for (size_t i = 0; i < 4; i++)
		for (size_t cut = 0; cut <= sizeof line; cut++) {
			char text[16];
			size_t len = (size_t)snprintf(text, sizeof text, "%s%s", line, ends[i]);
			size_t first = cut < len ? cut : len;
			feed_n(text, first, ALL);
			feed_n(text + first, len - first, ALL);
			finish("{\"id\":1,\"x\":1}\n");
			again();
			n.most = sizeof line - 2;
			feed_n(text, first, ALL);
			feed_n(text + first, len - first, ALL);
			finish(ERROR("1", "too-long", "the line is too long: at most 7 bytes",
				     ""));
			again();
			n.most = sizeof line - 1;
		}
}
END_TEST

START_TEST(a_long_line_is_not_kept)
{
	char piece[1000];
	memset(piece, 'x', sizeof piece);
	for (int i = 0; i < 1000; i++)
		feed_n(piece, sizeof piece, ALL);
	ck_assert_uint_lt(n.kept.cap, 300);
	feed("\n{\"id\":1}\n");
	finish(ERROR("1", "too-long", "the line is too long: at most 60 bytes",
		     "") "{\"id\":1,\"x\":1}\n");
}
END_TEST

/* ---- who is told ---- */

static char told[1000];

static void hear(void *arg, const struct ndjson_refusal *r)
{
	size_t len = strlen(told);
	ck_assert_ptr_eq(arg, told);
	snprintf(told + len, sizeof told - len, "%" PRIu64 " %s [%s] %.*s\n", r->line, r->word,
		 r->step, (int)r->len, r->input);
}

START_TEST(a_callback_hears_instead_of_the_output)
{
	static const char wanted[] = "3 failed [sequence > r] {\"no\":1}\n6 bad-json [] nope\n"
				     "8 too-long [] {\"id\":3, "
				     "\"t\":\"1234567890123456789012345678901234567890123456\n";
	for (size_t cut = 0; cut < sizeof mixed; cut++) {
		told[0] = '\0';
		n.refused = hear;
		n.arg = told;
		feed_n(mixed, cut, ALL);
		feed_n(mixed + cut, sizeof mixed - 1 - cut, ALL);
		ck_assert_int_eq(ndjson_end(&n, &out), 0);
		ck_assert_str_eq(told, wanted);
		ck_assert_ptr_null(strstr(out.s, "flume_error"));
		again();
	}
}
END_TEST

static int run_instead(void *arg, struct document **document, const char *line, size_t len,
		       struct flume_err *err)
{
	(void)arg;
	snprintf(told, sizeof told, "%.*s", (int)len, line);
	*document = document_free(*document);
	*document = read_document("[1]");
	return len > 3 ? flume_fail(err, FLUME_TIMED_OUT, "late") : 0;
}

START_TEST(a_caller_may_run_documents_by_himself)
{
	n.run = run_instead;
	feed("{ }\r\n{   }\n");
	ck_assert_str_eq(told, "{   }");
	finish("[1]\n" ERROR("2", "timed-out", "late", ""));
}
END_TEST

START_TEST(what_is_cancelled_has_no_result)
{
	size_t taken;
	flume_cancel *cancel = flume_cancel_new();
	char found[200];
	flume_pipeline *waiting = NULL;
	ck_assert_int_eq(
		build_schema(factory,
			     "components: {processors: {r: {kind: require, "
			     "fields: [no]}}}\n"
			     "type: retry\nattempts: 5\nbackoff: 1h\nchild: {ref: r}\n",
			     &waiting, found, sizeof found),
		0);
	n.call.cancel = cancel;
	feed("{\"id\":1}\n");
	n.pipeline = waiting;
	flume_cancel_request(cancel);
	ck_assert_int_eq(ndjson_feed(&n, "{}\n{}\n", 6, &taken, &out, ALL), FLUME_CANCELLED);
	finish("{\"id\":1,\"x\":1}\n");
	ck_assert_uint_eq(n.read, 1);
	flume_pipeline_unref(waiting);
	flume_cancel_free(cancel);
}
END_TEST

/* ---- memory ---- */

/* Every line has its result, a refusal, or is the one that could not even be refused. */
START_TEST(memory_that_runs_out_costs_one_line)
{
	static const char input[] = "{\"id\":1}\n{\"id\":2,\"test\":1}\nnope\n{\"id\":3}\n";
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		text_fini(&out);
		again();
		size_t at = 0, lost = 0, other = 0;
		memory_fails_at(nth);
		while (at < sizeof input - 1) {
			size_t taken, step = at + 5 < sizeof input - 1 ? 5 : 1;
			int code = ndjson_feed(&n, input + at, step, &taken, &out, ALL);
			lost += code == FLUME_NOMEM;
			other += code != 0 && code != FLUME_NOMEM;
			at += taken;
		}
		failed = memory_is_back();
		ck_assert_uint_eq(n.lines, 4);
		ck_assert_uint_eq(n.read, 4);
		ck_assert_uint_eq(n.written + n.dropped + n.rejected, 4);
		ck_assert_uint_le(lost, 1);
		ck_assert_uint_eq(other, 0);
		size_t lines = 0;
		for (size_t i = 0; i < out.len; i++)
			lines += out.s[i] == '\n';
		ck_assert_uint_eq(lines, n.written + n.rejected - lost);
		ck_assert(!out.failed);
	}
	finish("{\"id\":1,\"x\":1}\n" ERROR("3", "bad-json",
					    "line 1, column 1: expected a value",
					    "") "{\"id\":3,\"x\":1}\n");
}
END_TEST

Suite *suite_ndjson(void)
{
	Suite *suite = suite_create("ndjson");
	TCase *tests = tcase_create("ndjson");
	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, each_line_has_its_result_in_its_place);
	tcase_add_test(tests, input_may_be_cut_anywhere);
	tcase_add_test(tests, input_may_come_byte_by_byte);
	tcase_add_test(tests, a_full_output_is_waited_for);
	tcase_add_test(tests, a_pause_comes_before_the_next_line);
	tcase_add_test(tests, nothing_gives_nothing);
	tcase_add_test(tests, a_line_of_the_limit_is_taken_with_any_end);
	tcase_add_test(tests, a_long_line_is_not_kept);
	tcase_add_test(tests, a_callback_hears_instead_of_the_output);
	tcase_add_test(tests, a_caller_may_run_documents_by_himself);
	tcase_add_test(tests, what_is_cancelled_has_no_result);
	tcase_add_test(tests, memory_that_runs_out_costs_one_line);
	suite_add_tcase(suite, tests);
	return suite;
}
