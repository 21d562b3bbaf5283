/*
 * The reader is our own because items come from anybody: jansson's loses the end of a text when
 * memory runs out in the middle of it, cannot hold a NUL in a key, and bounds its recursion
 * only at 2048.  Where an error stands is worked out when there is one, not on the way.
 */
#include "agent/document/body.h"
#include "agent/document/number.h"
#include "lib/base/utf8.h"

#include <stdlib.h>
#include <string.h>

struct reader {
	const char *start, *at, *end;
	size_t depth;
	const char *why; /* what is wrong at `at`; NULL while a failure means no memory */
	bool expected;   /* `why` names what should have been there */
};

struct slice {
	const char *s;
	size_t len;
	char *owned; /* `s`, where escapes made a copy necessary */
};

static json_t *read_value(struct reader *);

/* Returns false, for the reader to end with. */
static bool refuse(struct reader *r, const char *at, const char *why)
{
	r->at = at;
	r->why = why;
	return false;
}

static bool expected(struct reader *r, const char *what)
{
	r->expected = true;
	return refuse(r, r->at, what);
}

/* The next byte that is not white space; NUL at the end. */
static char look(struct reader *r)
{
	while (r->at < r->end &&
	       (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
		r->at++;
	return r->at < r->end ? *r->at : '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits behind "\u" at `s`; -1 when they are not. */
static int read_hex(const char *s, const char *end)
{
	int code = 0;
	if (end - s < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int digit = hex_digit(s[i]);
		if (digit < 0)
			return -1;
		code = code << 4 | digit;
	}
	return code;
}

/* One "\u", or two that make a pair, at *s.  `end` is the closing quote. */
static bool read_unicode(struct reader *r, const char **s, const char *end, char **to)
{
	const char *from = *s;
	int code = read_hex(from, end);
	if (code < 0)
		return refuse(r, from, "\\u needs four hexadecimal digits");
	*s += 6;
	if (code >= 0xD800 && code <= 0xDFFF) {
		int low = code < 0xDC00 ? read_hex(*s, end) : -1;
		if (low < 0xDC00 || low > 0xDFFF)
			return refuse(r, from, "half of a surrogate pair");
		code = 0x10000 + ((code & 0x3FF) << 10) + (low & 0x3FF);
		*s += 6;
	}
	*to += utf8_encode(*to, (unsigned)code);
	return true;
}

/* What is written is never longer than what is read. */
static bool unescape(struct reader *r, const char *s, const char *end, struct slice *out)
{
	static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	char *to = out->owned = malloc((size_t)(end - s) + 1);
	if (!to)
		return false;
	while (s < end) {
		const char *name;
		if (*s != '\\') {
			*to++ = *s++;
		} else if (s[1] == 'u') {
			if (!read_unicode(r, &s, end, &to))
				return false;
		} else if ((name = memchr(names, s[1], sizeof names - 1))) {
			*to++ = means[name - names];
			s += 2;
		} else {
			return refuse(r, s, "no such escape");
		}
	}
	*to = '\0';
	out->s = out->owned;
	out->len = (size_t)(to - out->owned);
	return true;
}

/* A text whose opening quote is at `r->at`.  On failure the caller still frees out->owned. */
static bool read_text(struct reader *r, struct slice *out)
{
	const char *from = ++r->at;
	bool escapes = false;
	*out = (struct slice){0};
	while (r->at < r->end && *r->at != '"') {
		unsigned char c = (unsigned char)*r->at;
		if (c < 0x20)
			return refuse(r, r->at,
				      "a control character in a text must be escaped");
		if (c == '\\') {
			escapes = true;
			r->at += r->end - r->at > 1 ? 2 : 1;
			continue;
		}
		size_t length = c < 0x80 ? 1 : utf8_length(r->at, (size_t)(r->end - r->at));
		if (!length)
			return refuse(r, r->at, "not UTF-8");
		r->at += length;
	}
	if (r->at == r->end)
		return expected(r, "'\"'");
	const char *end = r->at++;
	if (escapes)
		return unescape(r, from, end, out);
	out->s = from;
	out->len = (size_t)(end - from);
	return true;
}

/* One `"key": value`.  A set that leaves the size as it was has met a key for the second time.
 */
static bool read_member(struct reader *r, json_t *object)
{
	struct slice key = {0};
	bool done = false;
	if (look(r) != '"')
		return expected(r, "a key in quotes");
	const char *from = r->at;
	if (!read_text(r, &key))
		goto out;
	if (look(r) != ':') {
		expected(r, "':'");
		goto out;
	}
	r->at++;
	json_t *value = read_value(r);
	if (!value)
		goto out;
	size_t before = json_object_size(object);
	if (json_object_setn_new_nocheck(object, key.s, key.len, value))
		goto out;
	done = json_object_size(object) > before || refuse(r, from, "duplicate key");
out:
	free(key.owned);
	return done;
}

static bool read_element(struct reader *r, json_t *array)
{
	json_t *value = read_value(r);
	return value && !json_array_append_new(array, value);
}

/* What stands between a bracket at `r->at` and its partner. */
static bool read_members(struct reader *r, json_t *into, char close, const char *what,
			 bool (*read_one)(struct reader *, json_t *))
{
	if (r->depth == DOCUMENT_DEPTH)
		return refuse(r, r->at, "nested too deep");
	r->at++;
	if (look(r) == close) {
		r->at++;
		return true;
	}
	r->depth++;
	for (;;) {
		if (!read_one(r, into))
			return false;
		char c = look(r);
		if (c != ',' && c != close)
			return expected(r, what);
		r->at++;
		if (c == close)
			break;
	}
	r->depth--;
	return true;
}

static json_t *read_container(struct reader *r)
{
	bool object = *r->at == '{';
	json_t *into = object ? json_object() : json_array();
	if (into && (object ? read_members(r, into, '}', "',' or '}'", read_member)
			    : read_members(r, into, ']', "',' or ']'", read_element)))
		return into;
	json_decref(into);
	return NULL;
}

static json_t *read_string(struct reader *r)
{
	struct slice text;
	json_t *value = NULL;
	if (read_text(r, &text))
		value = json_stringn_nocheck(text.s, text.len);
	free(text.owned);
	return value;
}

static json_t *read_number(struct reader *r)
{
	struct number number;
	size_t len = number_scan(r->at, (size_t)(r->end - r->at));
	int rc = len ? number_read(r->at, len, &number) : FLUME_SYNTAX;
	if (rc == FLUME_SYNTAX)
		expected(r, "a value");
	else if (rc == FLUME_INVALID)
		refuse(r, r->at, "the number is too large");
	if (rc)
		return NULL;
	r->at += len;
	return number.whole ? json_integer(number.integer) : json_real(number.real);
}

static json_t *read_word(struct reader *r, const char *word, json_t *value)
{
	size_t len = strlen(word);
	if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0) {
		expected(r, "a value");
		return NULL;
	}
	r->at += len;
	return value;
}

static json_t *read_value(struct reader *r)
{
	switch (look(r)) {
	case '{':
	case '[':
		return read_container(r);
	case '"':
		return read_string(r);
	case 't':
		return read_word(r, "true", json_true());
	case 'f':
		return read_word(r, "false", json_false());
	case 'n':
		return read_word(r, "null", json_null());
	default:
		return read_number(r);
	}
}

static int fail(const struct reader *r, struct flume_err *err)
{
	if (!r->why)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	size_t line = 1, column = 1;
	for (const char *p = r->start; p < r->at; p++) {
		if (*p == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)*p & 0xC0) != 0x80) {
			column++;
		}
	}
	return flume_fail(err, FLUME_SYNTAX, "line %zu, column %zu: %s%s%s", line, column,
			  r->expected ? "expected " : "", r->why,
			  r->expected && r->at == r->end ? ", but the text ends" : "");
}

int document_parse(struct document **out, const char *text, size_t len, struct flume_err *err)
{
	struct reader r = {.start = text, .at = text, .end = text + len};
	json_t *root = read_value(&r);
	if (root) {
		look(&r);
		if (r.at < r.end && !expected(&r, "nothing more")) {
			json_decref(root);
			root = NULL;
		}
	}
	if (!root)
		return fail(&r, err);
	struct document *document = body_take(root);
	if (!document)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	*out = document;
	return FLUME_OK;
}
