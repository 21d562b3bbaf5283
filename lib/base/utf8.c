#include "lib/base/utf8.h"

#include <string.h>

static int follows(unsigned char c)
{
	return (c & 0xC0) == 0x80;
}

size_t utf8_length(const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;
	if (n == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xC2 || s[0] > 0xF4 || n < 2 || !follows(s[1]))
		return 0;
	if (s[0] < 0xE0)
		return 2;
	if (n < 3 || !follows(s[2]))
		return 0;
	if (s[0] < 0xF0) {
		if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F))
			return 0;
		return 3;
	}
	if (n < 4 || !follows(s[3]))
		return 0;
	if ((s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
		return 0;
	return 4;
}

size_t utf8_encode(char out[4], unsigned code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xC0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xE0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3F));
		out[2] = (char)(0x80 | (code & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3F));
	out[2] = (char)(0x80 | (code >> 6 & 0x3F));
	out[3] = (char)(0x80 | (code & 0x3F));
	return 4;
}

size_t utf8_floor(const char *s, size_t n)
{
	size_t at = n;
	while (at > 0 && n - at < 4 && follows((unsigned char)s[at - 1]))
		at--;
	if (at == 0 || n - at == 4)
		return n; /* not UTF-8 anyway */
	size_t whole = utf8_length(s + at - 1, n - at + 1);
	return whole ? n : at - 1;
}

bool utf8_is_all(const char *text, size_t n)
{
	for (size_t i = 0, length; i < n; i += length)
		if (!(length = utf8_length(text + i, n - i)))
			return false;
	return true;
}

void utf8_mend(char *s)
{
	char *to = s;
	for (size_t left = strlen(s); left > 0;) {
		size_t length = utf8_length(s, left);
		size_t step = length ? length : 1;
		memmove(to, s, length);
		to += length;
		s += step;
		left -= step;
	}
	*to = '\0';
}
