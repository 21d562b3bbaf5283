#include "tests/sim/seeds.h"

const struct known_seed seeds_known[] = {
	{434, "a copy that was in the cache alone was called proven"},
	{12, "another text, one revision before the copy on disk, was taken for the same"},
};
const size_t seeds_known_len = sizeof seeds_known / sizeof *seeds_known;
