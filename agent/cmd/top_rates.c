/*
 * How many calls are under way is not counted by the node, for it would cost every call; what they
 * took together in a second says the same on average (Little).
 */
#include "agent/cmd/top_rates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct top_counts *find(const struct top_sample *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->all[i].name, name))
			return &s->all[i];
	return NULL;
}

static bool began_anew(const struct top_counts *before, const struct top_counts *now)
{
	return now->calls < before->calls || now->took < before->took ||
	       now->n_buckets != before->n_buckets;
}

/* Calls in the interval that took no longer than bucket i says. */
static double within(const struct top_counts *before, const struct top_counts *now, size_t i)
{
	double n = now->buckets[i].calls - before->buckets[i].calls;
	return n > 0 ? n : 0;
}

/* In the bucket the calls are taken to be spread evenly; behind the last bound there is none. */
static double quantile(const struct top_counts *before, const struct top_counts *now, double q)
{
	size_t n = now->n_buckets;
	double all = n ? within(before, now, n - 1) : 0, below = 0, least = 0;
	if (all <= 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		double most = now->buckets[i].most, here = within(before, now, i);
		if (here >= q * all && here > below) {
			if (!isfinite(most))
				return least;
			return least + (most - least) * (q * all - below) / (here - below);
		}
		below = here;
		least = isfinite(most) ? most : least;
	}
	return least;
}

static struct top_row row_of(const struct top_counts *before, const struct top_counts *now,
			     double seconds)
{
	static const struct top_counts nothing;
	struct top_counts zero = nothing;
	if (!before || began_anew(before, now)) {
		zero.n_buckets = now->n_buckets;
		before = &zero;
	}
	return (struct top_row){
		.now = now,
		.rate = (now->calls - before->calls) / seconds,
		.errors = fmax(now->errors - before->errors, 0) / seconds,
		.dropped = fmax(now->dropped - before->dropped, 0) / seconds,
		.busy = (now->took - before->took) / seconds,
		.p50 = quantile(before, now, 0.5),
		.p99 = quantile(before, now, 0.99),
	};
}

struct top_row *top_rates(const struct top_sample *before, const struct top_sample *now)
{
	struct top_row *rows = calloc(now->n ? now->n : 1, sizeof *rows);
	double seconds = now->at - before->at;
	if (seconds < 1e-3)
		seconds = 1e-3;
	for (size_t i = 0; rows && i < now->n; i++)
		rows[i] = row_of(find(before, now->all[i].name), &now->all[i], seconds);
	return rows;
}

/* ---- order ---- */

static double figure(const struct top_row *row, enum top_order order)
{
	const double figures[TOP_ORDERS] = {
		[TOP_BY_RATE] = row->rate,       [TOP_BY_ERRORS] = row->errors,
		[TOP_BY_DROPPED] = row->dropped, [TOP_BY_P50] = row->p50,
		[TOP_BY_P99] = row->p99,         [TOP_BY_BUSY] = row->busy,
	};
	return figures[order];
}

/* Equal figures stand by name, whichever way round. */
static int compare(const struct top_row *a, const struct top_row *b, enum top_order order,
		   bool reverse)
{
	int name = strcmp(a->now->name, b->now->name);
	double x = order ? figure(a, order) : 0, y = order ? figure(b, order) : 0;
	int by = order ? (x < y) - (x > y) : name;
	if (reverse)
		by = -by;
	return by ? by : name;
}

struct how {
	enum top_order order;
	bool reverse;
};

static int compare_how(const void *a, const void *b, void *arg)
{
	const struct how *how = arg;
	return compare(a, b, how->order, how->reverse);
}

void top_sort(struct top_row *rows, size_t n, enum top_order order, bool reverse)
{
	struct how how = {order, reverse};
	qsort_r(rows, n, sizeof *rows, compare_how, &how);
}
