#include "agent/document/body.h"
#include "agent/document/number.h"
#include "lib/base/utf8.h"

#include <string.h>

struct convert {
	const char *path;
	flume_report *report;
	size_t depth;
	bool rejected; /* false while a failure means no memory */
};

static json_t *convert(struct convert *, const flume_value *);

static json_t *reject(struct convert *c, const flume_value *at, const char *why)
{
	flume_report_add(c->report, "bad-value", c->path, at, NULL, "%s", why);
	c->rejected = true;
	return NULL;
}

static bool is_utf8(const char *s, size_t n)
{
	size_t length;
	for (; n; s += length, n -= length)
		if (!(length = utf8_length(s, n)))
			return false;
	return true;
}

static json_t *convert_number(struct convert *c, const flume_value *value)
{
	const char *text = flume_value_text(value);
	size_t len = strlen(text);
	struct number number;
	if (!len || number_scan(text, len) != len)
		return reject(c, value, "not a number of JSON");
	int rc = number_read(text, len, &number);
	if (rc == FLUME_INVALID)
		return reject(c, value, "the number is too large");
	if (rc)
		return NULL;
	return number.whole ? json_integer(number.integer) : json_real(number.real);
}

static json_t *convert_text(struct convert *c, const flume_value *value)
{
	const char *text = flume_value_text(value);
	size_t len = strlen(text);
	return is_utf8(text, len) ? json_stringn_nocheck(text, len)
				  : reject(c, value, "the text is not UTF-8");
}

static bool convert_element(struct convert *c, const flume_value *list, size_t i, json_t *into)
{
	json_t *value = convert(c, flume_value_at(list, i));
	return value && !json_array_append_new(into, value);
}

static bool convert_member(struct convert *c, const flume_value *map, size_t i, json_t *into)
{
	const flume_value *key = flume_value_key(map, i);
	const char *text = flume_value_text(key);
	size_t len = strlen(text);
	if (!is_utf8(text, len))
		return reject(c, key, "the key is not UTF-8");
	json_t *value = convert(c, flume_value_at(map, i));
	return value && !json_object_setn_new_nocheck(into, text, len, value);
}

static json_t *convert_container(struct convert *c, const flume_value *value, json_t *into,
				 bool (*convert_one)(struct convert *, const flume_value *,
						     size_t, json_t *))
{
	if (c->depth == DOCUMENT_DEPTH) {
		json_decref(into);
		return reject(c, value, "nested too deep");
	}
	c->depth++;
	for (size_t i = 0; into && i < flume_value_size(value); i++) {
		if (!convert_one(c, value, i, into)) {
			json_decref(into);
			into = NULL;
		}
	}
	c->depth--;
	return into;
}

static json_t *convert(struct convert *c, const flume_value *value)
{
	switch (flume_value_type(value)) {
	case FLUME_NULL:
		return json_null();
	case FLUME_BOOL:
		return json_boolean(!strcmp(flume_value_text(value), "true"));
	case FLUME_NUMBER:
		return convert_number(c, value);
	case FLUME_TEXT:
		return convert_text(c, value);
	case FLUME_LIST:
		return convert_container(c, value, json_array(), convert_element);
	case FLUME_MAP:
		return convert_container(c, value, json_object(), convert_member);
	}
	return reject(c, value, "not a value of JSON");
}

int document_from_value(struct document **out, const flume_value *value, const char *path,
			flume_report *report)
{
	struct convert c = {.path = path, .report = report};
	json_t *root = convert(&c, value);
	struct document *document = root ? body_take(root) : NULL;
	if (!document)
		return c.rejected ? FLUME_REJECTED : FLUME_NOMEM;
	*out = document;
	return FLUME_OK;
}
