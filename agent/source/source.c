#include "agent/source/source.h"

#include <string.h>
#include <sys/random.h>

struct source *source_free(struct source *source)
{
	if (source)
		source->free(source);
	return NULL;
}

bool source_name_good(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strlen(name);
	return len >= 1 && len <= 128 && strchr(first, *name) && strspn(name, rest) == len;
}

int64_t source_jitter(int64_t bound)
{
	uint32_t random = 0;
	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
		random = (uint32_t)loop_now();
	return (int64_t)((double)bound * random / UINT32_MAX);
}

void change_digest(const struct change *c, char out[DIGEST_SIZE])
{
	struct digest digest;
	digest_init(&digest);
	digest_add(&digest, c->format == FLUME_JSON ? "j" : "y", 1);
	digest_add(&digest, c->text, c->len);
	digest_end(&digest, out);
}
