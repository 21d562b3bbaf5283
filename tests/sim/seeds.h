/* seeds.h - seeds that have found something once; they run first. */
#ifndef FLUME_SIM_SEEDS_H
#define FLUME_SIM_SEEDS_H

#include <stddef.h>
#include <stdint.h>

struct known_seed {
	uint64_t seed;
	const char *found; /* what */
};

extern const struct known_seed seeds_known[];
extern const size_t seeds_known_len;

#endif
