/*
 * arena.h - many small pieces of memory that are freed together.
 *
 * Not locked.  Pieces never move.
 */
#ifndef FLUME_BASE_ARENA_H
#define FLUME_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena { /* all zero is an empty one */
	struct arena_block *blocks;
	char *next, *end;
};

/* Aligned for anything; not cleared.  NULL when out of memory. */
void *arena_get(struct arena *, size_t size);
/* `count` pieces of `size`; NULL also when the product overflows. */
void *arena_get_array(struct arena *, size_t count, size_t size);
/* Room for text: `size` bytes to be filled and a NUL behind them; unaligned. */
char *arena_get_text(struct arena *, size_t size);
char *arena_copy(struct arena *, const char *s, size_t n);
/* Asks that the next `size` bytes come from one block; a failure is met later. */
void arena_expect(struct arena *, size_t size);
void arena_fini(struct arena *);

#endif
