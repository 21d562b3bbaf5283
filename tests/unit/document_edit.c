/* Changes lie over the bytes that came, and leave the rest of them alone. */
#include "agent/document/body.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A word, a path, and, for most words, a value: JSON, or another path. */
struct edit {
	const char *what, *at, *with;
};

static int set_json(struct document *document, const struct path *path, const char *json,
		    struct flume_err *err)
{
	struct document *constant = read_document(json);
	int rc = document_set(document, path, constant, err);
	document_free(constant);
	return rc;
}

static int move(struct document *document, const struct path *from, const char *to,
		struct flume_err *err)
{
	struct document_move one = {*from, read_path(to)};
	const struct document_move *by_to[] = {&one};
	int rc = document_move(document, &one, by_to, 1, err);
	path_fini(&one.to);
	return rc;
}

static int copy(struct document *document, const char *from, const struct path *to,
		struct flume_err *err)
{
	struct path path = read_path(from);
	int rc = document_copy(document, to, document, &path, err);
	path_fini(&path);
	return rc;
}

static int merge(struct document *document, const char *json, struct flume_err *err)
{
	struct document *from = read_document(json);
	int rc = document_merge(document, from, err);
	document_free(from);
	return rc;
}

static int apply(struct document *document, const struct edit *edit, struct flume_err *err)
{
	struct path path = read_path(edit->at ? edit->at : "x");
	int rc = 0;
	if (!strcmp(edit->what, "set"))
		rc = set_json(document, &path, edit->with, err);
	else if (!strcmp(edit->what, "text"))
		rc = document_set_text(document, &path, edit->with, strlen(edit->with), err);
	else if (!strcmp(edit->what, "remove"))
		document_remove(document, &path);
	else if (!strcmp(edit->what, "move"))
		rc = move(document, &path, edit->with, err);
	else if (!strcmp(edit->what, "copy"))
		rc = copy(document, edit->with, &path, err);
	else if (!strcmp(edit->what, "keep"))
		rc = document_keep(document, &path, 1, err);
	else
		rc = merge(document, edit->with, err);
	path_fini(&path);
	return rc;
}

static void expect_edits(const char *before, const struct edit *edits, const char *after)
{
	struct document *document = read_document(before);
	for (; edits->what; edits++) {
		struct flume_err err = {0};
		int rc = apply(document, edits, &err);
		ck_assert_msg(rc == 0, "%s %s: %s", edits->what, edits->at, err.text);
	}
	struct document *clone = document_clone(document);
	expect_document(clone, after);
	expect_document(document, after);
}

#define EDITS(...)                       \
	(const struct edit[])            \
	{                                \
		__VA_ARGS__,             \
		{                        \
			NULL, NULL, NULL \
		}                        \
	}

static const char odd[] =
	"{\"a\":1.10,\"\\u0062\":[1E5,\"\\u00e4\\/\",{\"x\":-0}],"
	"\"c\":123456789012345678901234567890,\"d\":{\"e\":\"f\"},\"z\":null}";

START_TEST(what_is_not_touched_leaves_byte_for_byte)
{
	expect_edits(odd, EDITS({"remove", "d", NULL}),
		     "{\"a\":1.10,\"\\u0062\":[1E5,\"\\u00e4\\/\",{\"x\":-0}],"
		     "\"c\":123456789012345678901234567890,\"z\":null}");
	expect_edits(odd, EDITS({"set", "b[2].y", "1.0"}, {"set", "q", "[ 1e0 ]"}),
		     "{\"a\":1.10,\"\\u0062\":[1E5,\"\\u00e4\\/\",{\"x\":-0,\"y\":1.0}],"
		     "\"c\":123456789012345678901234567890,\"d\":{\"e\":\"f\"},\"z\":null,"
		     "\"q\":[1e0]}");
	expect_edits(odd, EDITS({"move", "b", "d.b"}, {"move", "c", "n"}),
		     "{\"a\":1.10,\"d\":{\"e\":\"f\",\"b\":[1E5,\"\\u00e4\\/\",{\"x\":-0}]},"
		     "\"z\":null,\"n\":123456789012345678901234567890}");
	expect_edits(odd, EDITS({"keep", "b[1]", NULL}), "{\"\\u0062\":[\"\\u00e4\\/\"]}");
	expect_edits(
		odd,
		EDITS({"remove", "b[0]", NULL}, {"remove", "a", NULL}, {"remove", "z", NULL}),
		"{\"\\u0062\":[\"\\u00e4\\/\",{\"x\":-0}],"
		"\"c\":123456789012345678901234567890,\"d\":{\"e\":\"f\"}}");
}
END_TEST

START_TEST(what_was_removed_can_be_set_again)
{
	expect_edits("{\"a\":{\"b\":1},\"c\":2}",
		     EDITS({"remove", "a", NULL}, {"set", "a.b", "3"}, {"remove", "c", NULL},
			   {"set", "c", "4"}),
		     "{\"a\":{\"b\":3},\"c\":4}");
	expect_edits("[1,2,3]",
		     EDITS({"remove", "[1]", NULL}, {"set", "[2]", "4"}, {"set", "[0]", "5"}),
		     "[5,3,4]");
	expect_edits("{\"a\":1}",
		     EDITS({"remove", "a", NULL}, {"set", "b", "1"}, {"remove", "b", NULL}),
		     "{}");
	expect_edits("{\"a\":[[],{}]}",
		     EDITS({"set", "a[0][0]", "1"}, {"set", "a[1].k", "2"},
			   {"remove", "a[0]", NULL}),
		     "{\"a\":[{\"k\":2}]}");
}
END_TEST

START_TEST(a_copy_is_no_alias)
{
	expect_edits(
		"{\"a\":{\"b\":[1,\"\\u0041\"]}}",
		EDITS({"copy", "c", "a"}, {"set", "a.b[0]", "2"}, {"remove", "c.b[1]", NULL}),
		"{\"a\":{\"b\":[2,\"\\u0041\"]},\"c\":{\"b\":[1]}}");
	expect_edits("{\"a\":{\"b\":1}}", EDITS({"copy", "a.c", "a"}, {"copy", "a.c.d", "a"}),
		     "{\"a\":{\"b\":1,\"c\":{\"b\":1,\"d\":{\"b\":1,\"c\":{\"b\":1}}}}}");
	expect_edits("{\"a\":{\"b\":{\"c\":1}}}",
		     EDITS({"copy", "a", "a.b"}, {"set", "a.d", "2"}),
		     "{\"a\":{\"c\":1,\"d\":2}}");
	expect_edits("{\"a\":1,\"b\":{}}",
		     EDITS({"copy", "b.x", "a"}, {"remove", "a", NULL}, {"copy", "a", "b.x"},
			   {"remove", "b", NULL}),
		     "{\"a\":1}");
}
END_TEST

START_TEST(keys_and_texts_are_escaped_where_they_must_be)
{
	expect_edits(
		"{}",
		EDITS({"text", "a\"b", "\"\\\n\x01"}, {"text", "\xC3\xA4", "\xF0\x9F\x98\x80"}),
		"{\"a\\\"b\":\"\\\"\\\\\\n\\u0001\",\"\xC3\xA4\":\"\xF0\x9F\x98\x80\"}");
	expect_edits("{\"a\\\"b\":1,\"\\u0063\":2}",
		     EDITS({"set", "a\"b", "3"}, {"remove", "c", NULL}), "{\"a\\\"b\":3}");
	/* As many bytes as the key with its escape, and not the same. */
	expect_edits("{\"\\u0061\":1}", EDITS({"set", "\\\\u0061", "2"}),
		     "{\"\\u0061\":1,\"\\\\u0061\":2}");
}
END_TEST

START_TEST(a_merge_replaces_adds_and_goes_down)
{
	expect_edits("{\"a\":{\"x\":1,\"y\":2},\"b\":1,\"\\u0063\":3}",
		     EDITS({"merge", NULL,
			    "{\"a\":{\"y\":[1.0],\"z\":{}},\"c\":{\"k\":1},\"b\":\"\\u0041\","
			    "\"\\n\":5}"}),
		     "{\"a\":{\"x\":1,\"y\":[1.0],\"z\":{}},\"b\":\"\\u0041\","
		     "\"\\u0063\":{\"k\":1},\"\\n\":5}");
	expect_edits("{\"a\":1}", EDITS({"merge", NULL, "{}"}), "{\"a\":1}");
	expect_edits("{}", EDITS({"merge", NULL, "{\"a\":{\"b\":[]}}"}, {"set", "a.c", "1"}),
		     "{\"a\":{\"b\":[],\"c\":1}}");
	struct document *document = read_document("{\"a\":{\"b\":1},\"c\":[2]}");
	ck_assert_int_eq(document_merge(document, document, NULL), 0);
	expect_document(document, "{\"a\":{\"b\":1},\"c\":[2]}");
}
END_TEST

static struct document *wide(size_t n, size_t first)
{
	char *text = malloc(n * 24 + 3);
	size_t at = 0;
	text[at++] = '{';
	for (size_t i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, "%s\"%zu\":%zu", i ? "," : "", first + i, i);
	text[at++] = '}';
	struct document *document = NULL;
	ck_assert_int_eq(document_parse(&document, text, at, NULL), 0);
	free(text);
	return document;
}

START_TEST(large_objects_are_merged_and_matched_in_time)
{
	struct document *left = wide(100000, 0), *right = wide(100000, 50000);
	const struct document_rules exact = {.exact = true};
	char why[200];
	ck_assert_int_eq(document_merge(left, right, NULL), 0);
	ck_assert_uint_eq(document_root(left).len, 150000);
	ck_assert(document_matches(left, right, NULL, why, sizeof why));
	ck_assert(!document_matches(left, right, &exact, why, sizeof why));
	expect_within(why, "0: expected nothing, got 0; ");
	expect_within(why, "and 49997 more");
	document_free(left);
	document_free(right);
}
END_TEST

/* ---- memory ---- */

START_TEST(many_changes_of_one_document_take_bounded_memory)
{
	struct document *document = read_document("{\"a\":1,\"b\":{\"c\":[1,2,3]},\"t\":\"\"}");
	struct path a = read_path("a"), deep = read_path("b.x.y"), parent = read_path("b.x"),
		    t = read_path("t"), array = read_path("b.c");
	struct document *constant = read_document("{\"k\":[1,{\"l\":\"m\"}]}");
	for (int i = 0; i < 20000; i++) {
		struct document_view view;
		ck_assert_int_eq(document_set_integer(document, &a, i, NULL), 0);
		ck_assert_int_eq(document_set(document, &deep, constant, NULL), 0);
		ck_assert_int_eq(document_copy(document, &deep, document, &array, NULL), 0);
		ck_assert_int_eq(document_set_text(document, &t, "some \"text\"", 11, NULL), 0);
		ck_assert(document_get(document, &t, &view));
		ck_assert_str_eq(view.text, "some \"text\"");
		ck_assert(document_remove(document, &parent));
	}
	ck_assert_uint_lt(document->bytes_cap, 65536);
	ck_assert_uint_lt(document->texts_cap, 65536);
	ck_assert_uint_lt(document->nodes_cap, 4096);
	document_free(constant);
	path_fini(&a);
	path_fini(&deep);
	path_fini(&parent);
	path_fini(&t);
	path_fini(&array);
	expect_document(document,
			"{\"a\":19999,\"b\":{\"c\":[1,2,3]},\"t\":\"some \\\"text\\\"\"}");
}
END_TEST

static struct path deep, other, large;
static struct document *merged;

static int try_set(struct document *document, struct flume_err *err)
{
	return document_set(document, &deep, merged, err);
}

static int try_text(struct document *document, struct flume_err *err)
{
	return document_set_text(document, &deep, "some \"text\"", 11, err);
}

static int try_json(struct document *document, struct flume_err *err)
{
	return document_set_json(document, &deep, "[1, {\"a\":\"b\"}]", 14, err);
}

static int try_move(struct document *document, struct flume_err *err)
{
	const struct document_move move = {other, deep}, *by_to[] = {&move};
	return document_move(document, &move, by_to, 1, err);
}

static int try_copy(struct document *document, struct flume_err *err)
{
	return document_copy(document, &deep, document, &large, err);
}

static int try_merge(struct document *document, struct flume_err *err)
{
	return document_merge(document, merged, err);
}

/* One whose blocks have no room left. */
static struct document *read_tight(const char *text)
{
	struct document *document = read_document(text);
	document->bytes_cap = document->n_bytes + BODY_PAD;
	document->nodes_cap = document->n_nodes;
	return document;
}

START_TEST(a_change_without_memory_changes_nothing)
{
	static int (*const tries[])(struct document *, struct flume_err *) = {
		try_set, try_text, try_json, try_move, try_copy, try_merge};
	static char before[3000] = "{\"a\":1,\"c\":[\"";
	memset(before + strlen(before), 'x', 2000);
	strcat(before, "\",1,2]}");
	deep = read_path("d.e.f");
	other = read_path("a");
	large = read_path("c");
	merged = read_document("{\"k\":[1,{\"l\":\"m\"}],\"c\":null}");
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		int failures = 0;
		bool failed = true;
		for (long nth = 1; failed; nth++) {
			struct document *document = read_tight(before);
			struct flume_err err = {0};
			memory_fails_at(nth);
			int rc = tries[i](document, &err);
			failed = memory_is_back();
			failures += rc != 0;
			ck_assert_int_eq(rc, rc ? FLUME_NOMEM : 0);
			if (rc)
				expect_document(document, before);
			else
				document_free(document);
		}
		ck_assert_int_gt(failures, 0);
	}
	document_free(merged);
	path_fini(&deep);
	path_fini(&other);
	path_fini(&large);
}
END_TEST

/* ---- threads ---- */

struct readers {
	const struct document *constant;
	struct path text, list, number;
};

static int count_text(void *arg, const char *key, size_t len, const struct document_view *view)
{
	(void)key;
	(void)len;
	*(size_t *)arg += view->len;
	return 0;
}

static void *read_it(void *arg)
{
	const struct readers *r = arg;
	for (int i = 0; i < 2000; i++) {
		struct document_view view;
		size_t letters = 0;
		struct document *own = read_document("{\"a\":1}"), *clone;
		if (!document_get(r->constant, &r->text, &view) ||
		    strcmp(view.text, "\xC3\xA4/") ||
		    !document_get(r->constant, &r->number, &view) || view.integer != 7 ||
		    document_each(r->constant, &r->list, count_text, &letters) || letters != 3)
			return NULL;
		if (document_set(own, &r->text, r->constant, NULL))
			return NULL;
		clone = document_clone(r->constant);
		bool same = document_matches(clone, r->constant, NULL, NULL, 0);
		document_free(clone);
		document_free(own);
		if (!same)
			return NULL;
	}
	return arg;
}

static void expect_many_readers(struct document *constant)
{
	struct readers readers = {constant, read_path("t"), read_path("l"), read_path("n")};
	pthread_t threads[2];
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_it, &readers), 0);
	for (int i = 0; i < 2; i++) {
		void *good = NULL;
		ck_assert_int_eq(pthread_join(threads[i], &good), 0);
		ck_assert_ptr_nonnull(good);
	}
	path_fini(&readers.text);
	path_fini(&readers.list);
	path_fini(&readers.number);
	document_free(constant);
}

START_TEST(a_constant_is_read_by_many_threads)
{
	flume_value *value = read_constant("{t: \"\\xE4/\", l: [a, bc], n: 7}");
	struct document *constant = NULL;
	ck_assert_int_eq(document_from_value(&constant, value, "root", NULL), 0);
	flume_value_free(value);
	expect_many_readers(constant);
	constant = read_document("{\"t\":\"\\u00e4\\/\",\"l\":[\"a\",\"\\u0062c\"],\"n\":7}");
	document_settle(constant);
	expect_many_readers(constant);
}
END_TEST

static void *free_it(void *document)
{
	document_free(document);
	return NULL;
}

START_TEST(a_document_may_be_freed_by_another_thread)
{
	for (int i = 0; i < 20; i++) {
		pthread_t thread;
		ck_assert_int_eq(pthread_create(&thread, NULL, free_it, read_document("[1]")),
				 0);
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
	}
}
END_TEST

START_TEST(what_a_thread_keeps_is_freed_when_it_ends)
{
	long before = 0;
	for (int i = 0; i < 20; i++) {
		pthread_t thread;
		struct document *documents[8];
		for (int k = 0; k < 8; k++)
			documents[k] = read_document("[1]");
		for (int k = 0; k < 8; k++) {
			ck_assert_int_eq(pthread_create(&thread, NULL, free_it, documents[k]),
					 0);
			ck_assert_int_eq(pthread_join(thread, NULL), 0);
		}
		if (i == 4)
			before = memory_alive();
	}
	ck_assert_int_le(memory_alive(), before);
}
END_TEST

Suite *suite_document_edit(void)
{
	Suite *suite = suite_create("document_edit");
	TCase *cases = tcase_create("edit");
	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, what_is_not_touched_leaves_byte_for_byte);
	tcase_add_test(cases, what_was_removed_can_be_set_again);
	tcase_add_test(cases, a_copy_is_no_alias);
	tcase_add_test(cases, keys_and_texts_are_escaped_where_they_must_be);
	tcase_add_test(cases, a_merge_replaces_adds_and_goes_down);
	tcase_add_test(cases, large_objects_are_merged_and_matched_in_time);
	suite_add_tcase(suite, cases);
	TCase *memory = tcase_create("memory");
	tcase_set_timeout(memory, 60);
	tcase_add_test(memory, many_changes_of_one_document_take_bounded_memory);
	tcase_add_test(memory, a_change_without_memory_changes_nothing);
	suite_add_tcase(suite, memory);
	TCase *threads = tcase_create("threads");
	tcase_set_timeout(threads, 60);
	tcase_add_test(threads, a_constant_is_read_by_many_threads);
	tcase_add_test(threads, a_document_may_be_freed_by_another_thread);
	tcase_add_test(threads, what_a_thread_keeps_is_freed_when_it_ends);
	suite_add_tcase(suite, threads);
	return suite;
}
