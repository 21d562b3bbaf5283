/*
 * The text is known to be right before it is taken apart, so all that is left is to find where each
 * value ends: values stay as they were written.
 */
#include "agent/document/document.h"
#include "agent/outside/table.h"

#include <string.h>

static const char *skip_space(const char *s)
{
	return s + strspn(s, " \t\r\n");
}

/* Behind the closing quote of the string at `s`. */
static const char *skip_string(const char *s)
{
	for (s++; *s != '"'; s++)
		s += *s == '\\';
	return s + 1;
}

static const char *skip_value(const char *s)
{
	size_t depth = 0;
	do {
		if (*s == '"') {
			s = skip_string(s);
			continue;
		}
		depth += *s == '{' || *s == '[';
		if (*s == '}' || *s == ']')
			depth--;
		s++;
	} while (depth || !strchr(",}] \t\r\n", *s));
	return s;
}

/* A key with escapes is read by who reads documents. */
static int add_member(struct table *t, const char *key, size_t key_len, const char *value,
		      size_t len)
{
	struct document *document;
	if (!memchr(key, '\\', key_len))
		return table_add(t, key + 1, key_len - 2, value, len);
	int rc = document_parse(&document, key, key_len, NULL);
	if (rc)
		return rc;
	struct document_view view = document_root(document);
	rc = table_add(t, view.text, view.len, value, len);
	document_free(document);
	return rc;
}

/* `s` is at the opening brace. */
static int take_apart(struct table *t, const char *s)
{
	int rc = FLUME_OK;
	s = skip_space(s + 1);
	while (*s != '}' && !rc) {
		const char *key = s, *key_end = skip_string(s);
		const char *value = skip_space(skip_space(key_end) + 1);
		s = skip_value(value);
		rc = add_member(t, key, (size_t)(key_end - key), value, (size_t)(s - value));
		s = skip_space(s);
		if (*s == ',')
			s = skip_space(s + 1);
	}
	return rc;
}

static int read_object(struct table *t, const char *text, size_t len, struct flume_err *err)
{
	struct document *whole;
	int rc = document_parse(&whole, text, len, err);
	if (rc)
		return rc;
	bool object = document_root(whole).kind == DOCUMENT_OBJECT;
	document_free(whole);
	if (!object)
		return flume_fail(err, FLUME_SYNTAX,
				  "line 1: expected an object of keys and values");
	rc = take_apart(t, skip_space(text));
	return rc ? flume_fail(err, rc, "%s", flume_code_text(rc)) : FLUME_OK;
}

int table_read_json(struct table **out, const char *text, size_t len, struct flume_err *err)
{
	struct table *t = table_new();
	int rc = t ? read_object(t, text, len, err)
		   : flume_fail(err, FLUME_NOMEM, "out of memory");
	if (rc) {
		table_free(t);
		return rc;
	}
	*out = t;
	return FLUME_OK;
}
