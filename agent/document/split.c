#include "agent/document/split.h"

#include <string.h>

#define XXH_STATIC_LINKING_ONLY /* for a state that lies on the stack */
#include <xxhash.h>

static void add(XXH3_state_t *state, const void *bytes, size_t len)
{
	unsigned char length[8];
	for (unsigned i = 0; i < sizeof length; i++)
		length[i] = (unsigned char)((uint64_t)len >> (8 * i));
	XXH3_64bits_update(state, length, sizeof length);
	XXH3_64bits_update(state, bytes, len);
}

uint64_t split_hash(const char *purpose, const char *salt, const void *key, size_t len)
{
	XXH3_state_t state;
	XXH3_INITSTATE(&state);
	XXH3_64bits_reset(&state);
	add(&state, purpose, strlen(purpose));
	add(&state, salt, strlen(salt));
	add(&state, key, len);
	return XXH3_64bits_digest(&state);
}

uint32_t split_point(uint64_t hash)
{
	return (uint32_t)((hash >> 32) * SPLIT_WHOLE >> 32);
}
