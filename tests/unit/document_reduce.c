/* What comes of branches: merge, collect, first. */
#include "tests/unit/document_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>

/* Branches `a` and `b` set something, `no` fails, `drop` drops. */
static const char *with_reducer(const char *reducer, const char *children)
{
	static char yaml[2000];
	snprintf(yaml, sizeof yaml,
		 "components:\n"
		 "  processors:\n"
		 "    a: {kind: set, fields: {x.a: 1, y: 1}}\n"
		 "    b: {kind: set, fields: {x.b: 2, y: 2}}\n"
		 "    no: {kind: fail, text: 'no to {id}'}\n"
		 "    drop: {kind: drop}\n"
		 "    gone: {kind: remove, fields: [id]}\n"
		 "  reducers: {r: %s}\n"
		 "type: concurrent\nreducer: r\nchildren: [%s]\n",
		 reducer, children);
	return yaml;
}

START_TEST(merge_writes_one_branch_over_the_other)
{
	expect_output(
		with_reducer("{kind: merge}", "{ref: b}, {ref: a}, {ref: gone}, {ref: drop}"),
		"{\"id\":7,\"x\":{\"o\":0}}",
		"{\"id\":7,\"x\":{\"o\":0,\"b\":2,\"a\":1},\"y\":1}");
	expect_failure(with_reducer("{kind: merge}", "{ref: a}, {ref: no}"), "{\"id\":7}",
		       "no: no to 7");
	expect_output(with_reducer("{kind: merge, on_failure: skip}", "{ref: a}, {ref: no}"),
		      "{\"id\":7}", "{\"id\":7,\"x\":{\"a\":1},\"y\":1}");
	expect_failure(with_reducer("{kind: merge}", "{ref: drop}, {ref: drop}, {ref: gone}"),
		       "[1]", "only objects can be merged");
}
END_TEST

START_TEST(collect_puts_them_side_by_side)
{
	expect_output(
		with_reducer("{kind: collect, to: all.of}", "{ref: a}, {ref: drop}, {ref: b}"),
		"{}",
		"{\"all\":{\"of\":[{\"x\":{\"a\":1},\"y\":1},{\"x\":{\"b\":2},\"y\":2}]}}");
	expect_output(
		with_reducer(
			"{kind: collect, to: all, as: object, only: y}",
			"{ref: a}, {ref: b, name: 'o\"o'}, {ref: b, name: a}, {ref: gone}"),
		"{\"id\":1}", "{\"id\":1,\"all\":{\"o\\\"o\":2,\"a\":2,\"gone\":null}}");
	expect_failure(with_reducer("{kind: collect, to: all}", "{ref: no}, {ref: a}"),
		       "{\"id\":1}", "no: no to 1");
	expect_output(with_reducer("{kind: collect, to: all, only: x, on_failure: skip}",
				   "{ref: no}, {ref: a}"),
		      "{}", "{\"all\":[{\"a\":1}]}");
	expect_output(with_reducer("{kind: collect, to: all}", "{ref: drop}"), "{}",
		      "{\"all\":[]}");
}
END_TEST

START_TEST(first_takes_the_first_that_did_not_fail)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	expect_output(
		with_reducer("{kind: first}", "{ref: no}, {ref: drop}, {ref: b}, {ref: a}"),
		"{\"id\":7}", "{\"id\":7,\"x\":{\"b\":2},\"y\":2}");
	expect_failure(with_reducer("{kind: first}", "{ref: drop}, {ref: no}"), "{\"id\":7}",
		       "no: no to 7");
	ck_assert_int_eq(process_document(with_reducer("{kind: first}", "{ref: drop}"), "{}",
					  &document, &err),
			 FLUME_DROPPED);
	document_free(document);
}
END_TEST

Suite *suite_document_reduce(void)
{
	Suite *suite = suite_create("document_reduce");
	TCase *cases = tcase_create("reduce");
	tcase_add_test(cases, merge_writes_one_branch_over_the_other);
	tcase_add_test(cases, collect_puts_them_side_by_side);
	tcase_add_test(cases, first_takes_the_first_that_did_not_fail);
	suite_add_tcase(suite, cases);
	return suite;
}
