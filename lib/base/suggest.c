/*
 * The distance is Damerau-Levenshtein's (optimal string alignment), computed only inside the
 * band that the limit leaves open.  Most candidates never get there: their length, or the set
 * of letters they are made of, shows already that they are too far.  So a document with
 * thousands of unknown names stays cheap.
 */
#include "lib/base/suggest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define LONGEST 64
#define FAR     1000

struct word {
	unsigned char s[LONGEST];
	int n;
	uint64_t letters; /* a bit for each that occurs */
};

static int fold(struct word *w, const char *s)
{
	w->letters = 0;
	for (w->n = 0; s[w->n]; w->n++) {
		if (w->n == LONGEST)
			return -1;
		unsigned char c = (unsigned char)tolower((unsigned char)s[w->n]);
		w->s[w->n] = c;
		w->letters |= UINT64_C(1) << (c & 63);
	}
	return 0;
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* FAR when it is above `limit`. */
static int distance(const struct word *a, const struct word *b, int limit)
{
	int rows[3][LONGEST + 2];
	int *before = rows[0], *last = rows[1], *row = rows[2];
	for (int j = 0; j <= b->n + 1; j++) {
		before[j] = FAR;
		last[j] = j <= limit ? j : FAR;
	}
	for (int i = 1; i <= a->n; i++) {
		int from = i > limit ? i - limit : 1;
		int to = least(b->n, i + limit);
		int best = FAR;
		row[from - 1] = from == 1 && i <= limit ? i : FAR;
		for (int j = from; j <= to; j++) {
			int same = a->s[i - 1] == b->s[j - 1];
			int d = last[j - 1] + !same;
			d = least(d, least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a->s[i - 1] == b->s[j - 2] &&
			    a->s[i - 2] == b->s[j - 1])
				d = least(d, before[j - 2] + 1);
			row[j] = d;
			best = least(best, d);
		}
		row[to + 1] = FAR;
		if (best > limit && row[from - 1] > limit)
			return FAR;
		int *spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b->n] <= limit ? last[b->n] : FAR;
}

const char *suggest(const char *word, const char *const *candidates, size_t n)
{
	const char *nearest = NULL;
	struct word a, b;
	if (fold(&a, word) || a.n < 2)
		return NULL;
	int limit = a.n < 6 ? 1 : least(a.n / 3, 3);
	for (size_t i = 0; i < n && limit >= 0; i++) {
		if (fold(&b, candidates[i]) || b.n < 2)
			continue;
		if (b.n - a.n > limit || a.n - b.n > limit ||
		    __builtin_popcountll(a.letters ^ b.letters) > 2 * limit)
			continue;
		int d = distance(&a, &b, limit);
		if (d > limit)
			continue;
		nearest = candidates[i];
		limit = d - 1;
	}
	return nearest;
}
