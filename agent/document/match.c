#include "agent/document/body.h"
#include "lib/base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN 80 /* bytes of a value that a message shows */

struct trail { /* the way down to a value, from the root */
	const struct trail *up;
	const char *key; /* NULL: an index */
	size_t len, index;
};

struct match {
	char *why;
	size_t size;
};

static bool matches(struct match *, const struct trail *, json_t *actual, json_t *expected);

static void write_key(struct text *text, const char *key, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (key[i] == '.' || key[i] == '[' || key[i] == '\\')
			text_add_char(text, '\\');
		text_add_char(text, key[i]);
	}
}

static void write_trail(struct text *text, const struct trail *trail)
{
	if (!trail)
		return;
	write_trail(text, trail->up);
	if (!trail->key) {
		text_addf(text, "[%zu]", trail->index);
		return;
	}
	if (trail->up)
		text_add_char(text, '.');
	write_key(text, trail->key, trail->len);
}

static void write_shown(struct text *text, json_t *value)
{
	struct text json = {0};
	body_write(&json, value);
	char *s = text_take(&json);
	size_t len = s ? strlen(s) : 0;
	text_add_n(text, s ? s : "", len > SHOWN ? utf8_floor(s, SHOWN) : len);
	if (len > SHOWN)
		text_add(text, "...");
	free(s);
}

static bool say(struct match *m, const struct text *text)
{
	const char *why = text->failed || !text->s ? "out of memory" : text->s;
	size_t len = strlen(why);
	if (m->size) {
		size_t fits = len < m->size ? len : utf8_floor(why, m->size - 1);
		memcpy(m->why, why, fits);
		m->why[fits] = '\0';
	}
	return false;
}

/* "PATH: expected WHAT, got WHAT"; a NULL value is nothing at all. */
static bool differ(struct match *m, const struct trail *trail, json_t *actual, json_t *expected)
{
	struct text text = {0};
	write_trail(&text, trail);
	text_add(&text, trail ? ": expected " : "expected ");
	write_shown(&text, expected);
	text_add(&text, ", got ");
	if (actual)
		write_shown(&text, actual);
	else
		text_add(&text, "nothing");
	say(m, &text);
	text_fini(&text);
	return false;
}

static bool differ_in_size(struct match *m, const struct trail *trail, size_t actual,
			   size_t expected)
{
	struct text text = {0};
	write_trail(&text, trail);
	text_addf(&text, "%sexpected %zu element%s, got %zu", trail ? ": " : "", expected,
		  expected == 1 ? "" : "s", actual);
	say(m, &text);
	text_fini(&text);
	return false;
}

static bool match_objects(struct match *m, const struct trail *up, json_t *actual,
			  json_t *expected)
{
	void *at = json_object_iter(expected);
	for (; at; at = json_object_iter_next(expected, at)) {
		struct trail trail = {up, json_object_iter_key(at),
				      json_object_iter_key_len(at), 0};
		if (!matches(m, &trail, json_object_getn(actual, trail.key, trail.len),
			     json_object_iter_value(at)))
			return false;
	}
	return true;
}

static bool match_arrays(struct match *m, const struct trail *up, json_t *actual,
			 json_t *expected)
{
	size_t n = json_array_size(expected);
	if (json_array_size(actual) != n)
		return differ_in_size(m, up, json_array_size(actual), n);
	for (size_t i = 0; i < n; i++) {
		struct trail trail = {up, NULL, 0, i};
		if (!matches(m, &trail, json_array_get(actual, i), json_array_get(expected, i)))
			return false;
	}
	return true;
}

static bool matches(struct match *m, const struct trail *trail, json_t *actual,
		    json_t *expected)
{
	if (json_is_object(actual) && json_is_object(expected))
		return match_objects(m, trail, actual, expected);
	if (json_is_array(actual) && json_is_array(expected))
		return match_arrays(m, trail, actual, expected);
	if (actual) {
		struct document_view got = body_view(actual), wanted = body_view(expected);
		if (document_view_equal(&got, &wanted))
			return true;
	}
	return differ(m, trail, actual, expected);
}

bool document_matches(const struct document *actual, const struct document *expected, char *why,
		      size_t size)
{
	struct match m;
	m.why = why;
	m.size = size;
	return matches(&m, NULL, actual->root, expected->root);
}
