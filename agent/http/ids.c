#include "agent/http/ids.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

void ids_init(struct ids *ids)
{
	if (getrandom(ids->state, sizeof ids->state, 0) != (ssize_t)sizeof ids->state) {
		struct timespec now;
		clock_gettime(CLOCK_REALTIME, &now);
		ids->state[0] = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
		ids->state[1] = (uint64_t)(uintptr_t)ids;
	}
	ids->state[1] |= 1;
}

static uint64_t turned(uint64_t n, unsigned by)
{
	return n << by | n >> (64 - by);
}

/* xoroshiro128++ */
static uint64_t next(struct ids *ids)
{
	uint64_t a = ids->state[0], b = ids->state[1];
	uint64_t out = turned(a + b, 17) + a;
	b ^= a;
	ids->state[0] = turned(a, 49) ^ b ^ b << 21;
	ids->state[1] = turned(b, 28);
	return out;
}

void ids_make(struct ids *ids, char out[ID_SIZE])
{
	for (unsigned half = 0; half < 2; half++) {
		uint64_t n = next(ids);
		for (unsigned i = 0; i < 16; i++, n >>= 4)
			*out++ = "0123456789abcdef"[n & 15];
	}
	*out = '\0';
}

bool ids_good(const char *id)
{
	size_t len = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				"-_.:/+=@");
	return len && !id[len] && len < ID_SIZE;
}
