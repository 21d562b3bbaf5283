/*
 * Whoever writes a document chooses its keys, and so also which of them share a hash.  Hashes
 * save work where keys are as usual; where they do not, keys are sorted, which takes about as
 * long whatever they are.
 */
#include "agent/document/keys.h"

#include "agent/document/quoted.h"

#include <stdlib.h>

#define FEW    16 /* keys that are looked at one by one                 */
#define PROBES 32 /* places looked at in a table before keys are sorted */

static int compare_across(const struct document *d, const struct node *a,
			  const struct document *e, const struct node *b)
{
	const char *left = d->bytes + a->key, *right = e->bytes + b->key;
	if ((a->flags | b->flags) & NODE_KEY_ESCAPED)
		return quoted_compare(left, a->key_len, right, b->key_len);
	uint32_t least = a->key_len < b->key_len ? a->key_len : b->key_len;
	int order = memcmp(left, right, least);
	return order ? order : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

/* ---- sorted ---- */

static int compare_keys(const void *a, const void *b, void *arg)
{
	const struct document *d = arg;
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	int order = compare_across(d, &d->nodes[left], d, &d->nodes[right]);
	return order ? order : (left > right) - (left < right);
}

/* False when out of memory. */
static bool sort(struct keys *out, const struct document *d, uint32_t object)
{
	struct keys keys = {.n = d->nodes[object].count};
	keys.nodes = malloc((keys.n ? keys.n : 1) * sizeof *keys.nodes);
	if (!keys.nodes)
		return false;
	uint32_t at = d->nodes[object].first;
	for (size_t i = 0; i < keys.n; i++, at = d->nodes[at].next)
		keys.nodes[i] = at;
	qsort_r(keys.nodes, keys.n, sizeof *keys.nodes, compare_keys, (void *)(uintptr_t)d);
	*out = keys;
	return true;
}

void keys_init(struct keys *keys, const struct document *d, uint32_t object, size_t questions)
{
	*keys = (struct keys){0};
	if (d->nodes[object].count > FEW && questions > FEW)
		sort(keys, d, object);
}

static uint32_t find_one(const struct document *d, uint32_t object,
			 const struct document *other, uint32_t member)
{
	uint32_t at = d->nodes[object].first;
	while (at && compare_across(d, &d->nodes[at], other, &other->nodes[member]))
		at = d->nodes[at].next;
	return at;
}

uint32_t keys_find(const struct keys *keys, const struct document *d, uint32_t object,
		   const struct document *other, uint32_t member)
{
	size_t low = 0, high = keys->n;
	if (!keys->nodes)
		return find_one(d, object, other, member);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_across(d, &d->nodes[keys->nodes[middle]], other,
					   &other->nodes[member]);
		if (!order)
			return keys->nodes[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

void keys_fini(struct keys *keys)
{
	free(keys->nodes);
	*keys = (struct keys){0};
}

/* ---- each of its own ---- */

/* 1, 0 or -1, as keys_differ. */
static int differ_when_sorted(const struct document *d, uint32_t object, uint32_t *out_again)
{
	struct keys keys;
	int differ = 1;
	if (!sort(&keys, d, object))
		return -1;
	for (size_t i = 1; i < keys.n; i++) {
		const struct node *a = &d->nodes[keys.nodes[i - 1]],
				  *b = &d->nodes[keys.nodes[i]];
		if (compare_across(d, a, d, b) == 0 && (differ || keys.nodes[i] < *out_again)) {
			*out_again = keys.nodes[i];
			differ = 0;
		}
	}
	keys_fini(&keys);
	return differ;
}

static bool is_same(const struct document *d, const struct node *a, const struct node *b)
{
	return a->hash == b->hash && a->key_len == b->key_len &&
	       !memcmp(d->bytes + a->key, d->bytes + b->key, a->key_len);
}

static int differ_each(const struct document *d, uint32_t object, uint32_t *out_again)
{
	uint32_t list[FEW], n = 0;
	for (uint32_t at = d->nodes[object].first; at; at = d->nodes[at].next) {
		for (uint32_t i = 0; i < n; i++) {
			if (is_same(d, &d->nodes[list[i]], &d->nodes[at])) {
				*out_again = at;
				return 0;
			}
		}
		list[n++] = at;
	}
	return 1;
}

/* Is there the same in the table, whose size is a power of two?  If not it is added.  -1 when there is
 * no place near. */
static int look_up(const struct document *d, uint32_t *table, size_t mask, uint32_t at)
{
	const struct node *node = &d->nodes[at];
	size_t place = keys_hash(d->bytes + node->key, node->key_len);
	for (size_t i = 0; i < PROBES; i++, place++) {
		uint32_t *entry = &table[place & mask];
		if (!*entry) {
			*entry = at;
			return 0;
		}
		if (is_same(d, &d->nodes[*entry], node))
			return 1;
	}
	return -1;
}

static int differ_in_table(const struct document *d, uint32_t object, uint32_t *out_again)
{
	size_t size = 4 * (size_t)FEW;
	while (size < 2 * (size_t)d->nodes[object].count)
		size *= 2;
	uint32_t *table = calloc(size, sizeof *table);
	if (!table)
		return -1;
	int there = 0;
	uint32_t at = d->nodes[object].first;
	for (; at && !there; at = d->nodes[at].next)
		if ((there = look_up(d, table, size - 1, at)) > 0)
			*out_again = at;
	free(table);
	return there < 0 ? differ_when_sorted(d, object, out_again) : !there;
}

int keys_differ(const struct document *d, uint32_t object, uint32_t *out_again)
{
	for (uint32_t at = d->nodes[object].first; at; at = d->nodes[at].next)
		if (d->nodes[at].flags & NODE_KEY_ESCAPED)
			return differ_when_sorted(d, object, out_again);
	return d->nodes[object].count <= FEW ? differ_each(d, object, out_again)
					     : differ_in_table(d, object, out_again);
}
