#include "lib/base/digest.h"

#include <string.h>

void digest_init(struct digest *d)
{
	sha256_init(&d->sha);
}

void digest_add(struct digest *d, const void *bytes, size_t n)
{
	sha256_update(&d->sha, n, bytes);
}

void digest_end(struct digest *d, char out[DIGEST_SIZE])
{
	uint8_t sum[SHA256_DIGEST_SIZE];
	sha256_digest(&d->sha, sizeof sum, sum);
	memcpy(out, "sha256:", 7);
	for (size_t i = 0; i < sizeof sum; i++) {
		out[7 + 2 * i] = "0123456789abcdef"[sum[i] >> 4];
		out[8 + 2 * i] = "0123456789abcdef"[sum[i] & 15];
	}
	out[DIGEST_SIZE - 1] = '\0';
}
