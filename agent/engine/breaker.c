#include "agent/engine/breaker.h"

#include <string.h>

/* FNV-1a: a digest is random already, this only makes it short. */
static uint64_t shorten(const char *digest)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	for (; *digest; digest++)
		hash = (hash ^ (unsigned char)*digest) * UINT64_C(1099511628211);
	return hash;
}

static void drop(struct breaker *b, unsigned i)
{
	b->count--;
	memmove(&b->marks[i], &b->marks[i + 1], (b->count - i) * sizeof *b->marks);
}

bool breaker_refuses(const struct breaker *b, int64_t now)
{
	return b->open && now < b->until;
}

void breaker_bad(struct breaker *b, const struct breaker_limits *limits, const char *digest,
		 int64_t now)
{
	const struct breaker_mark mark = {shorten(digest), now};
	for (unsigned i = 0; i < b->count;) {
		if (b->marks[i].digest == mark.digest ||
		    now - b->marks[i].at >= limits->window_ns)
			drop(b, i);
		else
			i++;
	}
	if (b->count == BREAKER_MOST)
		drop(b, 0);
	b->marks[b->count++] = mark;
	if (b->open || b->count >= limits->failures) {
		b->open = true;
		b->until = now + limits->window_ns;
	}
}

void breaker_good(struct breaker *b)
{
	if (b->open)
		*b = (struct breaker){0};
}
