/*
 * ratio.h - can the split that was seen be chance?  Pure.
 *
 * A sample ratio that is not what the weights say means that something decides beside the switch: a
 * filter in front of it, a second switch with the same salt, keys that are lost on one side.  The
 * figures of such an experiment are worth nothing.
 *
 * Counted are different keys, not documents: one busy user is no evidence.  The test is chi-square, and
 * it is made again and again while the numbers grow; so its bound is far out, where chance comes once
 * in a thousand million times.
 */
#ifndef FLUME_AGENT_SPLIT_RATIO_H
#define FLUME_AGENT_SPLIT_RATIO_H

#include <stddef.h>
#include <stdint.h>

enum ratio_verdict {
	RATIO_WAIT, /* too few keys for a verdict, or nothing to compare */
	RATIO_GOOD,
	RATIO_BAD,
};

struct ratio {
	enum ratio_verdict verdict;
	uint64_t keys;  /* of all variants                                     */
	size_t worst;   /* the variant that is farthest from its share         */
	uint64_t seen;  /* its keys                                            */
	double wanted;  /* how many there should be                            */
	double measure; /* chi-square, and the bound that it is bad above      */
	double bound;
};

/* `seen` and `weights` of `n` variants, which belong together. */
struct ratio ratio_judge(const uint64_t *seen, const uint32_t *weights, size_t n);
/* "compact: 5210 of 10000 keys, where 50% are 5000"; `name` is the worst one's. */
void ratio_explain(const struct ratio *, const char *name, uint32_t weight, char *out,
		   size_t size);

#endif
