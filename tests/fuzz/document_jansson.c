/*
 * Our document beside jansson, which is older and does the same in another way: both take the same
 * texts, and what is left after any changes means the same, in the same order.
 *
 * Three bytes a change, a NUL where a change would begin, and the text.  What differs on purpose:
 * we take integers beyond 64 bits and NUL in keys, refuse what is nested deeper than
 * DOCUMENT_DEPTH or has numbers longer than DOCUMENT_NUMBER, and let every token as it was.  And
 * jansson does not see a NUL behind a number.
 */
#include "agent/document/document.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANGES 24    /* as many as are looked at      */
#define LARGE   65536 /* a document is not made larger */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

/* ---- what changes are made of ---- */

static const char *const path_texts[] = {
	"a",    "b",        "c",     "a.b", "b.a",    "a.a",    "a.b.c",  "a[0]",
	"a[1]", "a[1].b",   "[0]",   "[1]", "[0].a",  "[2]",    "[0][0]", "b[0]",
	"b[3]", "\xC3\xA4", "a\\.b", "\"",  "b[1].a", "c[0].b", "a.b.a",  "long.key.x"};
static const char *const constant_texts[] = {
	"1",
	"1.50",
	"null",
	"\"\\u00e4\\n\"",
	"[]",
	"{}",
	"[1,[2,{\"a\":3}]]",
	"{\"a\":{\"b\":1,\"c\":[true]},\"b\":\"x\"}",
	"{\"\\u0061\":1E2,\"\\\"\":{\"a\":[]}}",
	"[{\"a\":1},{\"b\":-0.0},\"\\/\"]",
};

#define PATHS     (sizeof path_texts / sizeof *path_texts)
#define CONSTANTS (sizeof constant_texts / sizeof *constant_texts)

static struct path paths[PATHS];
static struct document *constants[CONSTANTS];
static json_t *models[CONSTANTS];

static const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY;

static void make_once(void)
{
	if (constants[0])
		return;
	for (size_t i = 0; i < PATHS; i++)
		require(!path_compile(&paths[i], path_texts[i], NULL), "a path");
	for (size_t i = 0; i < CONSTANTS; i++) {
		size_t len = strlen(constant_texts[i]);
		require(!document_parse(&constants[i], constant_texts[i], len, NULL), "ours");
		document_settle(constants[i]);
		require((models[i] = json_loadb(constant_texts[i], len, flags, NULL)), "its");
	}
}

/* ---- the same with jansson ---- */

static json_t *step(json_t *value, const struct path_step *s)
{
	return s->key ? json_object_getn(value, s->key, s->len)
		      : json_array_get(value, s->index);
}

static json_t *get(json_t *root, const struct path *path, size_t n)
{
	for (size_t i = 0; root && i < n; i++)
		root = step(root, &path->steps[i]);
	return root;
}

static size_t depth_of(json_t *value)
{
	size_t deepest = 0, i;
	const char *key;
	json_t *child;
	json_array_foreach(value, i, child) if (depth_of(child) > deepest) deepest =
		depth_of(child);
	json_object_foreach(value, key, child) if (depth_of(child) > deepest) deepest =
		depth_of(child);
	return json_is_array(value) || json_is_object(value) ? deepest + 1 : 0;
}

static bool may_hold(json_t *parent, const struct path_step *s)
{
	return s->key ? json_is_object(parent)
		      : json_is_array(parent) && s->index <= json_array_size(parent);
}

static void put(json_t *parent, const struct path_step *s, json_t *value)
{
	if (s->key)
		json_object_setn_new(parent, s->key, s->len, value);
	else if (s->index == json_array_size(parent))
		json_array_append_new(parent, value);
	else
		json_array_set_new(parent, s->index, value);
}

/* False, and the value is still the caller's, when it cannot be there. */
static bool set(json_t *root, const struct path *path, json_t *value)
{
	size_t known = 0, last = path->count - 1;
	json_t *parent = root, *next;
	while (known < last && (next = step(parent, &path->steps[known]))) {
		parent = next;
		known++;
	}
	if (path->count + depth_of(value) > DOCUMENT_DEPTH ||
	    !may_hold(parent, &path->steps[known]))
		return false;
	for (size_t i = known + 1; i <= last; i++)
		if (!path->steps[i].key && path->steps[i].index)
			return false;
	for (size_t i = last; i > known; i--) {
		json_t *outer = path->steps[i].key ? json_object() : json_array();
		put(outer, &path->steps[i], value);
		value = outer;
	}
	put(parent, &path->steps[known], value);
	return true;
}

static json_t *take(json_t *root, const struct path *path)
{
	const struct path_step *last = &path->steps[path->count - 1];
	json_t *parent = get(root, path, path->count - 1);
	json_t *value = parent ? json_incref(step(parent, last)) : NULL;
	if (value && last->key)
		json_object_deln(parent, last->key, last->len);
	else if (value)
		json_array_remove(parent, last->index);
	return value;
}

static bool move(json_t *root, const struct path *from, const struct path *to)
{
	json_t *value = take(root, from);
	if (!value || set(root, to, value))
		return true;
	json_t *parent = get(root, from, from->count - 1);
	const struct path_step *last = &from->steps[from->count - 1];
	if (last->key)
		json_object_setn_new(parent, last->key, last->len, value);
	else
		json_array_insert_new(parent, last->index, value);
	return false;
}

static bool copy(json_t *root, const struct path *from, const struct path *to)
{
	json_t *value = json_deep_copy(get(root, from, from->count));
	if (value && set(root, to, value))
		return true;
	json_decref(value);
	return false;
}

static void merge(json_t *to, json_t *from)
{
	const char *key;
	size_t len;
	json_t *value;
	json_object_keylen_foreach(from, key, len, value)
	{
		json_t *old = json_object_getn(to, key, len);
		if (json_is_object(old) && json_is_object(value))
			merge(old, value);
		else
			json_object_setn_new(to, key, len, json_deep_copy(value));
	}
}

/* True when something is left of it. */
static bool keep(json_t *value, const struct path *path, size_t depth)
{
	const struct path_step *s = &path->steps[depth];
	json_t *child = depth < path->count ? json_incref(step(value, s)) : NULL;
	if (depth == path->count)
		return true;
	bool left = child && keep(child, path, depth + 1);
	if (json_is_array(value))
		json_array_clear(value);
	json_object_clear(value);
	if (left)
		s->key ? json_object_setn(value, s->key, s->len, child)
		       : json_array_append(value, child);
	json_decref(child);
	return left;
}

/* ---- both ---- */

static void expect_same(const struct document *document, json_t *model)
{
	size_t len;
	char *text = document_dump(document, &len);
	require(text, "memory");
	json_t *back = json_loadb(text, len, flags, NULL);
	require(back, "what is written can be read");
	char *ours = json_dumps(back, JSON_ENCODE_ANY | JSON_COMPACT);
	char *its = json_dumps(model, JSON_ENCODE_ANY | JSON_COMPACT);
	if (strcmp(ours, its) != 0)
		fprintf(stderr, "ours %s\nits  %s\n", ours, its);
	require(!strcmp(ours, its), "after the same changes both mean the same");
	free(ours);
	free(its);
	json_decref(back);
	free(text);
}

static bool is_container(json_t *value)
{
	return json_is_array(value) || json_is_object(value);
}

static void change(struct document *document, json_t *model, const uint8_t bytes[3])
{
	const struct path *at = &paths[bytes[1] % PATHS], *other = &paths[bytes[2] % PATHS];
	size_t k = bytes[2] % CONSTANTS;
	struct document_move one = {*at, *other};
	const struct document_move *by_to[] = {&one};
	struct document_view view;
	json_t *value;
	bool done = true;
	int rc = 0;
	switch (bytes[0] & 7) {
	case 0:
		rc = document_set(document, at, constants[k], NULL);
		value = json_deep_copy(models[k]);
		if (!(done = set(model, at, value)))
			json_decref(value);
		break;
	case 1:
		value = take(model, at);
		require(document_remove(document, at) == !!value,
			"the same is there to remove");
		json_decref(value);
		break;
	case 2:
		rc = document_copy(document, other, document, at, NULL);
		done = copy(model, at, other);
		break;
	case 3:
		rc = document_move(document, &one, by_to, 1, NULL);
		done = move(model, at, other);
		break;
	case 4:
		rc = document_merge(document, constants[k], NULL);
		done = json_is_object(model) && json_is_object(models[k]);
		if (done)
			merge(model, models[k]);
		break;
	case 5:
		rc = document_keep(document, at, 1, NULL);
		done = is_container(model);
		if (done)
			keep(model, at, 0);
		break;
	case 6:
		rc = document_set_text(document, at, "\"\xC3\xA4\n", 4, NULL);
		value = json_string("\"\xC3\xA4\n");
		if (!(done = set(model, at, value)))
			json_decref(value);
		break;
	default:
		value = get(model, at, at->count);
		require(document_get(document, at, &view) == !!value, "the same is there");
		if (json_is_string(value))
			require(view.len == json_string_length(value) &&
					!memcmp(view.text, json_string_value(value), view.len),
				"a text is the same");
		else if (json_is_integer(value))
			require(view.integer == json_integer_value(value), "so is an integer");
		else if (json_is_real(value))
			require(view.real == json_real_value(value), "so is a real");
	}
	require((rc == 0) == done, "both can do the same");
}

/* What is written is what was read, without white space. */
static void expect_bytes(const struct document *document, const char *json, size_t size)
{
	size_t len, n = 0;
	char *text = document_dump(document, &len);
	bool quoted = false;
	require(text, "memory");
	for (size_t i = 0; i < size; i++) {
		if (!quoted && strchr(" \t\r\n", json[i]) && json[i])
			continue;
		require(n < len && text[n++] == json[i], "every byte comes back");
		if (quoted && json[i] == '\\')
			require(text[n++] == json[++i], "so does what is escaped");
		else if (json[i] == '"')
			quoted = !quoted;
	}
	require(n == len, "and no other does");
	free(text);
}

/* Is it known why one of the two refuses it? */
static bool is_on_purpose(const struct flume_err *ours, const json_error_t *its)
{
	enum json_error_code code = json_error_code(its);
	return strstr(ours->text, "nested too deep") || strstr(ours->text, "too long") ||
	       code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
	       code == json_error_stack_overflow;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	make_once();
	size_t changes = 0;
	while (3 * changes < size && data[3 * changes])
		changes++;
	if (3 * changes >= size)
		return 0;
	const char *json = (const char *)data + 3 * changes + 1;
	size_t len = size - 3 * changes - 1;
	struct document *document = NULL;
	struct flume_err err = {0};
	json_error_t error = {0};
	int rc = document_parse(&document, json, len, &err);
	json_t *model = json_loadb(json, len, flags, &error);
	if (!is_on_purpose(&err, &error) && !memchr(json, 0, len)) {
		if ((rc == 0) != !!model)
			fprintf(stderr, "ours: %s\nits: %s\n", err.text, error.text);
		require((rc == 0) == !!model, "both take the same texts");
	}
	if (document)
		expect_bytes(document, json, len);
	if (document && model) {
		expect_same(document, model);
		for (size_t i = 0; i < changes && i < CHANGES; i++) {
			size_t now;
			char *text = document_dump(document, &now);
			free(text);
			if (now > LARGE)
				break;
			change(document, model, data + 3 * i);
			expect_same(document, model);
		}
		struct document *clone = document_clone(document);
		require(clone, "memory");
		expect_same(clone, model);
		document_free(clone);
	}
	json_decref(model);
	document_free(document);
	return 0;
}
