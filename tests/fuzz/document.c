/*
 * A path, a NUL, and a document: whatever is accepted must come out as text that means the
 * same, and must bear being looked into, changed and pruned at any path.
 */
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

/* Printing and reading again changes nothing, nor does a clone. */
static void come_back(const struct document *document)
{
	size_t len = 0, again_len = 0;
	char why[100];
	const struct document_rules whole = {.exact = true};
	char *text = document_dump(document, &len);
	struct document *again = NULL, *clone = document_clone(document);
	require(text && clone, "memory");
	require(document_parse(&again, text, len, NULL) == 0, "what is printed can be read");
	require(document_matches(again, document, &whole, why, sizeof why),
		"and means the same");
	char *again_text = document_dump(again, &again_len);
	require(again_text && len == again_len && !memcmp(text, again_text, len),
		"and prints the same");
	require(document_matches(clone, document, &whole, why, sizeof why),
		"a clone is the same");
	free(again_text);
	free(text);
	document_free(again);
	document_free(clone);
}

static void change(struct document *document, const struct path *path)
{
	char buffer[16];
	struct document_view view;
	struct document *constant = document_clone(document);
	struct document_move swap = {*path, *path};
	const struct document_move *by_to[] = {&swap};
	require(constant, "memory");
	if (document_get(document, path, &view))
		document_view_text(&view, buffer, sizeof buffer);
	document_move(document, &swap, by_to, 1, NULL);
	if (document_set(document, path, constant, NULL) == 0)
		require(document_get(document, path, &view), "what is set is there");
	come_back(document);
	document_keep(document, path, 1, NULL);
	come_back(document);
	if (document_remove(document, path))
		come_back(document);
	document_free(constant);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, 0, size) : NULL;
	size_t path_len = end ? (size_t)(end - data) : 0;
	const char *json = (const char *)data + (end ? path_len + 1 : 0);
	struct document *document = NULL;
	struct flume_err err = {0};
	int rc = document_parse(&document, json, size - (size_t)(json - (const char *)data),
				&err);
	if (rc)
		require(rc == FLUME_SYNTAX && strncmp(err.text, "line ", 5) == 0,
			"an error has its place");
	else
		come_back(document);
	char *text = strndup((const char *)data, path_len);
	struct path path;
	if (text && path_compile(&path, text, NULL) == 0) {
		require(path_covers(&path, &path) && path_compare(&path, &path) == 0,
			"a path is itself");
		if (document)
			change(document, &path);
		path_fini(&path);
	}
	free(text);
	document_free(document);
	return 0;
}
