/*
 * Tables of the component lookup: whatever is taken has values that are JSON, and each of them is found
 * under its key; and JSON is taken exactly when it is an object that the reader of documents takes.
 */
#include "agent/outside/table.h"

#include "agent/document/document.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static void require_json(const char *json, size_t len)
{
	struct document *document = NULL;
	require(!document_parse(&document, json, len, NULL), "a value is JSON");
	document_free(document);
}

static int require_member(void *arg, const char *key, size_t key_len,
			  const struct document_view *view)
{
	size_t len = 0;
	const char *found = table_get(arg, key, key_len, &len);
	(void)view;
	require(found, "each member is found");
	require_json(found, len);
	return 0;
}

static void try_json(const char *text, size_t size)
{
	struct table *table = NULL;
	struct document *document = NULL;
	struct flume_err err = {0};
	int rc = table_read_json(&table, text, size, &err);
	require(!rc == !*err.text, "what is refused has a reason");
	bool object = !document_parse(&document, text, size, NULL) &&
		      document_root(document).kind == DOCUMENT_OBJECT;
	require(object == !rc, "an object is taken, and nothing else");
	if (!rc) {
		require(document_root(document).len == table_size(table), "all are there");
		document_each(document, NULL, require_member, table);
	}
	document_free(document);
	table_free(table);
}

static void try_csv(const char *text, size_t size, const char *key, const char *value)
{
	struct table *table = NULL;
	struct flume_err err = {0};
	int rc = table_read_csv(&table, text, size, key, value, &err);
	require(!rc == !*err.text, "what is refused has a reason");
	size_t len = 0;
	const char *found = rc ? NULL : table_get(table, "1", 1, &len);
	if (found)
		require_json(found, len);
	table_free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	require(text, "memory");
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	try_json(text, size);
	try_csv(text, size, NULL, NULL);
	try_csv(text, size, "b", "a");
	free(text);
	return 0;
}
