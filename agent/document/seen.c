/*
 * Things stand in a ring, in the order in which they came, which is the order in which they are
 * forgotten; a table of chains finds them.  All of it is taken at the start, and no step does more
 * than forget what is too old: as many as came.
 */
#include "agent/document/seen.h"

#include <stdlib.h>

#define NONE UINT32_MAX

struct entry {
	struct seen_key key;
	int64_t at_ns;
	uint32_t next; /* of its chain */
};

struct seen {
	size_t most, first, n; /* of the ring */
	int64_t window_ns;
	size_t mask;
	uint32_t *chains;
	struct entry ring[];
};

struct seen *seen_new(size_t most, int64_t window_ns)
{
	size_t chains = 16;
	while (chains < most)
		chains *= 2;
	struct seen *seen = malloc(sizeof *seen + most * sizeof *seen->ring);
	uint32_t *table = malloc(chains * sizeof *table);
	if (!seen || !table) {
		free(seen);
		free(table);
		return NULL;
	}
	*seen = (struct seen){
		.most = most, .window_ns = window_ns, .mask = chains - 1, .chains = table};
	for (size_t i = 0; i < chains; i++)
		table[i] = NONE;
	return seen;
}

struct seen *seen_free(struct seen *seen)
{
	if (seen)
		free(seen->chains);
	free(seen);
	return NULL;
}

static uint32_t *chain_of(struct seen *seen, struct seen_key key)
{
	return &seen->chains[key.low & seen->mask];
}

static void forget_first(struct seen *seen)
{
	struct entry *entry = &seen->ring[seen->first];
	uint32_t *link = chain_of(seen, entry->key);
	while (*link != seen->first)
		link = &seen->ring[*link].next;
	*link = entry->next;
	if (++seen->first == seen->most)
		seen->first = 0;
	seen->n--;
}

static bool is_known(struct seen *seen, struct seen_key key)
{
	for (uint32_t i = *chain_of(seen, key); i != NONE; i = seen->ring[i].next)
		if (seen->ring[i].key.low == key.low && seen->ring[i].key.high == key.high)
			return true;
	return false;
}

bool seen_before(struct seen *seen, struct seen_key key, int64_t now_ns)
{
	while (seen->n && now_ns - seen->ring[seen->first].at_ns >= seen->window_ns)
		forget_first(seen);
	if (is_known(seen, key))
		return true;
	if (seen->n == seen->most)
		forget_first(seen);
	size_t at = seen->first + seen->n;
	if (at >= seen->most)
		at -= seen->most;
	uint32_t *chain = chain_of(seen, key);
	seen->ring[at] = (struct entry){key, now_ns, *chain};
	*chain = (uint32_t)at;
	seen->n++;
	return false;
}
