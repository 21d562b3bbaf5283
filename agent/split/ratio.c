/*
 * The bound is where chi-square with so many degrees of freedom is six standard deviations out, by
 * the approximation of Wilson and Hilferty: one in 10^9 for any number of variants.  A variant that
 * expects fewer than five keys is counted together with the others of that sort.
 */
#include "agent/split/ratio.h"

#include "agent/split/ab.h"
#include "agent/split/weight.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define LEAST      200 /* keys for a verdict */
#define LEAST_EACH 5.0
#define FAR        6.0 /* standard deviations */

struct sum {
	double seen, wanted, measure;
	unsigned cells;
};

static void add_cell(struct sum *sum, double seen, double wanted)
{
	if (wanted <= 0)
		return;
	sum->measure += (seen - wanted) * (seen - wanted) / wanted;
	sum->cells++;
}

static double bound_of(unsigned freedom)
{
	double part = 2.0 / (9.0 * freedom);
	double root = 1 - part + FAR * sqrt(part);
	return freedom * root * root * root;
}

struct ratio ratio_judge(const uint64_t *seen, const uint32_t *weights, size_t n)
{
	struct ratio ratio = {.verdict = RATIO_WAIT};
	struct sum sum = {0};
	double farthest = -1;
	for (size_t i = 0; i < n; i++)
		ratio.keys += seen[i];
	for (size_t i = 0; i < n; i++) {
		double wanted = (double)ratio.keys * weights[i] / AB_WHOLE;
		double off = fabs((double)seen[i] - wanted) / sqrt(wanted > 1 ? wanted : 1);
		if (wanted < LEAST_EACH) {
			sum.seen += (double)seen[i];
			sum.wanted += wanted;
		} else {
			add_cell(&sum, (double)seen[i], wanted);
		}
		if (off > farthest) {
			farthest = off;
			ratio.worst = i;
			ratio.seen = seen[i];
			ratio.wanted = wanted;
		}
	}
	if (sum.wanted >= LEAST_EACH)
		add_cell(&sum, sum.seen, sum.wanted);
	if (ratio.keys < LEAST || sum.cells < 2)
		return ratio;
	ratio.measure = sum.measure;
	ratio.bound = bound_of(sum.cells - 1);
	ratio.verdict = ratio.measure > ratio.bound ? RATIO_BAD : RATIO_GOOD;
	return ratio;
}

void ratio_explain(const struct ratio *ratio, const char *name, uint32_t weight, char *out,
		   size_t size)
{
	char share[WEIGHT_TEXT];
	weight_write(share, weight);
	snprintf(out, size, "%.64s: %" PRIu64 " of %" PRIu64 " keys, where %s%% are %.0f", name,
		 ratio->seen, ratio->keys, share, ratio->wanted);
}
