#include "tests/sim/seeds.h"

const struct known_seed seeds_known[] = {
	{1, "the first"},
};
const size_t seeds_known_len = sizeof seeds_known / sizeof *seeds_known;
