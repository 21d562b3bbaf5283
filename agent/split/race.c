/*
 * The recipe finds a logarithm by 32 squarings, so that it can be told in a few lines and is the same
 * in every language.  That takes longer than all the rest of a call.  A table of the logarithm at 256
 * places and straight lines between give it up to SLACK, which nearly always shows who has won; where it
 * does not, the recipe is followed.
 */
#include "agent/split/race.h"

#include "agent/split/ab.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <xxhash.h>

#define ONE UINT64_C(4294967296) /* 2^32 */

/* Squarings lose less than this by cutting.  Between two places the line is at most 2^32 * log2(e) / 8 /
 * 256^2 below the logarithm. */
#define CUT   16U
#define SLACK (11819U + 2 * CUT)

static uint32_t table[257]; /* the last one stands for 2^32 */
static pthread_once_t once = PTHREAD_ONCE_INIT;

uint64_t race_name(const char *variant)
{
	return XXH3_64bits(variant, strlen(variant));
}

static uint64_t draw(uint64_t hash, uint64_t name)
{
	unsigned char bytes[16];
	for (unsigned i = 0; i < 8; i++) {
		bytes[i] = (unsigned char)(hash >> 8 * i);
		bytes[8 + i] = (unsigned char)(name >> 8 * i);
	}
	return (XXH3_64bits(bytes, sizeof bytes) >> 32) + 1;
}

/* 2^32 * log2(m / 2^31), for 2^31 <= m < 2^32. */
static uint64_t fraction(uint64_t m)
{
	uint64_t bits = 0;
	for (int i = 0; i < 32; i++) {
		m *= m;
		bits <<= 1;
		if (m >> 63) {
			bits |= 1;
			m >>= 32;
		} else {
			m >>= 31;
		}
	}
	return bits;
}

static unsigned magnitude(uint64_t x)
{
	return 63 - (unsigned)__builtin_clzll(x);
}

static uint64_t time_of(uint64_t x)
{
	unsigned k = magnitude(x);
	return x == ONE ? 0 : 32 * ONE - (k * ONE + fraction(x << (31 - k)));
}

uint64_t race_time(uint64_t hash, uint64_t name)
{
	return time_of(draw(hash, name));
}

static void fill(void)
{
	for (uint64_t i = 0; i < 256; i++)
		table[i] = (uint32_t)fraction((256 + i) << 23);
}

void race_prepare(void)
{
	pthread_once(&once, fill);
}

/* Never less than the time, and at most SLACK more. */
static uint64_t late(uint64_t x)
{
	unsigned k = magnitude(x);
	uint64_t m = x << (63 - k);
	unsigned i = m >> 55 & 255;
	uint64_t step = (uint32_t)(table[i + 1] - table[i]);
	uint64_t log = k * ONE + table[i] + (step * (m >> 23 & (ONE - 1)) >> 32);
	return 32 * ONE - log + CUT;
}

/* The first one by `times`. */
static size_t first(const struct racer *racers, const uint64_t *times, size_t n)
{
	size_t best = 0;
	for (size_t i = 1; i < n; i++)
		if (times[i] * racers[best].weight < times[best] * racers[i].weight)
			best = i;
	return best;
}

static bool is_sure(const struct racer *racers, const uint64_t *times, size_t n, size_t best)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t early = times[i] > SLACK ? times[i] - SLACK : 0;
		if (i != best && times[best] * racers[i].weight >= early * racers[best].weight)
			return false;
	}
	return true;
}

size_t race_run(const struct racer *racers, size_t n, uint64_t hash)
{
	uint64_t times[AB_VARIANTS];
	for (size_t i = 0; i < n; i++)
		times[i] = late(draw(hash, racers[i].name));
	size_t best = first(racers, times, n);
	if (is_sure(racers, times, n, best))
		return best;
	for (size_t i = 0; i < n; i++)
		times[i] = race_time(hash, racers[i].name);
	return first(racers, times, n);
}
