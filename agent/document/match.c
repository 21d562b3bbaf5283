#include "agent/document/body.h"
#include "lib/base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN 80 /* bytes of a value that a message shows */
#define TOLD  3  /* differences that a message tells         */

struct trail { /* the way down to a value, from the root */
	const struct trail *up;
	const char *key; /* NULL: an index */
	size_t len, index;
};

struct match {
	const struct document_rules *rules;
	size_t differences;
	struct text said;
};

static void match(struct match *, const struct trail *, json_t *actual, json_t *expected);

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

/* ---- a difference ---- */

/* False when enough was said. */
static bool begin(struct match *m, const struct trail *trail)
{
	if (m->differences++ >= TOLD)
		return false;
	if (m->said.len)
		text_add(&m->said, "; ");
	write_trail(&m->said, trail);
	if (trail)
		text_add(&m->said, ": ");
	return true;
}

static void tell(struct text *said, json_t *actual, json_t *expected)
{
	text_add(said, "expected ");
	if (expected)
		write_shown(said, expected);
	else
		text_add(said, "nothing");
	text_add(said, ", got ");
	if (actual)
		write_shown(said, actual);
	else
		text_add(said, "nothing");
}

/* Says what happened to a value, and not which value it was. */
static void tell_kinds(struct text *said, json_t *actual, json_t *expected)
{
	const char *got = actual ? document_kind_text(body_view(actual).kind) : NULL;
	const char *wanted = expected ? document_kind_text(body_view(expected).kind) : NULL;
	if (!got || !wanted)
		text_addf(said, "%s", got ? "added" : "missing");
	else if (strcmp(got, wanted) != 0)
		text_addf(said, "%s became %s", wanted, got);
	else
		text_addf(said, "another %s", strchr(got, ' ') + 1);
}

/* "PATH: expected WHAT, got WHAT"; a NULL value is nothing at all. */
static void differ(struct match *m, const struct trail *trail, json_t *actual, json_t *expected)
{
	if (begin(m, trail))
		(m->rules->veiled ? tell_kinds : tell)(&m->said, actual, expected);
}

static void differ_in_size(struct match *m, const struct trail *trail, size_t actual,
			   size_t expected)
{
	if (begin(m, trail))
		text_addf(&m->said, "expected %zu element%s, got %zu", expected,
			  expected == 1 ? "" : "s", actual);
}

/* ---- the walk ---- */

static bool is_step(const struct trail *trail, const struct path_step *step)
{
	if (!trail->key || !step->key)
		return !trail->key && !step->key && trail->index == step->index;
	return trail->len == step->len && !memcmp(trail->key, step->key, step->len);
}

static bool is_at(const struct trail *trail, const struct path *path)
{
	size_t left = path->count;
	while (trail && left && is_step(trail, &path->steps[left - 1])) {
		trail = trail->up;
		left--;
	}
	return !trail && !left;
}

static bool may_differ(const struct match *m, const struct trail *trail)
{
	for (size_t i = 0; trail && i < m->rules->n_except; i++)
		if (is_at(trail, &m->rules->except[i]))
			return true;
	return false;
}

static struct trail member(const struct trail *up, void *at)
{
	return (struct trail){up, json_object_iter_key(at), json_object_iter_key_len(at), 0};
}

static void match_objects(struct match *m, const struct trail *up, json_t *actual,
			  json_t *expected)
{
	void *at = json_object_iter(expected);
	for (; at; at = json_object_iter_next(expected, at)) {
		const struct trail trail = member(up, at);
		match(m, &trail, json_object_getn(actual, trail.key, trail.len),
		      json_object_iter_value(at));
	}
	at = m->rules->exact ? json_object_iter(actual) : NULL;
	for (; at; at = json_object_iter_next(actual, at)) {
		const struct trail trail = member(up, at);
		if (!json_object_getn(expected, trail.key, trail.len))
			match(m, &trail, json_object_iter_value(at), NULL);
	}
}

static void match_arrays(struct match *m, const struct trail *up, json_t *actual,
			 json_t *expected)
{
	size_t n = json_array_size(expected);
	if (json_array_size(actual) != n) {
		differ_in_size(m, up, json_array_size(actual), n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct trail trail = {up, NULL, 0, i};
		match(m, &trail, json_array_get(actual, i), json_array_get(expected, i));
	}
}

static bool is_equal(json_t *actual, json_t *expected)
{
	if (!actual || !expected)
		return false;
	struct document_view got = body_view(actual), wanted = body_view(expected);
	return document_view_equal(&got, &wanted);
}

static void match(struct match *m, const struct trail *trail, json_t *actual, json_t *expected)
{
	if (may_differ(m, trail))
		return;
	if (json_is_object(actual) && json_is_object(expected))
		match_objects(m, trail, actual, expected);
	else if (json_is_array(actual) && json_is_array(expected))
		match_arrays(m, trail, actual, expected);
	else if (!is_equal(actual, expected))
		differ(m, trail, actual, expected);
}

static void hand_over(struct text *said, char *why, size_t size)
{
	const char *s = said->failed || !said->s ? "out of memory" : said->s;
	size_t len = strlen(s);
	if (!size)
		return;
	size_t fits = len < size ? len : utf8_floor(s, size - 1);
	memcpy(why, s, fits);
	why[fits] = '\0';
}

bool document_matches(const struct document *actual, const struct document *expected,
		      const struct document_rules *rules, char *why, size_t size)
{
	static const struct document_rules subset;
	struct match m = {.rules = rules ? rules : &subset};
	match(&m, NULL, actual->root, expected->root);
	if (m.differences > TOLD)
		text_addf(&m.said, "; and %zu more", m.differences - TOLD);
	if (m.differences)
		hand_over(&m.said, why, size);
	text_fini(&m.said);
	return !m.differences;
}
