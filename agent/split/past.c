#include "agent/split/past.h"

#include "lib/flume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The variants of the switch that is there, and as many that are gone. */
#define KEPT (2 * (size_t)AB_VARIANTS)

int past_expect(struct past *past, const struct ab_switch *sw)
{
	size_t cap = past->n + ab_count(sw);
	if (cap <= past->cap)
		return FLUME_OK;
	struct past_variant *list = reallocarray(past->list, cap, sizeof *list);
	if (!list)
		return FLUME_NOMEM;
	past->list = list;
	past->cap = cap;
	return FLUME_OK;
}

/* Where it is, or should be. */
static struct past_variant *seek(const struct past *past, const char *name)
{
	size_t i = 0;
	while (i < past->n && strcmp(past->list[i].name, name) < 0)
		i++;
	return past->list + i;
}

static bool is_at(const struct past *past, const struct past_variant *at, const char *name)
{
	return at < past->list + past->n && !strcmp(at->name, name);
}

static void meet(struct past *past, const char *name)
{
	struct past_variant *at = seek(past, name);
	if (!is_at(past, at, name)) {
		memmove(at + 1, at, (size_t)(past->list + past->n - at) * sizeof *at);
		past->n++;
		memset(at, 0, sizeof *at);
		snprintf(at->name, sizeof at->name, "%s", name);
	}
	at->last = past->turn;
}

static void forget_one(struct past *past)
{
	size_t oldest = 0;
	for (size_t i = 1; i < past->n; i++)
		if (past->list[i].last < past->list[oldest].last)
			oldest = i;
	past->n--;
	memmove(past->list + oldest, past->list + oldest + 1,
		(past->n - oldest) * sizeof *past->list);
}

void past_begin(struct past *past, const struct ab_switch *sw)
{
	past->turn++;
	for (size_t i = 0; i < ab_count(sw); i++)
		meet(past, ab_variant(sw, i)->name);
	while (past->n > KEPT)
		forget_one(past);
}

void past_add(struct past *past, const struct ab_switch *sw, const struct counts *counts)
{
	for (size_t i = 0; i < ab_count(sw); i++) {
		const char *name = ab_variant(sw, i)->name;
		struct past_variant *at = seek(past, name);
		if (!is_at(past, at, name))
			continue;
		for (int why = 0; why < AB_WHYS; why++)
			at->n[why] += counts_get(counts, i, (enum ab_why)why);
	}
}

void past_count(struct past *past, const char *variant, enum ab_why why)
{
	struct past_variant *at = seek(past, variant);
	if (is_at(past, at, variant))
		at->n[why]++;
}

void past_fini(struct past *past)
{
	free(past->list);
	*past = (struct past){0};
}
