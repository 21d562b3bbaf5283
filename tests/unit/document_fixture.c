#include "tests/unit/document_fixture.h"

#include "agent/document/kinds.h"
#include "agent/outside/kinds.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct document *read_document(const char *text)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	int rc = document_parse(&document, text, strlen(text), &err);
	ck_assert_msg(rc == 0, "%s: %s", text, err.text);
	return document;
}

void expect_document(struct document *document, const char *text)
{
	size_t len = 0;
	char *dump = document_dump(document, &len);
	ck_assert_ptr_nonnull(dump);
	ck_assert_str_eq(dump, text);
	ck_assert_uint_eq(len, strlen(text));
	free(dump);
	document_free(document);
}

struct path read_path(const char *text)
{
	struct path path = {0};
	struct flume_err err = {0};
	int rc = path_compile(&path, text, &err);
	ck_assert_msg(rc == 0, "%s: %s", text, err.text);
	return path;
}

flume_value *read_constant(const char *text)
{
	flume_value *value = NULL;
	int rc = flume_value_parse(&value, text, strlen(text), FLUME_YAML, NULL, NULL);
	ck_assert_msg(rc == 0, "%s: %d", text, rc);
	return value;
}

void expect_within(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in '%s'", part, text);
}

flume_factory *new_document_factory(void)
{
	flume_factory *factory = NULL;
	struct flume_options options = {.type = &document_type};
	struct flume_err err = {0};
	ck_assert_int_eq(flume_factory_new(&factory, &options, &err), 0);
	ck_assert_int_eq(document_register(factory, &err), 0);
	ck_assert_int_eq(outside_register(factory, &err), 0);
	return factory;
}

int build_schema(flume_factory *factory, const char *yaml, flume_pipeline **out, char *found,
		 size_t size)
{
	flume_schema *schema = NULL;
	flume_report *report = flume_report_new();
	int rc = flume_schema_parse(&schema, yaml, strlen(yaml), FLUME_YAML, NULL, report);
	if (!rc)
		rc = flume_schema_build(schema, factory, out, report);
	found[0] = '\0';
	for (size_t i = 0, at = 0; i < flume_report_size(report) && at < size; i++) {
		const struct flume_issue *issue = flume_report_get_issue(report, i);
		at += (size_t)snprintf(found + at, size - at, "%s: %s [%s]\n", issue->path,
				       issue->text, issue->code);
	}
	flume_report_free(report);
	flume_schema_unref(schema);
	return rc;
}

void expect_finding(const char *yaml, const char *finding)
{
	char found[2000];
	flume_factory *factory = new_document_factory();
	flume_pipeline *pipeline = NULL;
	ck_assert_int_eq(build_schema(factory, yaml, &pipeline, found, sizeof found),
			 FLUME_REJECTED);
	expect_within(found, finding);
	flume_factory_free(factory);
}

int process_document(const char *yaml, const char *input, struct document **out,
		     struct flume_err *err)
{
	char found[2000];
	flume_factory *factory = new_document_factory();
	flume_pipeline *pipeline = NULL;
	int rc = build_schema(factory, yaml, &pipeline, found, sizeof found);
	ck_assert_msg(rc == 0, "%s\n%s", yaml, found);
	void *item = read_document(input);
	rc = flume_pipeline_process(pipeline, NULL, &item, err);
	flume_pipeline_unref(pipeline);
	flume_factory_free(factory);
	*out = item;
	return rc;
}

void expect_output(const char *yaml, const char *input, const char *output)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	int rc = process_document(yaml, input, &document, &err);
	ck_assert_msg(rc == 0, "%s: %s", input, err.text);
	expect_document(document, output);
}

void expect_failure(const char *yaml, const char *input, const char *why)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	ck_assert_int_eq(process_document(yaml, input, &document, &err), FLUME_FAILED);
	ck_assert_str_eq(err.text, why);
	document_free(document);
}

const char *with_processor(const char *declaration)
{
	static char yaml[4000];
	snprintf(yaml, sizeof yaml, "components:\n  processors:\n    p: %s\nref: p\n",
		 declaration);
	return yaml;
}
