/* Rates are compared by multiplying out, so that no limit is met or missed by a rounding. */
#include "agent/engine/tally.h"

__extension__ typedef unsigned __int128 wide;

bool tally_is_enough(struct tally t, int64_t calls)
{
	return t.calls > 0 && t.calls >= (uint64_t)calls;
}

bool tally_exceeds(struct tally t, int64_t rate)
{
	return (wide)t.failures * RATE_WHOLE > (wide)t.calls * (wide)rate;
}

bool tally_is_worse(struct tally a, struct tally b)
{
	return (wide)a.failures * b.calls > (wide)b.failures * a.calls;
}

double tally_percent(struct tally t)
{
	return t.calls ? 100.0 * (double)t.failures / (double)t.calls : 0;
}

double rate_percent(int64_t rate)
{
	return 100.0 * (double)rate / (double)RATE_WHOLE;
}
