/*
 * Values wait in one array until the list or map they belong to is closed; then they are
 * copied, side by side, into the arena, and a single value stands for them.  So no list is ever
 * grown piece by piece, and the array is as deep as the document only.
 */
#include "lib/schema/tree.h"

#include "lib/base/report.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/schema/limits.h"
#include "lib/schema/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the first character is that has a byte past the limit. */
static int fail_too_large(struct tree *t, const char *text)
{
	unsigned line = 1, column = 1;
	size_t end = utf8_floor(text, t->limits.bytes);
	size_t mark = end >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3) ? 3 : 0;
	for (size_t i = mark; i < end; i++) {
		if (text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n')) {
			line++;
			column = 1;
		} else {
			column += ((unsigned char)text[i] & 0xC0) != 0x80;
		}
	}
	return tree_fail(t, "too-large", line, column, NULL,
			 "the document is larger than %zu bytes", t->limits.bytes);
}

int tree_init(struct tree *t, const char *text, size_t bytes, const struct flume_limits *limits,
	      flume_report *report)
{
	*t = (struct tree){.limits = limits_effective(limits), .report = report};
	if (bytes > t->limits.bytes)
		return fail_too_large(t, text);
	arena_expect(&t->arena, bytes * 4 < 65536 ? bytes * 4 + sizeof *t->document : 65536);
	t->document = arena_get(&t->arena, sizeof *t->document);
	if (!t->document)
		return FLUME_NOMEM;
	return 0;
}

void tree_fini(struct tree *t)
{
	arena_fini(&t->arena);
	free(t->pending);
	free(t->frames);
	*t = (struct tree){0};
}

/* Paths show the beginning of long keys only, so that many findings stay small. */
#define PATH_KEY 64

static void add_path(const struct tree *t, struct text *path)
{
	text_add(path, "root");
	for (size_t i = 0; i < t->open; i++) {
		const struct frame *f = &t->frames[i];
		size_t end = i + 1 < t->open ? t->frames[i + 1].first : t->len;
		if (f->type == FLUME_LIST) {
			text_addf(path, "[%zu]", end - f->first);
		} else if ((end - f->first) % 2) {
			const flume_value *key = &t->pending[end - 1];
			bool cut = key->size > PATH_KEY;
			text_add_char(path, '.');
			text_add_n(path, key->text,
				   cut ? utf8_floor(key->text, PATH_KEY) : key->size);
			text_add(path, cut ? "\xE2\x80\xA6" : "");
		}
	}
}

int tree_fail(struct tree *t, const char *code, unsigned line, unsigned column,
	      const char *hint, const char *fmt, ...)
{
	va_list args;
	t->found = true;
	va_start(args, fmt);
	report_addv_at(t->report, code, "", line, column, hint, fmt, args);
	va_end(args);
	return FLUME_SYNTAX;
}

int tree_fail_here(struct tree *t, const char *code, unsigned line, unsigned column,
		   const char *hint, const char *fmt, ...)
{
	va_list args;
	char *path = NULL;
	t->found = true;
	if (!report_full(t->report)) {
		struct text text = {0};
		add_path(t, &text);
		path = text_take(&text);
	}
	va_start(args, fmt);
	report_addv_at(t->report, code, path ? path : "", line, column, hint, fmt, args);
	va_end(args);
	free(path);
	return FLUME_SYNTAX;
}

static int grow(void **array, size_t *cap, size_t size)
{
	size_t wanted = *cap ? *cap * 2 : 64;
	void *grown = reallocarray(*array, wanted, size);
	if (!grown)
		return FLUME_NOMEM;
	*array = grown;
	*cap = wanted;
	return 0;
}

static int push(struct tree *t, const flume_value *v)
{
	if (!t->open) {
		t->document->root = *v;
		t->done = true;
		return 0;
	}
	if (t->len == t->cap) {
		void *array = t->pending;
		int rc = grow(&array, &t->cap, sizeof *t->pending);
		if (rc)
			return rc;
		t->pending = array;
	}
	t->pending[t->len++] = *v;
	return 0;
}

static int count(struct tree *t, size_t values, unsigned line, unsigned column)
{
	t->values += values;
	if (t->values <= limits_values(&t->limits))
		return 0;
	return tree_fail(t, "too-many-nodes", line, column,
			 values > 1 ? "aliases count as often as they are used" : NULL,
			 "the document has more than %zu values", limits_values(&t->limits));
}

static int sink(struct tree *t, unsigned depth, unsigned line, unsigned column)
{
	if (t->open + depth <= limits_depth(&t->limits))
		return 0;
	return tree_fail(t, "too-deep", line, column, NULL,
			 "lists and maps are nested more than %u deep",
			 limits_depth(&t->limits));
}

int tree_scalar(struct tree *t, const flume_value *scalar)
{
	t->bytes += scalar->size;
	int rc = count(t, 1, scalar->line, scalar->column);
	return rc ? rc : push(t, scalar);
}

int tree_key(struct tree *t, const flume_value *key)
{
	t->bytes += key->size;
	return push(t, key);
}

int tree_open(struct tree *t, enum flume_value_type type, unsigned line, unsigned column,
	      void *note)
{
	int rc = sink(t, 1, line, column);
	if (rc)
		return rc;
	struct frame f = {type, line, column, t->len, {t->values, t->bytes, 0}, note};
	rc = count(t, 1, line, column);
	if (rc)
		return rc;
	if (t->open == t->frames_cap) {
		void *array = t->frames;
		rc = grow(&array, &t->frames_cap, sizeof *t->frames);
		if (rc)
			return rc;
		t->frames = array;
	}
	t->frames[t->open++] = f;
	return 0;
}

/* Entry `i` of the innermost map has the key of entry `first`. */
static void report_duplicate(struct tree *t, size_t i, size_t first)
{
	const struct frame *f = &t->frames[t->open - 1];
	const flume_value *key = &t->pending[f->first + 2 * i];
	const flume_value *other = &t->pending[f->first + 2 * first];
	char hint[64];
	snprintf(hint, sizeof hint, "it is on line %u, column %u already", other->line,
		 other->column);
	size_t len = t->len;
	t->len = f->first + 2 * i + 1; /* for the path */
	tree_fail_here(t, "duplicate-key", key->line, key->column, hint, "duplicate key '%s'",
		       key->text);
	t->len = len;
}

static void find_duplicates(struct tree *t, const flume_value *items, uint32_t n,
			    const uint32_t *order)
{
	if (n <= VALUE_SMALL_MAP) {
		for (size_t i = 1; i < n; i++)
			for (size_t j = 0; j < i; j++)
				if (value_same_key(&items[2 * i], &items[2 * j])) {
					report_duplicate(t, i, j);
					break;
				}
		return;
	}
	uint32_t first = order[0];
	for (uint32_t i = 1; i < n; i++)
		if (value_compare_keys(&items[2 * (size_t)order[i]], &items[2 * (size_t)first]))
			first = order[i];
		else
			report_duplicate(t, order[i], first);
}

/* Moves the innermost frame's items into the arena. */
static int settle(struct tree *t, flume_value *v)
{
	const struct frame *f = &t->frames[t->open - 1];
	size_t items = t->len - f->first;
	bool map = f->type == FLUME_MAP;
	size_t entries = map ? items / 2 : items;
	size_t ordered = map && entries > VALUE_SMALL_MAP ? entries : 0;
	*v = (flume_value){.line = f->line, .column = f->column, .type = (uint8_t)f->type};
	if (items == 0)
		return 0;
	flume_value *kept =
		arena_get(&t->arena, items * sizeof *kept + ordered * sizeof(uint32_t));
	if (!kept)
		return FLUME_NOMEM;
	memcpy(kept, t->pending + f->first, items * sizeof *kept);
	uint32_t *order = (uint32_t *)(kept + items);
	if (ordered)
		order_keys(order, kept, (uint32_t)entries);
	if (map)
		find_duplicates(t, kept, (uint32_t)entries, order);
	v->items = kept;
	v->size = (uint32_t)entries;
	return 0;
}

int tree_close(struct tree *t, struct extent *out)
{
	flume_value v;
	int rc = settle(t, &v);
	if (rc)
		return rc;
	const struct frame *f = &t->frames[--t->open];
	*out = (struct extent){
		.values = t->values - f->below.values,
		.bytes = t->bytes - f->below.bytes,
		.depth = f->below.depth + 1,
	};
	t->len = f->first;
	if (t->open && t->frames[t->open - 1].below.depth < out->depth)
		t->frames[t->open - 1].below.depth = out->depth;
	return push(t, &v);
}

int tree_share(struct tree *t, const flume_value *v, const struct extent *e, unsigned line,
	       unsigned column)
{
	int rc = sink(t, e->depth, line, column);
	if (!rc)
		rc = count(t, e->values, line, column);
	if (rc)
		return rc;
	t->bytes += e->bytes;
	if (t->bytes > t->limits.bytes)
		return tree_fail(
			t, "too-large", line, column, "aliases count as often as they are used",
			"the document has more than %zu bytes of text", t->limits.bytes);
	if (t->open && t->frames[t->open - 1].below.depth < e->depth)
		t->frames[t->open - 1].below.depth = e->depth;
	return push(t, v);
}

bool tree_wants_key(const struct tree *t)
{
	const struct frame *f = t->open ? &t->frames[t->open - 1] : NULL;
	return f && f->type == FLUME_MAP && (t->len - f->first) % 2 == 0;
}

const flume_value *tree_last(const struct tree *t)
{
	return t->open ? &t->pending[t->len - 1] : &t->document->root;
}

int tree_take(struct tree *t, flume_value **out)
{
	if (t->found || !t->done)
		return FLUME_SYNTAX;
	*out = &t->document->root;
	t->document->arena = t->arena;
	t->arena = (struct arena){0};
	return 0;
}
