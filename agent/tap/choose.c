#include "agent/tap/choose.h"

/* The last step of splitmix64. */
static uint64_t mix(uint64_t n)
{
	n += UINT64_C(0x9e3779b97f4a7c15);
	n = (n ^ (n >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	n = (n ^ (n >> 27)) * UINT64_C(0x94d049bb133111eb);
	return n ^ (n >> 31);
}

bool choose_nth(uint64_t n, double share)
{
	return share >= 1 || (double)(mix(n) >> 11) < share * 0x1p53;
}

void choose_rate_init(struct choose_rate *r, double per_second, int64_t now_ns)
{
	double most = per_second > 1 ? per_second : 1;
	*r = (struct choose_rate){per_second, most, most, now_ns};
}

bool choose_rate_take(struct choose_rate *r, int64_t now_ns)
{
	if (now_ns > r->at_ns) {
		r->tokens += (double)(now_ns - r->at_ns) / 1e9 * r->per_second;
		r->at_ns = now_ns;
	}
	if (r->tokens > r->most)
		r->tokens = r->most;
	if (r->tokens < 1)
		return false;
	r->tokens -= 1;
	return true;
}
