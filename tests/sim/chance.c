/* SplitMix64: small, fast, and every seed is as good as any other. */
#include "tests/sim/sim.h"

#include <string.h>
#include <sys/types.h>

void chance_seed(struct chance *c, uint64_t seed, uint64_t stream)
{
	c->state = seed * UINT64_C(0x9e3779b97f4a7c15) ^ stream * UINT64_C(0xd1342543de82ef95);
	(void)chance_draw(c);
}

uint64_t chance_draw(struct chance *c)
{
	uint64_t z = c->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t chance_below(struct chance *c, uint64_t n)
{
	return chance_draw(c) % n;
}

int64_t chance_span(struct chance *c, int64_t least, int64_t most)
{
	return least + (int64_t)chance_below(c, (uint64_t)(most - least) + 1);
}

bool chance_in(struct chance *c, unsigned n)
{
	return n && !chance_below(c, n);
}

/* ---- what the product takes its own from ---- */

ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned flags);

ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned flags)
{
	unsigned char *out = buffer;
	(void)flags;
	for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
		uint64_t n = chance_draw(&sim.product);
		size_t left = size - i;
		memcpy(out + i, &n, left < sizeof n ? left : sizeof n);
	}
	return (ssize_t)size;
}
