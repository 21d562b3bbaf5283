#include "agent/document/split.h"

#include <endian.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY /* for a state that lies on the stack */
#include <xxhash.h>

#define SMALL 512 /* bytes that are hashed in one go: the same hash, sooner */

static size_t put_length(unsigned char *to, size_t len)
{
	uint64_t lowest_first = htole64(len);
	memcpy(to, &lowest_first, sizeof lowest_first);
	return sizeof lowest_first;
}

static size_t put(unsigned char *to, const void *bytes, size_t len)
{
	size_t n = put_length(to, len);
	memcpy(to + n, bytes, len);
	return n + len;
}

static void add(XXH3_state_t *state, const void *bytes, size_t len)
{
	unsigned char length[8];
	XXH3_64bits_update(state, length, put_length(length, len));
	XXH3_64bits_update(state, bytes, len);
}

static uint64_t hash_large(const char *purpose, const char *salt, const void *key, size_t len)
{
	XXH3_state_t state;
	XXH3_INITSTATE(&state);
	XXH3_64bits_reset(&state);
	add(&state, purpose, strlen(purpose));
	add(&state, salt, strlen(salt));
	add(&state, key, len);
	return XXH3_64bits_digest(&state);
}

uint64_t split_hash(const char *purpose, const char *salt, const void *key, size_t len)
{
	unsigned char bytes[SMALL];
	size_t purpose_len = strlen(purpose), salt_len = strlen(salt), n = 0;
	if (len > SMALL || purpose_len + salt_len > SMALL ||
	    24 + purpose_len + salt_len + len > SMALL)
		return hash_large(purpose, salt, key, len);
	n += put(bytes + n, purpose, purpose_len);
	n += put(bytes + n, salt, salt_len);
	n += put(bytes + n, key, len);
	return XXH3_64bits(bytes, n);
}

uint32_t split_point(uint64_t hash)
{
	return (uint32_t)((hash >> 32) * SPLIT_WHOLE >> 32);
}
