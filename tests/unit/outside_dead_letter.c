/* Documents that failed are sent aside, or fail all the same. */
#include "tests/unit/document_fixture.h"
#include "tests/unit/outside_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char yaml[1000];

static const char letters[] =
	"components:\n"
	"  processors: {p: {kind: require, fields: [total]}}\n"
	"  channels: {dead: {kind: 'null'}}\n"
	"  error_handlers: {h: {kind: dead-letter, channel: %s, note: orders%s}}\n"
	"type: handle\nerror_handler: h\nchild: {ref: p}\n";

START_TEST(a_dead_letter_leaves_the_pipeline_or_goes_on_failing)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	snprintf(yaml, sizeof yaml, letters, "dead", "");
	ck_assert_int_eq(process_document(yaml, "{}", &document, &err), FLUME_DROPPED);
	document_free(document);
	snprintf(yaml, sizeof yaml, letters, "dead", ", then: fail");
	expect_failure(yaml, "{}", "missing: total");
	snprintf(yaml, sizeof yaml, letters, "deed", "");
	expect_finding(yaml, "channel 'deed' not found");
}
END_TEST

/* In a factory of a node, where channels may be declared. */
static void run_letters(const char *channel, char *found, size_t size)
{
	flume_factory *factory = new_document_factory();
	flume_report *report = flume_report_new();
	snprintf(yaml, sizeof yaml,
		 "channels: {dead: %s}\n"
		 "error_handlers: {h: {kind: dead-letter, channel: dead, note: orders}}\n",
		 channel);
	ck_assert_int_eq(flume_factory_take_declared(factory, read_constant(yaml), report), 0);
	flume_report_free(report);
	flume_pipeline *pipeline = NULL;
	ck_assert_int_eq(build_schema(factory,
				      "components: {processors: {p: {kind: require, fields: "
				      "[total]}}}\n"
				      "type: handle\nerror_handler: h\nchild: {ref: p}\n",
				      &pipeline, found, size),
			 0);
	for (int i = 0; i < 2; i++) {
		struct flume_call call = {.flags = i ? 0 : FLUME_CALL_CANARY};
		struct flume_err err = {0};
		void *item = read_document("{\"id\":1.50}");
		int rc = flume_pipeline_process(pipeline, &call, &item, &err);
		snprintf(found, size, "%d %s", rc, err.text);
		document_free(item);
	}
	flume_pipeline_unref(pipeline);
	flume_factory_free(factory);
}

START_TEST(a_dead_letter_says_what_failed_and_where)
{
	char found[600], channel[300];
	snprintf(channel, sizeof channel, "{kind: file, path: %s}", scratch_path("out"));
	run_letters(channel, found, sizeof found);
	ck_assert_str_eq(found, "1 ");
	char *text = scratch_read("out");
	ck_assert_ptr_eq(strchr(text, '\n'),
			 text + strlen(text) - 1); /* the canary's is not there */
	expect_within(text, "{\"at\":\"20");
	expect_within(text,
		      "Z\",\"code\":\"failed\",\"error\":\"missing: total\",\"path\":\"p\","
		      "\"note\":\"orders\",\"document\":{\"id\":1.5");
	free(text);
}
END_TEST

START_TEST(a_dead_letter_that_cannot_be_sent_drops_nothing)
{
	char found[600];
	run_letters("{kind: file, path: /dev/full}", found, sizeof found);
	ck_assert_str_eq(found, "-7 missing: total; then the dead letter failed: /dev/full: No "
				"space left on device");
}
END_TEST

Suite *suite_outside_dead_letter(void)
{
	Suite *suite = suite_create("outside_dead_letter");
	TCase *tc = scratch_case(suite, "dead_letter");
	tcase_add_test(tc, a_dead_letter_leaves_the_pipeline_or_goes_on_failing);
	tcase_add_test(tc, a_dead_letter_says_what_failed_and_where);
	tcase_add_test(tc, a_dead_letter_that_cannot_be_sent_drops_nothing);
	return suite;
}
