/* Threads that serve documents, while a loop opens and closes what goes to candidates. */
#include "agent/engine/traffic.h"

#include "agent/document/split.h"
#include "tests/unit/engine_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"
#include "tests/unit/threads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct traffic *traffic;
static flume_pipeline *old, *new;
static flume_value *paths;

static flume_pipeline *build(const char *text)
{
	flume_schema *schema;
	flume_pipeline *pipeline;
	ck_assert_int_eq(
		flume_schema_parse(&schema, text, strlen(text), FLUME_YAML, NULL, NULL), 0);
	ck_assert_int_eq(flume_schema_build(schema, site.factory, &pipeline, NULL), 0);
	flume_schema_unref(schema);
	return pipeline;
}

static void open_traffic(void)
{
	traffic = traffic_new();
	ck_assert_ptr_nonnull(traffic);
	old = build(marking("1.0.0", 1, NULL));
	new = build(marking("1.1.0", 2, NULL));
}

static void close_traffic(void)
{
	traffic = traffic_free(traffic);
	old = flume_pipeline_unref(old);
	new = flume_pipeline_unref(new);
}

static struct share_terms half(void)
{
	return (struct share_terms){
		.name = "a", .candidate = new, .running = old, .share = SPLIT_WHOLE / 2};
}

static struct share *open_shadow(const struct share_terms *terms)
{
	struct share *share;
	ck_assert_int_eq(traffic_open_shadow(traffic, terms, &share, NULL), 0);
	return share;
}

static void offer(struct share *share, const char *body)
{
	share_offer(share, body, strlen(body));
}

static struct share_counts until_seen(struct share *share, uint64_t n)
{
	struct share_counts counts;
	do
		share_read(share, &counts);
	while (counts.compared + counts.skipped < n);
	return counts;
}

START_TEST(only_what_is_open_is_entered)
{
	struct share_terms terms = half();
	ck_assert_ptr_null(traffic_enter(traffic, "a"));
	struct share *opened = open_shadow(&terms), *entered = traffic_enter(traffic, "a");
	ck_assert_ptr_eq(entered, opened);
	ck_assert_ptr_null(traffic_enter(traffic, "b"));
	traffic_close(opened);
	ck_assert_ptr_null(traffic_enter(traffic, "a"));
	offer(entered, "{}"); /* good until it is left */
	ck_assert_ptr_null(share_pick(entered, NULL, "{}", 2));
	ck_assert_ptr_null(traffic_leave(entered));
	ck_assert_ptr_null(traffic_close(NULL));
	ck_assert_ptr_null(traffic_leave(NULL));
}
END_TEST

START_TEST(a_shadow_takes_its_share_of_the_documents)
{
	struct share_terms terms = half();
	struct share *share = open_shadow(&terms);
	struct share_counts counts = {0};
	for (int i = 0; i < 1000; i++) {
		offer(share, "{\"id\":1}");
		share_read(share, &counts);
	}
	counts = until_seen(share, 400);
	ck_assert_uint_eq(counts.documents, 1000);
	ck_assert_uint_lt(counts.compared + counts.skipped, 600);
	ck_assert_uint_eq(counts.differed, counts.compared);
	ck_assert_str_eq(counts.first, counts.compared ? "made_by: another number" : "");
	traffic_close(share);
}
END_TEST

START_TEST(a_full_queue_skips_documents_and_waits_for_nobody)
{
	struct share_terms terms = half();
	flume_pipeline *gate = build(running("1.1.0", "gate", NULL));
	struct share_counts counts;
	terms.candidate = gate;
	terms.share = SPLIT_WHOLE;
	struct share *share = open_shadow(&terms);
	for (int i = 0; i < 200; i++)
		offer(share, "{\"id\":1}");
	UNTIL(atomic_load(&site.at_gate) == 1);
	share_read(share, &counts);
	ck_assert_uint_ge(counts.skipped, 200 - 64 - 1);
	size_t large = (size_t)5 << 20;
	char *body = calloc(1, large);
	ck_assert_ptr_nonnull(body);
	share_offer(share, body, large);
	free(body);
	traffic_close(share);
	sem_post(&site.gate);
	flume_pipeline_unref(gate);
}
END_TEST

START_TEST(what_says_nothing_of_the_candidate_is_skipped)
{
	struct share_terms terms = half();
	flume_pipeline *nap = build(running("1.0.0", "nap", NULL));
	terms.running = nap; /* cancelled when it is closed, and no answer to compare with */
	terms.share = SPLIT_WHOLE;
	struct share *share = open_shadow(&terms);
	offer(share, "{\"id\":");
	struct share_counts counts = until_seen(share, 1);
	ck_assert_uint_eq(counts.skipped, 1);
	offer(share, "{}");
	traffic_close(share);
	flume_pipeline_unref(nap);
}
END_TEST

START_TEST(failures_are_alike_whatever_they_say)
{
	struct share_terms terms = half();
	flume_pipeline *flip = build(running("1.0.0", "flip", NULL));
	terms.running = flip;
	terms.share = SPLIT_WHOLE;
	atomic_store(&site.failing, true);
	struct share *share = open_shadow(&terms);
	offer(share, "{}");
	struct share_counts counts = until_seen(share, 1);
	ck_assert_uint_eq(counts.compared, 1);
	ck_assert_uint_eq(counts.differed, 0);
	traffic_close(share);
	flume_pipeline_unref(flip);
}
END_TEST

START_TEST(the_first_difference_is_the_one_that_is_told)
{
	struct share_terms terms = half();
	flume_pipeline *flip = build(running("1.0.0", "flip", NULL));
	terms.candidate = flip;
	terms.share = SPLIT_WHOLE;
	struct share *share = open_shadow(&terms);
	offer(share, "5"); /* no place for a mark */
	until_seen(share, 1);
	offer(share, "{}");
	struct share_counts counts = until_seen(share, 2);
	ck_assert_uint_eq(counts.differed, 2);
	ck_assert_ptr_nonnull(strstr(counts.first, "expected an error, got a document"));
	traffic_close(share);
	flume_pipeline_unref(flip);
}
END_TEST

START_TEST(only_a_candidate_that_serves_can_make_a_request_wait)
{
	struct share_terms terms = half();
	struct share *share;
	flume_pipeline *nap = build(running("1.0.0", "nap", NULL));
	terms.candidate = nap;
	ck_assert_int_eq(traffic_open_live(traffic, &terms, &share, NULL), 0);
	ck_assert(share_may_block(share));
	traffic_close(share);
	share = open_shadow(&terms);
	ck_assert(!share_may_block(share));
	traffic_close(share);
	flume_pipeline_unref(nap);
}
END_TEST

START_TEST(without_a_thread_there_is_no_shadow)
{
	struct share_terms terms = half();
	struct flume_err err = {0};
	struct share *share;
	no_threads(true);
	int rc = traffic_open_shadow(traffic, &terms, &share, &err);
	no_threads(false);
	ck_assert_int_eq(rc, FLUME_NOMEM);
	ck_assert_ptr_nonnull(strstr(err.text, "no thread for a shadow"));
	ck_assert_ptr_null(traffic_enter(traffic, "a"));
}
END_TEST

/* ---- without memory ---- */

static int open_short_of_memory(long nth, bool shadow)
{
	struct share_terms terms = half();
	struct share *share = NULL;
	terms.by = "user.id";
	terms.except = flume_value_get(paths, "except");
	memory_fails_at(nth);
	int rc = shadow ? traffic_open_shadow(traffic, &terms, &share, NULL)
			: traffic_open_live(traffic, &terms, &share, NULL);
	bool failed = memory_is_back();
	if (!shadow || rc) /* else it may have been the shadow's thread that had none */
		ck_assert_int_eq(rc, failed ? FLUME_NOMEM : 0);
	ck_assert_ptr_eq(traffic_leave(traffic_enter(traffic, "a")), NULL);
	traffic_close(share);
	return failed;
}

START_TEST(without_memory_nothing_is_opened)
{
	static const char text[] = "except: [a, 'b[1].c']";
	ck_assert_int_eq(
		flume_value_parse(&paths, text, sizeof text - 1, FLUME_YAML, NULL, NULL), 0);
	for (int shadow = 0; shadow < 2; shadow++) {
		long nth = 1;
		while (open_short_of_memory(nth, shadow))
			nth++;
		ck_assert_int_gt(nth, 3);
	}
	flume_value_free(paths);
}
END_TEST

START_TEST(a_sample_without_memory_is_skipped)
{
	struct share_terms terms = half();
	struct share_counts counts;
	terms.share = SPLIT_WHOLE;
	struct share *share = open_shadow(&terms);
	memory_fails_at(1);
	offer(share, "{}");
	ck_assert(memory_is_back());
	share_read(share, &counts);
	ck_assert_uint_eq(counts.skipped, 1);
	traffic_close(share);
}
END_TEST

/* ---- all at once ---- */

static atomic_bool over;
static atomic_int wrong;

static void serve_one(unsigned id)
{
	char body[32];
	struct document *document;
	struct share *share = traffic_enter(traffic, "a");
	int len = snprintf(body, sizeof body, "{\"id\":%u}", id);
	if (document_parse(&document, body, (size_t)len, NULL)) {
		wrong++;
		traffic_leave(share);
		return;
	}
	flume_pipeline *candidate =
		share ? share_pick(share, document, body, (size_t)len) : NULL;
	void *item = document;
	wrong += flume_pipeline_process(candidate ? candidate : old, NULL, &item, NULL) != 0;
	document_free(item);
	if (share)
		share_offer(share, body, (size_t)len);
	traffic_leave(share);
}

static void *serve_on(void *arg)
{
	for (unsigned id = 0; !over; id++)
		serve_one(id);
	return arg;
}

static struct share *open_either(int i)
{
	struct share_terms terms = half();
	struct share *share = NULL;
	terms.by = i % 4 < 2 ? "id" : NULL;
	int rc = i % 2 ? traffic_open_shadow(traffic, &terms, &share, NULL)
		       : traffic_open_live(traffic, &terms, &share, NULL);
	ck_assert_int_eq(rc, 0);
	return share;
}

START_TEST(shares_come_and_go_under_load)
{
	pthread_t threads[3];
	struct share_counts counts;
	uint64_t compared = 0, served = 0;
	over = false;
	wrong = 0;
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, serve_on, NULL), 0);
	for (int i = 0; i < 200; i++) {
		struct share *share = open_either(i);
		for (int k = 0; k < 20; k++) {
			share_read(share, &counts);
			sched_yield();
		}
		share_read(share, &counts);
		compared += counts.compared;
		served += counts.candidate_calls;
		traffic_close(share);
	}
	over = true;
	for (size_t i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(wrong, 0);
	ck_assert_uint_gt(compared, 0);
	ck_assert_uint_gt(served, 0);
}
END_TEST

Suite *suite_traffic(void)
{
	Suite *suite = suite_create("traffic");
	TCase *cases = site_case(suite, "traffic");
	tcase_add_checked_fixture(cases, open_traffic, close_traffic);
	tcase_add_test(cases, only_what_is_open_is_entered);
	tcase_add_test(cases, a_shadow_takes_its_share_of_the_documents);
	tcase_add_test(cases, a_full_queue_skips_documents_and_waits_for_nobody);
	tcase_add_test(cases, what_says_nothing_of_the_candidate_is_skipped);
	tcase_add_test(cases, failures_are_alike_whatever_they_say);
	tcase_add_test(cases, the_first_difference_is_the_one_that_is_told);
	tcase_add_test(cases, only_a_candidate_that_serves_can_make_a_request_wait);
	tcase_add_test(cases, without_a_thread_there_is_no_shadow);
	tcase_add_test(cases, without_memory_nothing_is_opened);
	tcase_add_test(cases, a_sample_without_memory_is_skipped);
	tcase_add_test(cases, shares_come_and_go_under_load);
	suite_add_tcase(suite, cases);
	return suite;
}
