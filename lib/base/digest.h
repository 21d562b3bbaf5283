/* digest.h - SHA-256, as text. */
#ifndef FLUME_BASE_DIGEST_H
#define FLUME_BASE_DIGEST_H

#include <nettle/sha2.h>
#include <stddef.h>

#define DIGEST_SIZE 72 /* "sha256:", 64 hex digits, NUL */

struct digest {
	struct sha256_ctx sha;
};

void digest_init(struct digest *);
void digest_add(struct digest *, const void *bytes, size_t n);
/* The digest of all that was added; then the struct is as after digest_init. */
void digest_end(struct digest *, char out[DIGEST_SIZE]);

#endif
