/*
 * Values wait in one array until the list or map they belong to is closed; then they are
 * copied, side by side, into the arena, and a single value stands for them.  So no list is ever
 * grown piece by piece, and the array is as deep as the document only.  All of it is a draft: what
 * it comes to is known at the end, and then the document is made of it (pack.c).
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
	memset(t, 0, offsetof(struct tree, few_pending));
	t->limits = limits_effective(limits);
	t->report = report;
	t->pending = t->few_pending;
	t->cap = sizeof t->few_pending / sizeof *t->few_pending;
	t->frames = t->few_frames;
	t->frames_cap = sizeof t->few_frames / sizeof *t->few_frames;
	t->own_values = 1;
	arena_lend(&t->arena, t->room, sizeof t->room);
	if (bytes > t->limits.bytes)
		return fail_too_large(t, text);
	arena_expect(&t->arena, bytes * 4 < 65536 ? bytes * 4 : 65536);
	return 0;
}

void tree_fini(struct tree *t)
{
	arena_fini(&t->arena);
	if (t->pending != t->few_pending)
		free(t->pending);
	if (t->frames != t->few_frames)
		free(t->frames);
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
			const struct word *key = t->pending[end - 1].word;
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

/* Twice as many as the `n` that `array` holds, which is `few` at first; NULL when out of memory. */
static void *grow(void *array, const void *few, size_t n, size_t size)
{
	void *grown = reallocarray(array == few ? NULL : array, 2 * n, size);
	if (grown && array == few)
		memcpy(grown, few, n * size);
	return grown;
}

static int push(struct tree *t, const struct draft *draft)
{
	if (!t->open) {
		t->root = *draft;
		t->done = true;
		return 0;
	}
	if (t->len == t->cap) {
		struct draft *more = grow(t->pending, t->few_pending, t->cap, sizeof *more);
		if (!more)
			return FLUME_NOMEM;
		t->pending = more;
		t->cap *= 2;
	}
	t->pending[t->len++] = *draft;
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

/* ---- texts ---- */

#define SHORT 32 /* texts up to here are looked for among the recent ones */

static struct word **recent_of(struct tree *t, const char *s, size_t n)
{
	const size_t places = sizeof t->recent / sizeof *t->recent;
	unsigned hash = n ? (unsigned char)s[0] * 5U + (unsigned char)s[n - 1] : 0;
	return &t->recent[(hash + 11 * n) % places];
}

struct word *tree_word(struct tree *t, const char *s, size_t n)
{
	bool brief = n <= SHORT;
	struct word **recent = recent_of(t, s, n);
	if (brief && *recent && (*recent)->size == n && !memcmp((*recent)->text, s, n))
		return *recent;
	struct word *word = arena_get(&t->arena, sizeof *word + n + 1);
	if (!word)
		return NULL;
	*word = (struct word){.size = (uint32_t)n};
	memcpy(word->text, s, n);
	word->text[n] = '\0';
	t->own_bytes += n + 1;
	if (brief)
		*recent = word;
	return word;
}

/* ---- values ---- */

int tree_scalar(struct tree *t, const struct draft *scalar)
{
	t->bytes += scalar->value.size;
	int rc = count(t, 1, scalar->value.line, scalar->value.column);
	return rc ? rc : push(t, scalar);
}

int tree_key(struct tree *t, const struct draft *key)
{
	t->bytes += key->value.size;
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
		struct frame *more =
			grow(t->frames, t->few_frames, t->frames_cap, sizeof *more);
		if (!more)
			return FLUME_NOMEM;
		t->frames = more;
		t->frames_cap *= 2;
	}
	t->frames[t->open++] = f;
	return 0;
}

/* Entry `i` of the innermost map has the key of entry `first`. */
static void report_duplicate(struct tree *t, size_t i, size_t first)
{
	const struct frame *f = &t->frames[t->open - 1];
	const struct draft *key = &t->pending[f->first + 2 * i];
	const struct draft *other = &t->pending[f->first + 2 * first];
	char hint[64];
	snprintf(hint, sizeof hint, "it is on line %u, column %u already", other->value.line,
		 other->value.column);
	size_t len = t->len;
	t->len = f->first + 2 * i + 1; /* for the path */
	tree_fail_here(t, "duplicate-key", key->value.line, key->value.column, hint,
		       "duplicate key '%s'", key->word->text);
	t->len = len;
}

/* By key; equal keys stay in document order. */
static int compare_entries(const void *a, const void *b, void *drafts)
{
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	const struct word *one = ((const struct draft *)drafts)[2 * (size_t)i].word;
	const struct word *other = ((const struct draft *)drafts)[2 * (size_t)j].word;
	int c = order_texts(one->text, one->size, other->text, other->size);
	return c ? c : (i > j) - (i < j);
}

static bool same_key(const struct draft *a, const struct draft *b)
{
	return a->word == b->word ||
	       (a->word->size == b->word->size && a->word->text[0] == b->word->text[0] &&
		!memcmp(a->word->text, b->word->text, a->word->size));
}

static void find_few_duplicates(struct tree *t, const struct draft *drafts, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (same_key(&drafts[2 * i], &drafts[2 * j])) {
				report_duplicate(t, i, j);
				break;
			}
}

static void find_duplicates(struct tree *t, const struct draft *drafts, const uint32_t *order,
			    size_t n)
{
	uint32_t first = order[0];
	for (size_t i = 1; i < n; i++)
		if (same_key(&drafts[2 * (size_t)order[i]], &drafts[2 * (size_t)first]))
			report_duplicate(t, order[i], first);
		else
			first = order[i];
}

/* Where the numbers of a large map's entries go. */
static void sort_keys(struct tree *t, struct settled *settled)
{
	uint32_t *order = (uint32_t *)(settled->drafts + settled->n);
	for (uint32_t i = 0; i < settled->keys; i++)
		order[i] = i;
	qsort_r(order, settled->keys, sizeof *order, compare_entries, settled->drafts);
	find_duplicates(t, settled->drafts, order, settled->keys);
}

static size_t in_values(size_t keys)
{
	return (keys * sizeof(uint32_t) + sizeof(flume_value) - 1) / sizeof(flume_value);
}

/* Moves the innermost frame's items into the arena. */
static int settle(struct tree *t, struct draft *out)
{
	const struct frame *f = &t->frames[t->open - 1];
	size_t n = t->len - f->first;
	bool map = f->type == FLUME_MAP;
	size_t entries = map ? n / 2 : n;
	size_t keys = map && entries > VALUE_SMALL_MAP ? entries : 0;
	*out = (struct draft){.value = {.line = f->line, .column = f->column, .type = f->type}};
	t->maps += map;
	t->members += (uint32_t)entries;
	if (n == 0)
		return 0;
	struct settled *settled =
		arena_get(&t->arena, sizeof *settled + n * sizeof *settled->drafts +
					     keys * sizeof(uint32_t));
	if (!settled)
		return FLUME_NOMEM;
	*settled = (struct settled){t->settled, t->own_values, n, keys};
	memcpy(settled->drafts, t->pending + f->first, n * sizeof *settled->drafts);
	if (keys)
		sort_keys(t, settled);
	else if (map)
		find_few_duplicates(t, settled->drafts, entries);
	t->settled = settled;
	t->own_values += n + in_values(keys);
	out->settled = settled;
	out->value.size = (uint32_t)entries;
	return 0;
}

int tree_close(struct tree *t, struct extent *out)
{
	struct draft closed;
	int rc = settle(t, &closed);
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
	return push(t, &closed);
}

int tree_share(struct tree *t, const struct draft *draft, const struct extent *e, unsigned line,
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
	return push(t, draft);
}

bool tree_wants_key(const struct tree *t)
{
	const struct frame *f = t->open ? &t->frames[t->open - 1] : NULL;
	return f && f->type == FLUME_MAP && (t->len - f->first) % 2 == 0;
}

const struct draft *tree_last(const struct tree *t)
{
	return t->open ? &t->pending[t->len - 1] : &t->root;
}

int tree_take(struct tree *t, size_t before, size_t after, struct packed *out)
{
	if (t->found || !t->done)
		return FLUME_SYNTAX;
	return tree_pack(t, before, after, out);
}
