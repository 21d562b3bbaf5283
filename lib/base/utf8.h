/* utf8.h - where a character of UTF-8 ends. */
#ifndef FLUME_BASE_UTF8_H
#define FLUME_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* ASCII that stands for itself between the quotes of JSON. */
static inline bool utf8_plain(char c)
{
	return (unsigned char)(c - 0x20) < 0x60 && c != '"' && c != '\\';
}

/* Bytes of the well-formed character that begins at `text`, of which `n` bytes may be read: 1
 * to 4, or 0 when there is none (cut short, overlong, a surrogate, beyond U+10FFFF). */
size_t utf8_length(const char *text, size_t n);
/* Is all of it well-formed? */
bool utf8_is_all(const char *text, size_t n);
/* Writes the character and returns its bytes.  `code` is below 0x110000 and no surrogate. */
size_t utf8_encode(char out[4], unsigned code);
/* The largest length <= `n` that does not cut a character of `s` in two. */
size_t utf8_floor(const char *s, size_t n);
/* Drops what is no character: "%.32s" may have cut one in two. */
void utf8_mend(char *s);

#endif
