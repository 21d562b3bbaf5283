/* number.h - JSON numbers, from text and to text. */
#ifndef FLUME_AGENT_DOCUMENT_NUMBER_H
#define FLUME_AGENT_DOCUMENT_NUMBER_H

#include "agent/document/document.h"

#define NUMBER_TEXT 32 /* enough for any number_write         */
#define NUMBER_SAFE 19 /* fewer digits always fit in 64 bits  */

struct number { /* one to count with */
	bool whole;
	int64_t integer;
	double real;
};

/* Bytes of the number at the start of `s`; 0 when there is none. */
size_t number_scan(const char *s, size_t n);
/* Reads what number_scan has measured; behind it comes a byte that is no part of it.  Returns 0, or
 * FLUME_INVALID when it is beyond a double, and no integer. */
int number_read(const char *s, size_t len, struct document_view *out);
/* A text, as short as fifteen digits allow, that reads back as the same number.  Returns its
 * length. */
size_t number_write_integer(char out[NUMBER_TEXT], int64_t);
size_t number_write_real(char out[NUMBER_TEXT], double);

static inline bool number_is(const struct document_view *view)
{
	return view->kind == DOCUMENT_INTEGER || view->kind == DOCUMENT_REAL ||
	       view->kind == DOCUMENT_LARGE;
}

/* -1, 0 or 1, by value; nothing is rounded but to a double, where one is written as such. */
int number_compare(const struct document_view *, const struct document_view *);
/* False for what is no number, and for one that is too large to count with. */
bool number_take(struct number *out, const struct document_view *);
struct document_view number_view(const struct number *);

#endif
