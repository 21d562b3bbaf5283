/* Each allocation fails in turn: what was said before is still believed, and asked for again. */
#include "agent/source/url.h"
#include "agent/source/url_answer.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <string.h>

static int on_batch(void *arg, enum batch_kind kind, const struct change *changes, size_t n,
		    int64_t revision)
{
	(void)kind, (void)changes, (void)revision;
	*(size_t *)arg += n;
	return 0;
}

static void take_without_memory(char *name, const char *body)
{
	size_t taken;
	const struct sink sink = {.batch = on_batch, .arg = &taken};
	for (long nth = 1;; nth++) {
		struct url_document d = {.name = name ? strdup(name) : NULL,
					 .url = strdup("http://h/x")};
		struct flume_err err = {0};
		const struct web_reply reply = {
			.status = 200, .body = body, .len = strlen(body), .etag = "x"};
		taken = 0;
		memory_fails_at(nth);
		int code = url_take(&d, &reply, &sink, &err);
		bool failed = memory_is_back();
		ck_assert(code == 0 || (failed && code == FLUME_NOMEM));
		ck_assert(code || taken == 1);
		ck_assert(!code || (!d.etag && !*d.digest && *err.text));
		ck_assert_int_eq(url_take(&d, &reply, &sink, &err), 0);
		ck_assert_uint_eq(taken, 1);
		url_document_fini(&d);
		if (!failed)
			return;
	}
}

START_TEST(each_allocation_for_an_answer_may_fail)
{
	take_without_memory(NULL, "{\"a\": \"1\"}");
	char name[] = "a";
	take_without_memory(name, "1");
}
END_TEST

START_TEST(each_allocation_of_a_start_may_fail)
{
	struct loop *loop = loop_new();
	struct source *source;
	const char *urls[] = {"a=https://h/a", "b=https://h/b", NULL};
	const struct source_url_options options = {
		.urls = urls, .ca_file = "x", .token_file = "y", .poll_ns = 1};
	for (long nth = 1;; nth++) {
		struct flume_err err = {0};
		memory_fails_at(nth);
		int code = source_url_new(&source, loop, &options, &(struct sink){0}, &err);
		bool failed = memory_is_back();
		ck_assert(code == 0 || (failed && *err.text));
		if (!code)
			source_free(source);
		if (!failed)
			break;
	}
	loop_free(loop);
}
END_TEST

Suite *suite_source_url_alloc(void)
{
	Suite *suite = suite_create("source_url_alloc");
	TCase *tests = tcase_create("each allocation");
	suite_add_tcase(suite, tests);
	tcase_add_test(tests, each_allocation_for_an_answer_may_fail);
	tcase_add_test(tests, each_allocation_of_a_start_may_fail);
	return suite;
}
