/* A constant is written as JSON, with its numbers as they are in the schema, and then read. */
#include "agent/document/document.h"
#include "agent/document/number.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

#include <string.h>

struct convert {
	const char *path;
	flume_report *report;
	size_t depth;
	struct text json;
};

static int convert(struct convert *, const flume_value *);

static int reject(struct convert *c, const flume_value *at, const char *why)
{
	flume_report_add(c->report, "bad-value", c->path, at, NULL, "%s", why);
	return FLUME_REJECTED;
}

static int convert_number(struct convert *c, const flume_value *value)
{
	const char *text = flume_value_text(value);
	size_t len = strlen(text);
	struct document_view view;
	if (!len || number_scan(text, len) != len)
		return reject(c, value, "not a number of JSON");
	if (len > DOCUMENT_NUMBER || number_read(text, len, &view))
		return reject(c, value, "the number is too large");
	text_add_n(&c->json, text, len);
	return FLUME_OK;
}

static int convert_text(struct convert *c, const flume_value *value, const char *why_not)
{
	const char *text = flume_value_text(value);
	size_t len = strlen(text);
	if (!utf8_is_all(text, len))
		return reject(c, value, why_not);
	text_add_json(&c->json, text, len);
	return FLUME_OK;
}

static int convert_children(struct convert *c, const flume_value *value, const char *brackets)
{
	if (c->depth == DOCUMENT_DEPTH)
		return reject(c, value, "nested too deep");
	int rc = FLUME_OK;
	c->depth++;
	text_add_char(&c->json, brackets[0]);
	for (size_t i = 0; !rc && i < flume_value_size(value); i++) {
		const flume_value *key = flume_value_key(value, i);
		if (i)
			text_add_char(&c->json, ',');
		if (key) {
			rc = convert_text(c, key, "the key is not UTF-8");
			text_add_char(&c->json, ':');
		}
		if (!rc)
			rc = convert(c, flume_value_at(value, i));
	}
	text_add_char(&c->json, brackets[1]);
	c->depth--;
	return rc;
}

static int convert(struct convert *c, const flume_value *value)
{
	switch (flume_value_type(value)) {
	case FLUME_NULL:
		text_add(&c->json, "null");
		return FLUME_OK;
	case FLUME_BOOL:
		text_add(&c->json, strcmp(flume_value_text(value), "true") ? "false" : "true");
		return FLUME_OK;
	case FLUME_NUMBER:
		return convert_number(c, value);
	case FLUME_TEXT:
		return convert_text(c, value, "the text is not UTF-8");
	case FLUME_LIST:
		return convert_children(c, value, "[]");
	case FLUME_MAP:
		return convert_children(c, value, "{}");
	}
	return reject(c, value, "not a value of JSON");
}

int document_from_value(struct document **out, const flume_value *value, const char *path,
			flume_report *report)
{
	struct convert c = {.path = path, .report = report};
	struct document *document;
	struct flume_err err = {0};
	int rc = convert(&c, value);
	if (!rc && c.json.failed)
		rc = FLUME_NOMEM;
	if (!rc)
		rc = document_parse(&document, c.json.s, c.json.len, &err);
	if (rc == FLUME_SYNTAX)
		rc = reject(&c, value, err.text);
	text_fini(&c.json);
	if (rc)
		return rc;
	document_settle(document);
	*out = document;
	return FLUME_OK;
}
