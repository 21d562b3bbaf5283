/*
 * Lines through a pipeline on threads: results and refusals in the order of the lines, also when an
 * allocation of a worker fails; then they are those of the first lines, none left out.
 */
#include "agent/cmd/blocks.h"

#include "agent/cmd/refusals.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <check.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- refusals ---- */

static void write_line(void *arg, const struct ndjson_refusal *r)
{
	text_addf(arg, "%" PRIu64 " %s %s: %s '%.*s'\n", r->line, r->word, r->step, r->detail,
		  (int)r->len, r->input);
}

static const struct ndjson_refusal refused[] = {
	{3, FLUME_SYNTAX, "bad-json", "", "no value", "{", 1},
	{7, FLUME_FAILED, "failed", "pay", "too much", "{\"x\":1}", 7},
};

START_TEST(refusals_are_told_when_the_lines_before_are_known)
{
	struct text kept = {0}, told = {0};
	refusals_keep(&kept, &refused[0]);
	refusals_keep(&kept, &refused[1]);
	refusals_tell(&kept, 100, write_line, &told);
	ck_assert_str_eq(told.s, "103 bad-json : no value '{'\n"
				 "107 failed pay: too much '{\"x\":1}'\n");
	text_fini(&kept);
	text_fini(&told);
}
END_TEST

START_TEST(a_refusal_is_kept_whole_or_not_at_all)
{
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		struct text kept = {0}, told = {0};
		memory_fails_at(nth);
		refusals_keep(&kept, &refused[0]);
		refusals_keep(&kept, &refused[1]);
		failed = memory_is_back();
		ck_assert(kept.failed == failed);
		refusals_tell(&kept, 0, write_line, &told);
		ck_assert(failed || told.len > 40);
		text_fini(&kept);
		text_fini(&told);
	}
}
END_TEST

/* ---- workers ---- */

enum { LINES = 30 };

static struct {
	long nth; /* allocation of the worker that fails, counted from its first document */
	bool failed;
	struct text out;
	size_t refused;
} w;

static int arm(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	if (w.nth)
		memory_fails_at(w.nth);
	w.nth = 0;
	return 0;
}

static int look(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	w.failed |= memory_has_failed();
	return 0;
}

static void on_refused(void *arg, const struct ndjson_refusal *r)
{
	(void)arg;
	w.refused++;
	ck_assert_msg(strstr(r->detail, "memory") != NULL, "%s", r->detail);
}

static enum blocks_put on_put(void *arg, const char *s, size_t n)
{
	(void)arg;
	w.failed |= memory_has_failed();
	text_add_n(&w.out, s, n);
	return BLOCKS_MORE;
}

static void expect_in_order(const struct blocks_count *count, bool all)
{
	const char *at = w.out.s;
	unsigned last = 0, n = 0;
	for (; at && *at; at = strchr(at, '\n') + 1, n++) {
		unsigned line;
		ck_assert_int_eq(sscanf(at, "{\"n\":%u", &line), 1);
		ck_assert_uint_gt(line, last);
		ck_assert(!all || w.refused || line == last + 1);
		last = line;
	}
	ck_assert_uint_eq(count->written, n);
	ck_assert_uint_eq(count->rejected, w.refused);
	if (all)
		ck_assert_uint_eq(count->read, LINES);
}

static int run(flume_pipeline *pipeline, unsigned threads, struct blocks_count *count)
{
	int ends[2];
	ck_assert_int_eq(pipe(ends), 0);
	for (int i = 1; i <= LINES; i++)
		dprintf(ends[1], "{\"n\":%d,\"longer\":\"%0*d\"}\n", i, 40 * i, 1);
	close(ends[1]);
	struct intake in = {.fd = ends[0], .wake = -1, .most = 10000, .size = 64};
	struct blocks *blocks;
	const struct blocks_how how = {&in, pipeline, threads, on_refused, on_put, NULL};
	ck_assert_int_eq(blocks_start(&blocks, &how), 0);
	struct pollfd done = {.fd = blocks_get_done(blocks), .events = POLLIN};
	ck_assert_int_eq(poll(&done, 1, 60000), 1);
	blocks_read(blocks, count);
	int code = blocks_end(blocks);
	intake_fini(&in);
	close(ends[0]);
	return code;
}

START_TEST(without_memory_of_a_worker_the_first_lines_are_out)
{
	char found[500];
	flume_pipeline *pipeline = NULL;
	flume_factory *factory = new_document_factory();
	flume_factory_add(factory, &(struct flume_component){.name = "arm", .run = arm}, NULL);
	flume_factory_add(factory, &(struct flume_component){.name = "look", .run = look},
			  NULL);
	ck_assert_int_eq(build_schema(factory,
				      "{type: sequence, children: [{ref: arm}, {ref: look}]}",
				      &pipeline, found, sizeof found),
			 0);
	int code = FLUME_NOMEM;
	for (long nth = 1; w.failed || code; nth++) {
		struct blocks_count count;
		w.nth = nth;
		w.failed = false;
		w.refused = w.out.len = 0;
		code = run(pipeline, 1, &count);
		ck_assert_msg(!code || code == FLUME_NOMEM, "%d", code);
		expect_in_order(&count, !code);
		ck_assert(w.failed || !w.refused);
	}
	flume_pipeline_unref(pipeline);
	flume_factory_free(factory);
	text_fini(&w.out);
}
END_TEST

START_TEST(results_of_many_threads_are_in_order)
{
	char found[500];
	struct blocks_count count;
	flume_pipeline *pipeline = NULL;
	flume_factory *factory = new_document_factory();
	ck_assert_int_eq(build_schema(factory,
				      with_processor("{kind: remove, fields: [longer]}"),
				      &pipeline, found, sizeof found),
			 0);
	ck_assert_int_eq(run(pipeline, 8, &count), 0);
	expect_in_order(&count, true);
	flume_pipeline_unref(pipeline);
	flume_factory_free(factory);
	text_fini(&w.out);
}
END_TEST

Suite *suite_blocks(void)
{
	Suite *suite = suite_create("blocks");
	TCase *tests = tcase_create("blocks");
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, refusals_are_told_when_the_lines_before_are_known);
	tcase_add_test(tests, a_refusal_is_kept_whole_or_not_at_all);
	tcase_add_test(tests, without_memory_of_a_worker_the_first_lines_are_out);
	tcase_add_test(tests, results_of_many_threads_are_in_order);
	suite_add_tcase(suite, tests);
	return suite;
}
