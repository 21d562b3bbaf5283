/* number.h - JSON numbers, from text and to text. */
#ifndef FLUME_AGENT_DOCUMENT_NUMBER_H
#define FLUME_AGENT_DOCUMENT_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct number {
	bool whole; /* written without fraction and exponent */
	int64_t integer;
	double real;
};

#define NUMBER_TEXT 32 /* enough for any number_write */

/* Bytes of the number at the start of `s`; 0 when there is none. */
size_t number_scan(const char *s, size_t n);
/* Reads what number_scan has measured.  Returns 0, FLUME_INVALID when it is too large, or
 * FLUME_NOMEM. */
int number_read(const char *s, size_t len, struct number *out);
/* A text, as short as fifteen digits allow, that reads back as the same number.  Returns its
 * length. */
size_t number_write_integer(char out[NUMBER_TEXT], int64_t);
size_t number_write_real(char out[NUMBER_TEXT], double);
/* -1, 0 or 1, by value; nothing is rounded. */
int number_compare(const struct number *, const struct number *);

#endif
