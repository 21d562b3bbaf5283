/* Does the node still see its source, and what does it say when it does not? */
#include "tests/unit/engine_fixture.h"

#include "lib/base/text.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void prove(int64_t revision)
{
	site.sink.proved(site.sink.arg, revision);
}

static void begin_with(int64_t blind_after_ms)
{
	site.options.blind_after_ns = blind_after_ms * 1000000;
	site_restart();
}

START_TEST(a_proof_is_told_with_its_time)
{
	begin_with(30000);
	site_says(".freshness.proved_at", "-");
	site_says(".freshness.blind", "false");
	site_says(".freshness.bound", "30s");
	prove(77);
	site_says(".freshness.proved_revision", "77");
	site_says(".proved_revision", "77");
	site_says_part(".freshness.proved_at", "Z");
	site_counts("flume_blind 0");
	const struct page *page = board_take(site.board);
	ck_assert_ptr_nonnull(strstr(page->metrics, "\nflume_proved_timestamp_seconds 1"));
	board_release(site.board, page);
	ck_assert_ptr_nonnull(
		strstr(site_why(), "nothing up to revision 77 is missing, proved at 2"));
}
END_TEST

START_TEST(a_source_without_revisions_names_none_and_says_that_it_is_down)
{
	begin_with(30000);
	site.sink.link(site.sink.arg, true, NULL);
	prove(0);
	ck_assert_ptr_nonnull(strstr(site_why(), "nothing is missing, proved at 2"));
	ck_assert_ptr_null(strstr(site_why(), "is down"));
	site.sink.link(site.sink.arg, false, "a web page");
	ck_assert_ptr_nonnull(strstr(site_why(), "\netcd is down: a web page\n"));
}
END_TEST

START_TEST(a_silent_source_makes_the_node_blind_whatever_its_link_says)
{
	begin_with(150);
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_until("a.running.proven", "true");
	site.sink.link(site.sink.arg, true, NULL);
	prove(5);
	site_says(".freshness.blind", "false");
	site_until(".freshness.blind", "true");
	site_says(".link.up", "true");
	site_counts("flume_blind 1");
	ck_assert_ptr_nonnull(strstr(site_why(), "blind: etcd has proved nothing since 2"));
	ck_assert_ptr_nonnull(strstr(site_why(), ", for more than 150ms\n"));
	/* It serves on, and stays ready. */
	ck_assert(site_is_ready());
	site_made_by("a", 1);
	prove(5);
	site_says(".freshness.blind", "false");
	site_counts("flume_blind 0");
	site_until(".freshness.blind", "true");
}
END_TEST

START_TEST(being_blind_is_news_and_a_proof_is_not)
{
	begin_with(150);
	prove(5);
	site_turn();
	int told = site.told;
	for (int i = 0; i < 5; i++) {
		prove(5);
		site_turn();
	}
	ck_assert_int_eq(site.told, told);
	site_until(".freshness.blind", "true");
	ck_assert_int_eq(site.told, told + 1);
	prove(5);
	site_turn();
	ck_assert_int_eq(site.told, told + 2);
}
END_TEST

START_TEST(a_node_without_a_source_is_never_blind)
{
	site.options.source = "none";
	begin_with(1);
	for (int i = 0; i < 3; i++)
		site_turn();
	site_says(".freshness", "-");
	site_counts("flume_blind 0");
}
END_TEST

START_TEST(a_store_that_went_back_is_counted)
{
	begin_with(30000);
	prove(77);
	site_counts("flume_store_resets_total 0");
	site_says(".freshness.resets", "-");
	site.sink.reset(site.sink.arg, 3);
	site_says(".freshness.resets", "1");
	site_says_part(".freshness.reset_at", "Z");
	site_counts("flume_store_resets_total 1");
	site_counts("flume_proved_revision 3");
	ck_assert_ptr_nonnull(strstr(site_why(), "the store was wiped or restored, seen at 2"));
}
END_TEST

START_TEST(what_only_another_proof_changed_is_marked_on_the_page)
{
	begin_with(30000);
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_until("a.running.proven", "true");
	prove(77);
	site_turn();
	const struct page *before = board_take(site.board);
	prove(123456);
	site_turn();
	const struct page *after = board_take(site.board);
	ck_assert_uint_eq(before->proof.begin, after->proof.begin);
	ck_assert_uint_lt(before->proof.begin, before->proof.end);
	ck_assert_int_eq(memcmp(before->status, after->status, before->proof.begin), 0);
	ck_assert_str_eq(before->status + before->proof.end, after->status + after->proof.end);
	ck_assert_str_ne(before->status, after->status);
	board_release(site.board, before);
	board_release(site.board, after);
}
END_TEST

/* ---- too big for etcd ---- */

static char *long_ref(size_t n)
{
	struct text t = {0};
	text_add(&t, "version: \"1.0.0\"\ntype: sequence\nchildren:\n");
	for (int i = 0; i < 16; i++) {
		text_add(&t, "  - ref: m");
		for (size_t k = 0; k < n; k++)
			text_add_char(&t, 'm');
		text_add_char(&t, '\n');
	}
	return text_take(&t);
}

static void put_bad_ones(int n, const char *text)
{
	char(*names)[16] = calloc((size_t)n, sizeof *names);
	struct change *changes = calloc((size_t)n, sizeof *changes);
	for (int i = 0; i < n; i++) {
		snprintf(names[i], sizeof names[i], "s%04d", i);
		changes[i] = (struct change){.name = names[i],
					     .text = text,
					     .len = strlen(text),
					     .format = FLUME_YAML,
					     .revision = i + 1,
					     .origin = "etcd",
					     .place = names[i]};
	}
	ck_assert_int_eq(site.sink.batch(site.sink.arg, BATCH_EVENTS, changes, (size_t)n, n),
			 0);
	site_turn();
	free(changes);
	free(names);
}

static flume_value *brief_of(const struct page *page)
{
	const struct flume_limits limits = {.bytes = 16 << 20, .nodes = 1 << 20};
	flume_value *value = NULL;
	ck_assert_ptr_nonnull(page->brief);
	ck_assert_uint_le(strlen(page->brief), 1 << 20);
	ck_assert_int_eq(flume_value_parse(&value, page->brief, strlen(page->brief), FLUME_JSON,
					   &limits, NULL),
			 0);
	ck_assert_str_eq(flume_value_text(flume_value_get(value, "truncated")), "true");
	ck_assert_str_eq(flume_value_text(flume_value_get(value, "node")), "node-1");
	return value;
}

START_TEST(errors_are_shortened_where_the_status_would_be_too_big)
{
	char *text = long_ref(100);
	put_bad_ones(300, text);
	const struct page *page = board_take(site.board);
	ck_assert_uint_gt(strlen(page->status), 1 << 20);
	flume_value *value = brief_of(page);
	const flume_value *schemas = flume_value_get(value, "schemas");
	ck_assert_uint_eq(flume_value_size(schemas), 300);
	const flume_value *attempted = flume_value_get(flume_value_at(schemas, 7), "attempted");
	ck_assert_str_eq(flume_value_text(flume_value_get(attempted, "stage")), "check");
	ck_assert_uint_eq(flume_value_size(flume_value_get(attempted, "errors")), 1);
	flume_value_free(value);
	board_release(site.board, page);
	free(text);
}
END_TEST

START_TEST(then_attempts_are_left_out)
{
	char *text = long_ref(100);
	put_bad_ones(2200, text);
	const struct page *page = board_take(site.board);
	flume_value *value = brief_of(page);
	const flume_value *schemas = flume_value_get(value, "schemas");
	ck_assert_uint_eq(flume_value_size(schemas), 2200);
	const flume_value *schema = flume_value_at(schemas, 7);
	ck_assert_ptr_null(flume_value_get(schema, "attempted"));
	ck_assert_str_eq(flume_value_text(flume_value_get(schema, "state")), "rejected");
	flume_value_free(value);
	board_release(site.board, page);
	free(text);
}
END_TEST

START_TEST(then_schemas_are)
{
	put_bad_ones(7000, "version: \"1.0.0\"\nref: missing\n");
	const struct page *page = board_take(site.board);
	flume_value *value = brief_of(page);
	size_t shown = flume_value_size(flume_value_get(value, "schemas"));
	long left_out = atol(flume_value_text(flume_value_get(value, "left_out")));
	ck_assert_int_gt(left_out, 0);
	ck_assert_int_eq((long)shown + left_out, 7000);
	flume_value_free(value);
	board_release(site.board, page);
}
END_TEST

START_TEST(a_usual_one_is_whole)
{
	put_bad_ones(10, "ref: missing\n");
	const struct page *page = board_take(site.board);
	ck_assert_ptr_null(page->brief);
	board_release(site.board, page);
	site_says(".truncated", "-");
}
END_TEST

Suite *suite_engine_sight(void)
{
	Suite *suite = suite_create("engine_sight");
	TCase *sight = site_case(suite, "sight");
	tcase_add_test(sight, a_proof_is_told_with_its_time);
	tcase_add_test(sight, a_source_without_revisions_names_none_and_says_that_it_is_down);
	tcase_add_test(sight, a_silent_source_makes_the_node_blind_whatever_its_link_says);
	tcase_add_test(sight, being_blind_is_news_and_a_proof_is_not);
	tcase_add_test(sight, a_node_without_a_source_is_never_blind);
	tcase_add_test(sight, a_store_that_went_back_is_counted);
	tcase_add_test(sight, what_only_another_proof_changed_is_marked_on_the_page);
	TCase *size = site_case(suite, "size");
	tcase_set_timeout(size, 300); /* sanitizers take their time over thousands of schemas */
	tcase_add_test(size, a_usual_one_is_whole);
	tcase_add_test(size, errors_are_shortened_where_the_status_would_be_too_big);
	tcase_add_test(size, then_attempts_are_left_out);
	tcase_add_test(size, then_schemas_are);
	return suite;
}
