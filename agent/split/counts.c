#include "agent/split/counts.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define STRIPES 8U
#define LINE    64U

typedef atomic_uint_least64_t count;
typedef _Atomic uint8_t mark; /* 1 + a variant; 0: no key yet */

struct counts {
	size_t per_stripe; /* whole lines */
	count *stripes;
	mark keys[COUNTS_KEYS];
};

struct counts *counts_new(size_t variants)
{
	size_t per_line = LINE / sizeof(count);
	size_t per_stripe = (variants * AB_WHYS + per_line - 1) / per_line * per_line;
	size_t bytes = STRIPES * per_stripe * sizeof(count);
	struct counts *counts = calloc(1, sizeof *counts);
	count *stripes = counts ? aligned_alloc(LINE, bytes) : NULL;
	if (!stripes) {
		free(counts);
		return NULL;
	}
	for (size_t i = 0; i < STRIPES * per_stripe; i++)
		atomic_init(&stripes[i], 0);
	counts->per_stripe = per_stripe;
	counts->stripes = stripes;
	return counts;
}

void counts_free(struct counts *counts)
{
	if (counts)
		free(counts->stripes);
	free(counts);
}

static unsigned stripe(void)
{
	static atomic_uint threads;
	static _Thread_local unsigned mine; /* 1 and more; 0: not known yet */
	if (!mine)
		mine = 1 +
		       atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % STRIPES;
	return mine - 1;
}

static size_t place(size_t variant, enum ab_why why)
{
	return variant * AB_WHYS + why;
}

void counts_add(struct counts *counts, const struct ab_choice *choice)
{
	count *mine = counts->stripes + stripe() * counts->per_stripe;
	atomic_fetch_add_explicit(&mine[place(choice->variant, choice->why)], 1,
				  memory_order_relaxed);
	mark *key = &counts->keys[choice->hash & (COUNTS_KEYS - 1)];
	if (choice->why == AB_WEIGHT && !atomic_load_explicit(key, memory_order_relaxed))
		atomic_store_explicit(key, (uint8_t)(choice->variant + 1),
				      memory_order_relaxed);
}

uint64_t counts_get(const struct counts *counts, size_t variant, enum ab_why why)
{
	uint64_t n = 0;
	for (size_t s = 0; s < STRIPES; s++)
		n += atomic_load_explicit(
			&counts->stripes[s * counts->per_stripe + place(variant, why)],
			memory_order_relaxed);
	return n;
}

void counts_keys(const struct counts *counts, uint64_t *out, size_t variants)
{
	memset(out, 0, variants * sizeof *out);
	for (size_t i = 0; i < COUNTS_KEYS; i++) {
		uint8_t variant = atomic_load_explicit(&counts->keys[i], memory_order_relaxed);
		if (variant)
			out[variant - 1]++;
	}
}

void counts_take_keys(struct counts *to, const struct counts *from)
{
	for (size_t i = 0; i < COUNTS_KEYS; i++) {
		uint8_t variant = atomic_load_explicit(&from->keys[i], memory_order_relaxed);
		if (variant && !atomic_load_explicit(&to->keys[i], memory_order_relaxed))
			atomic_store_explicit(&to->keys[i], variant, memory_order_relaxed);
	}
}
