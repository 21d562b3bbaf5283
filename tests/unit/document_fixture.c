#include "tests/unit/document_fixture.h"

#include <check.h>
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
