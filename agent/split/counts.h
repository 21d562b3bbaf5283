/*
 * counts.h - inside agent/split: what a switch answered, counted where many threads ask at once.
 *
 * Threads share few lines of memory: each adds to one of some stripes.  Keys are remembered by a part of
 * their hash, the first one of each part with its variant, so that each counts once however many
 * documents it has, and a busy key no more than another.
 */
#ifndef FLUME_AGENT_SPLIT_COUNTS_H
#define FLUME_AGENT_SPLIT_COUNTS_H

#include "agent/split/ab.h"

#define COUNTS_KEYS 16384U /* keys that are remembered, at the most */

struct counts;

/* Of a switch with so many variants; NULL when out of memory. */
struct counts *counts_new(size_t variants);
void counts_free(struct counts *); /* NULL is fine */
/* Any thread; waits for none. */
void counts_add(struct counts *, const struct ab_choice *);
uint64_t counts_get(const struct counts *, size_t variant, enum ab_why);
/* Different keys by variant, chosen by weight. */
void counts_keys(const struct counts *, uint64_t *out, size_t variants);
/* What `from` has seen, of the same variants, and nobody adds to any more, has `to` seen too. */
void counts_take_keys(struct counts *to, const struct counts *from);

#endif
