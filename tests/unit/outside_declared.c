/* What is declared of a component is refused with its field, or the component is made. */
#include "tests/unit/document_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/outside_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>

START_TEST(a_bad_declaration_is_refused_with_the_field)
{
	expect_refused(&kind_http_channel, "{kind: http, url: 'ftp://x/'}", "url", "http");
	expect_refused(&kind_http_channel, "{url: 'http://x/', headers: {'a b': c}}", "headers",
		       "no header");
	expect_refused(&kind_http_channel, "{url: 'http://x/', headers: {a: \"c\\nd\"}}",
		       "headers", "no header");
	expect_refused(&kind_unix, "{path: x, type: packet}", "type",
		       "'packet' is not stream or datagram");
	expect_refused(&kind_unix, "{path: ''}", "path", "1 to 107 bytes");
	expect_refused(&kind_file, "{path: x, fsync: often}", "fsync",
		       "'often' is not never, rotate, line or second");
	expect_refused(&kind_http_channel_unopened, "{url: 'ftp://x/'}", "url", "http");
}
END_TEST

START_TEST(where_schemas_are_only_checked_nothing_is_opened)
{
	static const struct {
		const struct flume_maker *maker;
		const char *yaml;
	} rows[] = {
		{&kind_http_channel_unopened, "{url: 'http://127.0.0.1:1/'}"},
		{&kind_unix_unopened, "{path: /no/such/socket}"},
		{&kind_file_unopened, "{path: /no/such/file}"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct made made = make_outside(rows[i].maker, rows[i].yaml);
		expect_sent(&made, NULL, "1", FLUME_FAILED);
		unmake(&made);
	}
}
END_TEST

START_TEST(null_forgets)
{
	struct made made = make_outside(&kind_null, "{}");
	expect_sent(&made, NULL, "1", 0);
	ck_assert(made.is.prompt);
	unmake(&made);
}
END_TEST

static void make_without_memory(const struct flume_maker *maker, const char *declaration)
{
	for (long nth = 1;; nth++) {
		flume_value *decl = read_constant(declaration);
		struct flume_component is = {.name = "c"};
		memory_fails_at(nth);
		int rc = maker->make(decl, "c", NULL, &is, NULL);
		bool failed = memory_is_back();
		ck_assert_msg(failed ? rc == FLUME_NOMEM || !rc : !rc, "%s: %ld: %s",
			      maker->kind, nth, flume_code_text(rc));
		if (!rc)
			is.done(is.arg);
		flume_value_free(decl);
		if (!failed)
			break;
	}
}

START_TEST(without_memory_no_component_is_made)
{
	char declaration[400];
	scratch_write("t.csv", "id,name\n7,Ada\n");
	snprintf(declaration, sizeof declaration, "{path: %s, field: a, into: b, default: [1]}",
		 scratch_path("t.csv"));
	make_without_memory(&kind_lookup, declaration);
	snprintf(declaration, sizeof declaration, "{path: %s, fsync: second}",
		 scratch_path("out"));
	make_without_memory(&kind_file, declaration);
	make_without_memory(&kind_unix, "{path: /no/such/socket}");
	make_without_memory(&kind_enrich,
			    "{url: 'http://127.0.0.1:1/{a}', into: b, canary: 1}");
	make_without_memory(&kind_stdout, "{}");
	make_without_memory(&kind_jq, "{program: .}");
}
END_TEST

Suite *suite_outside_declared(void)
{
	Suite *suite = suite_create("outside_declared");
	TCase *tc = scratch_case(suite, "declared");
	tcase_add_test(tc, a_bad_declaration_is_refused_with_the_field);
	tcase_add_test(tc, where_schemas_are_only_checked_nothing_is_opened);
	tcase_add_test(tc, null_forgets);
	tcase_add_test(tc, without_memory_no_component_is_made);
	return suite;
}
