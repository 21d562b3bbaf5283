/*
 * arena.h - many small pieces of memory that are freed together.
 *
 * Not locked.  Pieces never move.
 */
#ifndef FLUME_BASE_ARENA_H
#define FLUME_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#define ARENA_ALIGN 8

struct arena_block;

struct arena { /* all zero is an empty one */
	struct arena_block *blocks;
	char *next, *end;
};

/* Memory of the owner's to begin with. */
static inline void arena_lend(struct arena *a, char *bytes, size_t size)
{
	a->next = bytes;
	a->end = bytes + size;
}

/* Aligned for pointers and numbers of up to 64 bits; not cleared.  NULL when out of memory. */
void *arena_get_more(struct arena *, size_t size);
static inline void *arena_get(struct arena *a, size_t size)
{
	size_t gap = -(uintptr_t)a->next % ARENA_ALIGN;
	if (!a->next || (size_t)(a->end - a->next) < gap ||
	    (size_t)(a->end - a->next) - gap < size)
		return arena_get_more(a, size);
	char *piece = a->next + gap;
	a->next = piece + size;
	return piece;
}
/* `count` pieces of `size`; NULL also when the product overflows. */
void *arena_get_array(struct arena *, size_t count, size_t size);
/* Room for text: `size` bytes to be filled and a NUL behind them; unaligned. */
char *arena_get_text(struct arena *, size_t size);
char *arena_copy(struct arena *, const char *s, size_t n);
/* Asks that the next `size` bytes come from one block; a failure is met later. */
void arena_expect(struct arena *, size_t size);
void arena_fini(struct arena *);
/* What it took from the heap, for arena_free: the pieces stay where they are, and the arena is
 * empty. */
struct arena_block *arena_take(struct arena *);
void arena_free(struct arena_block *);

#endif
