#include "lib/base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_BLOCK ((size_t)128)
#define MOST_BLOCK  ((size_t)64 << 10) /* but for a piece that is larger itself */

struct arena_block {
	struct arena_block *older;
	size_t size;
	_Alignas(ARENA_ALIGN) char bytes[];
};

static bool add_block(struct arena *a, size_t size)
{
	size_t wanted = a->blocks ? a->blocks->size * 2 : LEAST_BLOCK;
	if (wanted > MOST_BLOCK)
		wanted = MOST_BLOCK;
	if (wanted < size)
		wanted = size;
	if (wanted > SIZE_MAX / 2)
		return false;
	struct arena_block *b = malloc(sizeof *b + wanted);
	if (!b)
		return false;
	b->size = wanted;
	b->older = a->blocks;
	a->blocks = b;
	a->next = b->bytes;
	a->end = b->bytes + wanted;
	return true;
}

void *arena_get_more(struct arena *a, size_t size)
{
	return add_block(a, size) ? arena_get(a, size) : NULL;
}

void *arena_get_array(struct arena *a, size_t count, size_t size)
{
	size_t bytes;
	return __builtin_mul_overflow(count, size, &bytes) ? NULL : arena_get(a, bytes);
}

char *arena_get_text(struct arena *a, size_t size)
{
	if (size == SIZE_MAX || ((size_t)(a->end - a->next) <= size && !add_block(a, size + 1)))
		return NULL;
	char *piece = a->next;
	a->next += size + 1;
	piece[size] = '\0';
	return piece;
}

char *arena_copy(struct arena *a, const char *s, size_t n)
{
	char *copy = arena_get_text(a, n);
	if (copy && n)
		memcpy(copy, s, n);
	return copy;
}

void arena_expect(struct arena *a, size_t size)
{
	if ((size_t)(a->end - a->next) < size)
		add_block(a, size);
}

void arena_fini(struct arena *a)
{
	arena_free(arena_take(a));
}

struct arena_block *arena_take(struct arena *a)
{
	struct arena_block *blocks = a->blocks;
	*a = (struct arena){0};
	return blocks;
}

void arena_free(struct arena_block *blocks)
{
	for (struct arena_block *older; blocks; blocks = older) {
		older = blocks->older;
		free(blocks);
	}
}
