/*
 * scan.h - the beginning of a text in JSON, many bytes at a time.
 *
 * All SCAN_STEP bytes must be readable.
 */
#ifndef FLUME_AGENT_DOCUMENT_SCAN_H
#define FLUME_AGENT_DOCUMENT_SCAN_H

#include "lib/base/utf8.h"

#include <stdint.h>

#define SCAN_STEP ((size_t)16)

/* How many bytes of ASCII at `s` stand for themselves between quotes. */
static inline size_t scan_plain_portable(const char *s)
{
	size_t n = 0;
	while (n < SCAN_STEP && (unsigned char)(s[n] - 0x20) < 0x60 && s[n] != '"' &&
	       s[n] != '\\')
		n++;
	return n;
}

#ifdef __SSE2__
#include <emmintrin.h>

/* Compared as signed, what is below a space are control characters and all but ASCII. */
static inline size_t scan_plain(const char *s)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)s);
	__m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
	__m128i slash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
	__m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
	__m128i ends = _mm_or_si128(_mm_or_si128(quote, slash), low);
	return (size_t)__builtin_ctz((unsigned)_mm_movemask_epi8(ends) | 1U << SCAN_STEP);
}
#else
static inline size_t scan_plain(const char *s)
{
	return scan_plain_portable(s);
}
#endif

#endif
