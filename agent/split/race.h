/*
 * race.h - which variant by weight: a race that each of them runs for each key.  Pure, in integers.
 *
 * A variant needs a time that is drawn for it and the key, over its weight; the first one wins.  With
 * times that are spread as the logarithm of an even chance is, each wins as often as its weight says
 * (weighted rendezvous hashing).  No order among variants and no bounds between them means that a change
 * of weights moves a key from X to Y only if Y's weight grew by a larger factor than X's.  So
 *
 *   what grows while nothing else does loses nobody, and what alone shrinks gains nobody;
 *   what grows by the same factor does not trade: two treatments can be ramped up together;
 *   a variant can be added or taken away, and those that stay do not trade either.
 *
 * More cannot be had: when what a variant holds depends on its own weight alone, for all weights that
 * there are, no three variants can share everything among them.
 *
 * The recipe, which never changes (schemas/README.md has vectors).  `hash` is the key's, `name` XXH3-64
 * of the variant's name.  XXH3-64 of these two, eight bytes each, the lowest first, leaves its upper half, plus
 * one: x, from 1 to 2^32.  The time is 2^32 times (32 - log2 x), its logarithm found bit by bit in
 * race_time.  The least time over weight wins, by cross products of 64 bits; of equals the first by name.
 */
#ifndef FLUME_AGENT_SPLIT_RACE_H
#define FLUME_AGENT_SPLIT_RACE_H

#include <stddef.h>
#include <stdint.h>

struct racer {
	uint64_t name;
	uint32_t weight; /* 1 ... AB_WHOLE */
	uint32_t variant;
};

uint64_t race_name(const char *variant);
/* 0 ... 2^37 */
uint64_t race_time(uint64_t hash, uint64_t name);

/* Before the first race; any thread, as often as you like. */
void race_prepare(void);
/* The winner of `n` >= 1, at most AB_VARIANTS, in the order of their names. */
size_t race_run(const struct racer *, size_t n, uint64_t hash);

#endif
