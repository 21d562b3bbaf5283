/* suggest.h - which name was meant. */
#ifndef FLUME_BASE_SUGGEST_H
#define FLUME_BASE_SUGGEST_H

#include <stddef.h>

/* The candidate nearest to `word`, or NULL when none is near.  Near is one slip (a letter too
 * many, too few, wrong, or two swapped) for each three letters, at most three, case not
 * counted; the first of several equally near.  Words over 64 bytes have no neighbours. */
const char *suggest(const char *word, const char *const *candidates, size_t n);

#endif
