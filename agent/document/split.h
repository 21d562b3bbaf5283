/*
 * split.h - which share of the documents is this one in?  By a hash, so that the answer is the same
 * on every node and every time.  Pure.
 *
 * XXH3-64 (seed 0) of three texts, each after its length as eight bytes, the lowest first: the
 * purpose, so that two uses of one key have nothing to do with each other, a salt, and the key.
 * The point is the upper half of the hash, times SPLIT_WHOLE, divided by 2^32, in integers.  A share
 * of n has the points below n: one that grows only adds documents.
 */
#ifndef FLUME_AGENT_DOCUMENT_SPLIT_H
#define FLUME_AGENT_DOCUMENT_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPLIT_WHOLE 100000U /* all documents: a thousandth of a per cent is 1 */

uint64_t split_hash(const char *purpose, const char *salt, const void *key, size_t len);
/* 0 ... SPLIT_WHOLE - 1 */
uint32_t split_point(uint64_t hash);
static inline bool split_takes(uint32_t share, uint64_t hash)
{
	return split_point(hash) < share;
}

#endif
