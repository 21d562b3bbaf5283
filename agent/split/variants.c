/* The variants of a switch and their weights, which are read digit by digit: no float comes near them. */
#include "agent/split/inside.h"
#include "agent/split/weight.h"
#include "lib/base/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

static bool is_name(const char *s)
{
	return *s && strchr(LETTERS, *s) && s[strspn(s, LETTERS ".-")] == '\0' &&
	       strlen(s) < AB_NAME;
}

static void refuse(const struct ab_variant *variant, const flume_value *at, const char *code,
		   const char *hint, const char *what, flume_report *report)
{
	char path[AB_NAME + 32];
	snprintf(path, sizeof path, AB_ROOT ".variants.%.128s", variant->name);
	flume_report_add(report, code, path, at, hint, "%s", what);
}

static bool read_weight(struct ab_variant *variant, const flume_value *value,
			flume_report *report)
{
	if (flume_value_type(value) != FLUME_NUMBER) {
		refuse(variant, value, "wrong-type",
		       "a weight is written as 12.5, without quotes or '%'",
		       "expected a weight, in per cent", report);
		return false;
	}
	switch (weight_read(flume_value_text(value), &variant->weight)) {
	case WEIGHT_GOOD:
		return true;
	case WEIGHT_NO_NUMBER:
		refuse(variant, value, "bad-value", "write it as 12.5",
		       "a weight has neither sign nor exponent", report);
		break;
	case WEIGHT_TOO_FINE:
		refuse(variant, value, "too-fine", NULL, "weights go down to 0.001", report);
		break;
	case WEIGHT_TOO_LARGE:
		refuse(variant, value, "bad-value", NULL, "a weight is at most 100", report);
		break;
	}
	return false;
}

static bool read_one(struct ab_variant *variant, const flume_value *key,
		     const flume_value *value, flume_report *report)
{
	variant->name = flume_value_text(key);
	if (!is_name(variant->name)) {
		refuse(variant, key, "bad-name", NULL,
		       "a variant's name has letters, digits, '_', '-' and '.', begins with "
		       "a letter, a digit or '_', and is at most 128 long",
		       report);
		return false;
	}
	return read_weight(variant, value, report);
}

static int by_name(const void *a, const void *b)
{
	const struct ab_variant *x = a, *y = b;
	return strcmp(x->name, y->name);
}

static int check_sum(const struct ab_switch *sw, const flume_value *at, flume_report *report)
{
	char sum_text[WEIGHT_TEXT], off_text[WEIGHT_TEXT], hint[80];
	uint64_t sum = 0;
	for (size_t i = 0; i < sw->n_variants; i++)
		sum += sw->variants[i].weight;
	if (sum == AB_WHOLE)
		return FLUME_OK;
	weight_write(sum_text, sum);
	weight_write(off_text, sum > AB_WHOLE ? sum - AB_WHOLE : AB_WHOLE - sum);
	snprintf(hint, sizeof hint, "%s %s", off_text,
		 sum > AB_WHOLE ? "too much" : "is missing");
	flume_report_add(report, "weights", AB_ROOT ".variants", at, hint,
			 "the weights sum to %s, not to 100", sum_text);
	return FLUME_REJECTED;
}

static void line_up(struct ab_switch *sw)
{
	race_prepare();
	for (size_t i = 0; i < sw->n_variants; i++)
		if (sw->variants[i].weight)
			sw->racers[sw->n_racers++] = (struct racer){
				.name = race_name(sw->variants[i].name),
				.weight = sw->variants[i].weight,
				.variant = (uint32_t)i,
			};
}

int variants_read(struct ab_switch *sw, const flume_value *variants, flume_report *report)
{
	size_t n = flume_value_size(variants);
	bool good = true;
	if (n > AB_VARIANTS) {
		flume_report_add(report, "too-many", AB_ROOT ".variants", variants, NULL,
				 "%zu variants; a switch has at most %d", n, AB_VARIANTS);
		return FLUME_REJECTED;
	}
	sw->variants = calloc(n, sizeof *sw->variants);
	sw->racers = calloc(n, sizeof *sw->racers);
	if (!sw->variants || !sw->racers)
		return FLUME_NOMEM;
	sw->n_variants = n;
	for (size_t i = 0; i < n; i++)
		good &= read_one(&sw->variants[i], flume_value_key(variants, i),
				 flume_value_at(variants, i), report);
	qsort(sw->variants, n, sizeof *sw->variants, by_name);
	int rc = good ? check_sum(sw, variants, report) : FLUME_REJECTED;
	if (!rc)
		line_up(sw);
	return rc;
}

/* ---- asking for one ---- */

int ab_find(const struct ab_switch *sw, const char *variant)
{
	size_t low = 0, high = sw->n_variants;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(variant, sw->variants[middle].name);
		if (!order)
			return (int)middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

int variants_named(const struct ab_switch *sw, const flume_value *value, const char *path,
		   uint32_t *out, flume_report *report)
{
	const char *names[AB_VARIANTS], *name = flume_value_text(value);
	char hint[AB_NAME + 32];
	int i = ab_find(sw, name);
	if (i >= 0) {
		*out = (uint32_t)i;
		return FLUME_OK;
	}
	for (size_t v = 0; v < sw->n_variants; v++)
		names[v] = sw->variants[v].name;
	const char *near = suggest(name, names, sw->n_variants);
	snprintf(hint, sizeof hint, "did you mean '%s'?", near ? near : "");
	flume_report_add(report, "unknown-variant", path, value, near ? hint : NULL,
			 "there is no variant '%.64s'", name);
	return FLUME_REJECTED;
}
