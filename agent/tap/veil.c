/*
 * Each path goes along as the number of its steps that have been met on the way down; the walk is the
 * document's own, so a path costs nothing where it does not lead.
 */
#include "agent/tap/veil.h"

#include <stdlib.h>
#include <string.h>

#define HIDDEN "\"***\""
#define ASTRAY (-1)

/* ---- the paths ---- */

int veil_add(struct veil *v, const char *path, struct flume_err *err)
{
	struct flume_err why = {0};
	if (v->n == VEIL_PATHS)
		return flume_fail(err, FLUME_INVALID, "more than %d paths", VEIL_PATHS);
	int rc = path_compile(&v->paths[v->n], path, &why);
	if (rc)
		return flume_fail(err, rc, "'%.64s' is not a path: %s", path, why.text);
	v->n++;
	return 0;
}

static size_t until_comma(const char *s)
{
	size_t n = 0;
	while (s[n] && s[n] != ',')
		n += s[n] == '\\' && s[n + 1] ? 2 : 1;
	return n;
}

/* Without the backslashes that were there for commas. */
static char *dup_path(const char *s, size_t n)
{
	char *path = malloc(n + 1), *out = path;
	for (size_t i = 0; path && i < n; i++) {
		bool pair = s[i] == '\\' && i + 1 < n;
		if (pair && s[i + 1] != ',')
			*out++ = s[i];
		i += pair;
		*out++ = s[i];
	}
	if (path)
		*out = '\0';
	return path;
}

int veil_add_list(struct veil *v, const char *paths, struct flume_err *err)
{
	int rc = 0;
	while (*paths && !rc) {
		size_t n = until_comma(paths);
		char *path = dup_path(paths, n);
		rc = path ? veil_add(v, path, err)
			  : flume_fail(err, FLUME_NOMEM, "out of memory");
		free(path);
		paths += n + (paths[n] == ',');
	}
	return rc;
}

void veil_fini(struct veil *v)
{
	while (v->n)
		path_fini(&v->paths[--v->n]);
}

/* ---- the walk ---- */

struct walk {
	const struct path *paths[2 * VEIL_PATHS];
	size_t n;
	struct text *out;
	bool hid;
};

struct met {
	signed char steps[2 * VEIL_PATHS];
};

static void write_value(struct walk *w, const flume_value *v, const struct met *met);

static bool is_key(const struct path_step *step, const char *key, size_t len)
{
	return step->key && step->len == len && !memcmp(step->key, key, len);
}

/* One step further down: into a member, or, without a key, into an element. */
static struct met go_down(const struct walk *w, const struct met *met, const char *key,
			  size_t len, size_t index)
{
	struct met below = *met;
	for (size_t i = 0; i < w->n; i++) {
		signed char *n = &below.steps[i];
		if (*n == ASTRAY)
			continue;
		const struct path_step *step = &w->paths[i]->steps[*n];
		bool through = !key && step->key;
		bool met_it = key ? is_key(step, key, len) : !step->key && step->index == index;
		if (!through)
			*n = met_it ? (signed char)(*n + 1) : ASTRAY;
	}
	return below;
}

static bool is_hidden(const struct walk *w, const struct met *met)
{
	for (size_t i = 0; i < w->n; i++)
		if (met->steps[i] != ASTRAY && (size_t)met->steps[i] == w->paths[i]->count)
			return true;
	return false;
}

static void write_below(struct walk *w, const flume_value *v, const struct met *met)
{
	if (!is_hidden(w, met)) {
		write_value(w, v, met);
		return;
	}
	w->hid = true;
	text_add(w->out, HIDDEN);
}

static void write_container(struct walk *w, const flume_value *v, const struct met *met)
{
	bool map = flume_value_type(v) == FLUME_MAP;
	text_add_char(w->out, map ? '{' : '[');
	for (size_t i = 0; i < flume_value_size(v); i++) {
		const char *key = map ? flume_value_text(flume_value_key(v, i)) : NULL;
		size_t len = map ? strlen(key) : 0;
		struct met below = go_down(w, met, key, len, i);
		if (i)
			text_add_char(w->out, ',');
		if (map) {
			text_add_json(w->out, key, len);
			text_add_char(w->out, ':');
		}
		write_below(w, flume_value_at(v, i), &below);
	}
	text_add_char(w->out, map ? '}' : ']');
}

static void write_value(struct walk *w, const flume_value *v, const struct met *met)
{
	const char *s = flume_value_text(v);
	switch (flume_value_type(v)) {
	case FLUME_MAP:
	case FLUME_LIST:
		write_container(w, v, met);
		break;
	case FLUME_TEXT:
		text_add_json(w->out, s, strlen(s));
		break;
	case FLUME_NULL:
		text_add(w->out, "null");
		break;
	case FLUME_BOOL:
	case FLUME_NUMBER:
		text_add(w->out, s);
		break;
	}
}

bool veil_write(const struct veil *a, const struct veil *b, const char *json, size_t len,
		struct text *out)
{
	const struct flume_limits limits = {.bytes = 1 << 20, .nodes = 1 << 20, .depth = 64};
	struct walk w = {.out = out};
	struct met met = {0};
	flume_value *root = NULL;
	for (size_t i = 0; i < a->n; i++)
		w.paths[w.n++] = &a->paths[i];
	for (size_t i = 0; i < b->n; i++)
		w.paths[w.n++] = &b->paths[i];
	if (flume_value_parse(&root, json, len, FLUME_JSON, &limits, NULL)) {
		text_add(out, HIDDEN);
		return true;
	}
	write_value(&w, root, &met);
	flume_value_free(root);
	return w.hid;
}
