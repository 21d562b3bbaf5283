#include "agent/source/pace.h"

/* whole * random / 2^32, without overflow */
static int64_t part_of(int64_t whole, uint32_t random)
{
	return (whole >> 32) * random +
	       (int64_t)(((uint64_t)(whole & UINT32_MAX) * random) >> 32);
}

int64_t pace_good(struct pace *p, uint32_t random)
{
	p->bound = 0;
	return p->poll - p->poll / 10 + part_of(p->poll / 5, random);
}

int64_t pace_bad(struct pace *p, uint32_t random, int64_t at_least)
{
	int64_t bound = p->bound ? p->bound : p->least;
	p->bound = bound > p->most / 2 ? p->most : bound * 2;
	return at_least + part_of(bound, random);
}
