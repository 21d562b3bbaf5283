/*
 * scan.h - the beginning of a text in JSON, many bytes at a time.
 *
 * All SCAN_STEP bytes must be readable.
 */
#ifndef FLUME_AGENT_DOCUMENT_SCAN_H
#define FLUME_AGENT_DOCUMENT_SCAN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define SCAN_STEP ((size_t)16)

/* The first of the bytes that are marked by a bit; SCAN_STEP when none is. */
static inline size_t scan_first(uint32_t bits)
{
	return (size_t)__builtin_ctz(bits | 1U << SCAN_STEP);
}

/* Marks what does not stand for itself between quotes, and all that is not ASCII. */
static inline uint32_t scan_odd_portable(const char *s)
{
	uint32_t bits = 0;
	for (size_t i = 0; i < SCAN_STEP; i++)
		if ((unsigned char)(s[i] - 0x20) >= 0x60 || s[i] == '"' || s[i] == '\\')
			bits |= 1U << i;
	return bits;
}

/* Marks all but digits. */
static inline uint32_t scan_no_digits_portable(const char *s)
{
	uint32_t bits = 0;
	for (size_t i = 0; i < SCAN_STEP; i++)
		if ((unsigned char)(s[i] - '0') >= 10)
			bits |= 1U << i;
	return bits;
}

#ifdef __SSE2__
static inline __m128i scan_load(const char *s)
{
	return _mm_loadu_si128((const __m128i *)(const void *)s);
}

/* Compared as signed, what is below a space are control characters and all but ASCII. */
static inline uint32_t scan_odd(const char *s)
{
	__m128i bytes = scan_load(s);
	__m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
	__m128i slash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
	__m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
	return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), low));
}

/* With '0' moved down to the lowest value that there is, only digits are below ten more. */
static inline uint32_t scan_no_digits(const char *s)
{
	__m128i moved = _mm_add_epi8(scan_load(s), _mm_set1_epi8((char)(0x80 - '0')));
	__m128i above = _mm_cmpgt_epi8(moved, _mm_set1_epi8((char)(0x80 + 9)));
	return (uint32_t)_mm_movemask_epi8(above);
}
#else
static inline uint32_t scan_odd(const char *s)
{
	return scan_odd_portable(s);
}

static inline uint32_t scan_no_digits(const char *s)
{
	return scan_no_digits_portable(s);
}
#endif

/* How many bytes at `s` stand for themselves between quotes, up to SCAN_STEP. */
static inline size_t scan_plain(const char *s)
{
	return scan_first(scan_odd(s));
}

#endif
