/* What passes and what is left out: sample and dedupe. */
#include "agent/document/seen.h"
#include "agent/document/split.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/suites.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A pipeline of one processor, for many documents. */
static flume_factory *factory;
static flume_pipeline *pipeline;

static void open_with(const char *declaration)
{
	char found[1000];
	factory = new_document_factory();
	int rc = build_schema(factory, with_processor(declaration), &pipeline, found,
			      sizeof found);
	ck_assert_msg(rc == 0, "%s", found);
}

static void close_pipeline(void)
{
	pipeline = flume_pipeline_unref(pipeline);
	factory = flume_factory_free(factory);
}

static int send(const char *input, unsigned flags)
{
	void *item = read_document(input);
	struct flume_call call = {.flags = flags};
	int rc = flume_pipeline_process(pipeline, &call, &item, NULL);
	document_free(item);
	return rc;
}

static int send_id(int id, unsigned flags)
{
	char input[60];
	snprintf(input, sizeof input, "{\"id\":\"user-%d\"}", id);
	return send(input, flags);
}

START_TEST(a_sample_takes_its_share_of_the_lots)
{
	int passed = 0;
	open_with("{kind: sample, share: 30%}");
	for (int i = 0; i < 4000; i++)
		passed += send("{}", 0) == 0;
	ck_assert_int_gt(passed, 1000);
	ck_assert_int_lt(passed, 1400);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(send("{}", FLUME_CALL_CANARY), 0);
	close_pipeline();
}
END_TEST

START_TEST(all_and_nothing_are_shares)
{
	open_with("{kind: sample, share: 100%}");
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(send("{}", 0), 0);
	close_pipeline();
	open_with("{kind: sample, share: 0%, by: id}");
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(send_id(i, FLUME_CALL_CANARY), FLUME_DROPPED);
	close_pipeline();
}
END_TEST

START_TEST(a_sample_by_a_value_is_the_same_everywhere)
{
	int passed = 0;
	open_with("{kind: sample, share: 10%, by: id, salt: orders}");
	for (int i = 0; i < 1000; i++) {
		char key[20];
		snprintf(key, sizeof key, "user-%d", i);
		bool takes =
			split_takes(10000, split_hash("sample", "orders", key, strlen(key)));
		ck_assert_int_eq(send_id(i, 0), takes ? 0 : FLUME_DROPPED);
		passed += takes;
	}
	ck_assert_int_gt(passed, 70);
	ck_assert_int_lt(passed, 130);
	close_pipeline();
}
END_TEST

START_TEST(what_has_no_key_goes_as_declared)
{
	static const struct {
		const char *word;
		int rc;
	} rows[] = {{"pass", 0}, {"drop", FLUME_DROPPED}, {"fail", FLUME_FAILED}};
	char declaration[200];
	for (size_t i = 0; i < 3; i++) {
		snprintf(declaration, sizeof declaration,
			 "{kind: sample, share: 50%%, by: id, missing: %s}", rows[i].word);
		open_with(declaration);
		ck_assert_int_eq(send("{}", 0), rows[i].rc);
		ck_assert_int_eq(send("{\"id\":null}", 0), rows[i].rc);
		close_pipeline();
		snprintf(declaration, sizeof declaration,
			 "{kind: dedupe, by: [id, n], missing: %s}", rows[i].word);
		open_with(declaration);
		ck_assert_int_eq(send("{\"id\":1}", 0), rows[i].rc);
		ck_assert_int_eq(send("{\"id\":1}", 0), rows[i].rc);
		close_pipeline();
	}
	expect_failure(with_processor("{kind: dedupe, by: [id], missing: fail}"), "{}",
		       "id: missing");
}
END_TEST

START_TEST(what_came_before_is_dropped)
{
	open_with("{kind: dedupe, by: [id, part]}");
	ck_assert_int_eq(send("{\"id\":\"a\",\"part\":\"bc\",\"n\":1}", 0), 0);
	ck_assert_int_eq(send("{\"id\":\"a\",\"part\":\"bc\",\"n\":2}", 0), FLUME_DROPPED);
	ck_assert_int_eq(send("{\"id\":\"ab\",\"part\":\"c\"}", 0), 0);
	ck_assert_int_eq(send("{\"id\":1,\"part\":[1]}", 0), 0);
	ck_assert_int_eq(send("{\"id\":1,\"part\":[1]}", 0), FLUME_DROPPED);
	close_pipeline();
}
END_TEST

START_TEST(a_canary_leaves_no_mark)
{
	open_with("{kind: dedupe, by: [id]}");
	ck_assert_int_eq(send_id(1, FLUME_CALL_CANARY), 0);
	ck_assert_int_eq(send_id(1, FLUME_CALL_CANARY), 0);
	ck_assert_int_eq(send_id(1, 0), 0);
	ck_assert_int_eq(send_id(1, FLUME_CALL_CANARY), 0);
	ck_assert_int_eq(send_id(1, 0), FLUME_DROPPED);
	close_pipeline();
}
END_TEST

START_TEST(the_oldest_key_makes_room)
{
	open_with("{kind: dedupe, by: [id], keys: 3}");
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(send_id(i, 0), 0);
	ck_assert_int_eq(send_id(3, 0), FLUME_DROPPED);
	ck_assert_int_eq(send_id(1, 0), FLUME_DROPPED);
	ck_assert_int_eq(send_id(0, 0), 0);
	ck_assert_int_eq(send_id(1, 0), 0);
	close_pipeline();
}
END_TEST

static atomic_int passed;

static void *send_many(void *arg)
{
	for (int i = 0; i < 500; i++)
		if (send_id(i, 0) == 0)
			passed++;
	return arg;
}

START_TEST(of_many_at_once_one_passes)
{
	pthread_t threads[4];
	open_with("{kind: dedupe, by: [id]}");
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, send_many, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(passed, 500);
	close_pipeline();
}
END_TEST

/* ---- what is remembered ---- */

START_TEST(a_key_is_forgotten_when_its_time_is_over)
{
	struct seen *seen = seen_new(10, 100);
	struct seen_key a = {1, 1}, b = {1, 2};
	ck_assert(!seen_before(seen, a, 1000));
	ck_assert(!seen_before(seen, b, 1050));
	ck_assert(seen_before(seen, a, 1099));
	ck_assert(!seen_before(seen, a, 1100));
	ck_assert(seen_before(seen, b, 1149));
	ck_assert(!seen_before(seen, b, 1150));
	ck_assert(seen_before(seen, a, 1199));
	seen_free(seen);
}
END_TEST

/* Against a list that is searched from one end to the other. */
START_TEST(what_is_remembered_is_what_came_last)
{
	enum { MOST = 37, STEPS = 20000 };
	struct seen *seen = seen_new(MOST, 500);
	struct {
		uint64_t key;
		int64_t at;
	} all[STEPS];
	size_t n = 0, first = 0;
	unsigned random = 1;
	for (int64_t now = 0; now < STEPS; now++) {
		random = random * 1103515245 + 12345;
		uint64_t key = random >> 16 & 63;
		while (first < n && (n - first > MOST || now - all[first].at >= 500))
			first++;
		bool known = false;
		for (size_t i = first; i < n; i++)
			known |= all[i].key == key;
		ck_assert_int_eq(seen_before(seen, (struct seen_key){key & 7, key}, now),
				 known);
		if (!known) {
			all[n].key = key;
			all[n++].at = now;
			if (n - first > MOST)
				first++;
		}
	}
	ck_assert_uint_gt(n, 100);
	seen_free(seen);
}
END_TEST

Suite *suite_document_sift(void)
{
	Suite *suite = suite_create("document_sift");
	TCase *cases = tcase_create("sift");
	tcase_add_test(cases, a_sample_takes_its_share_of_the_lots);
	tcase_add_test(cases, all_and_nothing_are_shares);
	tcase_add_test(cases, a_sample_by_a_value_is_the_same_everywhere);
	tcase_add_test(cases, what_has_no_key_goes_as_declared);
	tcase_add_test(cases, what_came_before_is_dropped);
	tcase_add_test(cases, a_canary_leaves_no_mark);
	tcase_add_test(cases, the_oldest_key_makes_room);
	tcase_add_test(cases, of_many_at_once_one_passes);
	tcase_add_test(cases, a_key_is_forgotten_when_its_time_is_over);
	tcase_add_test(cases, what_is_remembered_is_what_came_last);
	suite_add_tcase(suite, cases);
	return suite;
}
