/*
 * A value of a document knows its line and column, so a scalar is replaced where it stands; a key that
 * is missing is added behind the `{` of a flow map, in front of the first key of a block map, or at
 * the end of the text.  Whoever calls reads the result again.
 */
#include "agent/cmd/switch_edit.h"

#include "lib/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cut { /* `len` bytes at `at` are replaced */
	size_t at, len;
	char *text;
};

#define CUTS_MOST 80

struct edit {
	const char *text;
	size_t len;
	enum flume_format format;
	struct cut cuts[CUTS_MOST];
	size_t n;
	struct text tail; /* lines that are added at the end */
	bool failed, strange;
};

/* ---- places ---- */

/* Of a line and a column, which count from 1, the column in characters. */
static size_t offset_of(const struct edit *e, const flume_value *value)
{
	unsigned line = flume_value_line(value), column = flume_value_column(value);
	size_t at = 0;
	for (; line > 1 && at < e->len; at++)
		line -= e->text[at] == '\n';
	for (; column > 1 && at < e->len; column--)
		do
			at++;
		while (at < e->len && ((unsigned char)e->text[at] & 0xC0) == 0x80);
	return at;
}

static void replace(struct edit *e, size_t at, size_t len, const char *text)
{
	char *copy = strdup(text);
	if (!copy || e->n == CUTS_MOST) {
		free(copy);
		e->failed = true;
		return;
	}
	e->cuts[e->n++] = (struct cut){at, len, copy};
}

/* How many bytes a scalar takes where it stands; 0: it is not written as itself. */
static size_t written_length(const struct edit *e, size_t at, const char *value)
{
	size_t n = strlen(value);
	char quote = at < e->len ? e->text[at] : '\0';
	bool quoted = quote == '"' || quote == '\'';
	size_t from = at + quoted;
	if (e->len < from + n + quoted || strncmp(e->text + from, value, n) != 0 ||
	    (quoted && e->text[from + n] != quote))
		return 0;
	return n + (quoted ? 2 : 0);
}

/* ---- values, as both formats write them ---- */

static void add_value(struct text *t, const char *value, bool quoted)
{
	if (quoted)
		text_add_json(t, value, strlen(value));
	else
		text_add(t, value);
}

static void set_scalar(struct edit *e, const flume_value *old, const char *value, bool quoted)
{
	struct text t = {0};
	size_t at = offset_of(e, old);
	size_t len = written_length(e, at, flume_value_text(old));
	if (!strcmp(flume_value_text(old), value))
		return;
	if (!len) {
		e->strange = true;
		return;
	}
	add_value(&t, value, quoted);
	if (t.failed)
		e->failed = true;
	else
		replace(e, at, len, t.s);
	text_fini(&t);
}

/* Into a map that lacks the key. */
static void add_member(struct edit *e, const flume_value *map, const char *key,
		       const char *value, bool quoted)
{
	struct text t = {0};
	const flume_value *first = flume_value_key(map, 0);
	size_t at = offset_of(e, map);
	bool flow = at < e->len && e->text[at] == '{';
	if (flow)
		at++;
	else if (first)
		at = offset_of(e, first);
	add_value(&t, key, e->format == FLUME_JSON || !first);
	text_add(&t, ": ");
	add_value(&t, value, quoted);
	if (flow)
		text_add(&t, flume_value_size(map) ? ", " : "");
	else if (first)
		text_addf(&t, "\n%*s", (int)flume_value_column(first) - 1, "");
	if (!flow && !first)
		e->strange = true;
	if (t.failed)
		e->failed = true;
	else
		replace(e, at, 0, t.s);
	text_fini(&t);
}

/* Into the document; of a block map at its end, behind what is there. */
static void set_member(struct edit *e, const flume_value *root, const char *key,
		       const char *value, bool quoted)
{
	const flume_value *old = flume_value_get(root, key);
	size_t at = offset_of(e, root);
	bool flow = at < e->len && e->text[at] == '{';
	if (!value)
		return;
	if (old) {
		set_scalar(e, old, value, quoted);
	} else if (flow) {
		add_member(e, root, key, value, quoted);
	} else {
		text_addf(&e->tail, "%s: ", key);
		add_value(&e->tail, value, quoted);
		text_add_char(&e->tail, '\n');
	}
}

/* ---- weights ---- */

static const char *weight_of(const struct switch_change *c, const char *name)
{
	for (size_t i = 0; i < c->n_weights; i++)
		if (!strcmp(c->weights[i].name, name))
			return c->weights[i].percent;
	return "0";
}

static void set_weights(struct edit *e, const flume_value *root, const struct switch_change *c)
{
	const flume_value *variants = flume_value_get(root, "variants");
	if (!c->weights)
		return;
	if (flume_value_type(variants) != FLUME_MAP) {
		e->strange = true;
		return;
	}
	for (size_t i = 0; i < flume_value_size(variants); i++)
		set_scalar(e, flume_value_at(variants, i),
			   weight_of(c, flume_value_text(flume_value_key(variants, i))), false);
	for (size_t i = 0; i < c->n_weights; i++)
		if (!flume_value_get(variants, c->weights[i].name))
			add_member(e, variants, c->weights[i].name, c->weights[i].percent,
				   false);
}

/* ---- the whole ---- */

/* Those at the same place stay in their order. */
static int by_place(const void *a, const void *b)
{
	const struct cut *x = a, *y = b;
	return x->at != y->at ? (x->at < y->at ? -1 : 1) : (x < y ? -1 : 1);
}

static char *put_together(struct edit *e)
{
	struct text out = {0};
	size_t at = 0;
	qsort(e->cuts, e->n, sizeof e->cuts[0], by_place);
	for (size_t i = 0; i < e->n; i++) {
		text_add_n(&out, e->text + at, e->cuts[i].at - at);
		text_add(&out, e->cuts[i].text);
		at = e->cuts[i].at + e->cuts[i].len;
	}
	text_add_n(&out, e->text + at, e->len - at);
	if (e->tail.len) {
		if (out.len && out.s[out.len - 1] != '\n')
			text_add_char(&out, '\n');
		text_add_n(&out, e->tail.s, e->tail.len);
	}
	return text_take(&out);
}

char *switch_edit(const char *text, size_t len, enum flume_format format,
		  const struct switch_change *c, struct flume_err *err)
{
	struct edit e = {.text = text, .len = len, .format = format};
	flume_value *root = NULL;
	char *out = NULL;
	int rc = flume_value_parse(&root, text, len, format, NULL, NULL);
	if (rc) {
		flume_fail(err, rc, "it does not parse");
		return NULL;
	}
	set_member(&e, root, "version", c->version, true);
	set_member(&e, root, "by", c->by, true);
	set_weights(&e, root, c);
	set_member(&e, root, "default", c->fallback, true);
	set_member(&e, root, "enabled", c->enabled, false);
	e.failed |= e.tail.failed;
	if (e.strange)
		flume_fail(err, FLUME_INVALID,
			   "it is not written in a way that could be "
			   "changed in place: change the file, and set "
			   "it with -f");
	else if (e.failed || !(out = put_together(&e)))
		flume_fail(err, FLUME_NOMEM, "out of memory");
	for (size_t i = 0; i < e.n; i++)
		free(e.cuts[i].text);
	text_fini(&e.tail);
	flume_value_free(root);
	return out;
}

static void compose_member(struct text *t, const char *key, const char *value, bool quoted)
{
	if (!value)
		return;
	text_addf(t, "%s: ", key);
	add_value(t, value, quoted);
	text_add_char(t, '\n');
}

char *switch_compose(const struct switch_change *c)
{
	struct text t = {0};
	compose_member(&t, "version", c->version ? c->version : "1", true);
	compose_member(&t, "by", c->by, true);
	text_add(&t, "variants: {");
	for (size_t i = 0; i < c->n_weights; i++) {
		text_add(&t, i ? ", " : "");
		add_value(&t, c->weights[i].name, true);
		text_addf(&t, ": %s", c->weights[i].percent);
	}
	text_add(&t, "}\n");
	compose_member(&t, "default",
		       c->fallback    ? c->fallback
		       : c->n_weights ? c->weights[0].name
				      : NULL,
		       true);
	compose_member(&t, "enabled", c->enabled, false);
	return text_take(&t);
}

#define MOST_DIGITS 18 /* 64 bits hold them, and one more */

char *switch_next_version(const char *version)
{
	size_t n = strlen(version), digits = 0;
	char *end;
	while (digits < n && strchr("0123456789", version[n - 1 - digits]))
		digits++;
	bool only = digits == n;
	bool semantic = flume_version_compare(version, version) == 0 && !strpbrk(version, "-+");
	if (!digits || digits > MOST_DIGITS || (!only && !semantic))
		return NULL;
	unsigned long long last = strtoull(version + n - digits, &end, 10);
	struct text t = {0};
	text_addf(&t, "%.*s%llu", (int)(n - digits), version, last + 1);
	return text_take(&t);
}
