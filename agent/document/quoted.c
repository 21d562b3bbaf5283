#include "agent/document/quoted.h"

#include "agent/document/scan.h"
#include "lib/base/utf8.h"

#include <string.h>

/* ---- looking for the end ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits behind "\u" at `s`; -1 when they are not.  Looks at no byte behind one that
 * is none of them. */
static int read_hex(const char *s)
{
	int code = 0;
	if (s[0] != '\\' || s[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int digit = hex_digit(s[i]);
		if (digit < 0)
			return -1;
		code = code << 4 | digit;
	}
	return code;
}

/* Bytes of the escape at `s`; 0 and `why` when there is none. */
static size_t escape_length(const char *s, const char **why)
{
	if (s[1] != 'u') {
		*why = "no such escape";
		return s[1] && strchr("\"\\/bfnrt", s[1]) ? 2 : 0;
	}
	int code = read_hex(s);
	*why = "\\u needs four hexadecimal digits";
	if (code < 0)
		return 0;
	if (code < 0xD800 || code > 0xDFFF)
		return 6;
	int low = code < 0xDC00 ? read_hex(s + 6) : -1;
	*why = "half of a surrogate pair";
	return low < 0xDC00 || low > 0xDFFF ? 0 : 12;
}

static struct quoted refuse(struct quoted quoted, const char *at, const char *why)
{
	quoted.end = at;
	quoted.why = why;
	return quoted;
}

struct quoted quoted_scan(const char *s, const char *end)
{
	struct quoted quoted = {0};
	for (;;) {
		size_t plain = scan_plain(s), length;
		s += plain;
		if (plain == SCAN_STEP)
			continue;
		if (*s == '"') {
			quoted.end = s;
			return quoted;
		}
		if (*s == '\\' && s + 1 < end) {
			const char *why;
			quoted.escaped = true;
			if (!(length = escape_length(s, &why)))
				return refuse(quoted, s, why);
			s += length;
			continue;
		}
		if (s == end || *s == '\\') {
			quoted.expected = true;
			return refuse(quoted, end, "'\"'");
		}
		if ((unsigned char)*s < 0x20)
			return refuse(quoted, s,
				      "a control character in a text must be escaped");
		do {
			if (!(length = utf8_length(s, (size_t)(end - s))))
				return refuse(quoted, s, "not UTF-8");
			s += length;
		} while ((unsigned char)*s >= 0x80);
	}
}

/* ---- what it means ---- */

static char meaning(char name)
{
	static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	return means[strchr(names, name) - names];
}

/* One byte, or one escape, at *s; returns how many bytes it means. */
static size_t decode_one(const char **s, char out[4])
{
	const char *from = *s;
	if (*from != '\\') {
		out[0] = *from;
		*s += 1;
		return 1;
	}
	if (from[1] != 'u') {
		out[0] = meaning(from[1]);
		*s += 2;
		return 1;
	}
	int code = read_hex(from);
	*s += 6;
	if (code >= 0xD800 && code <= 0xDFFF) {
		code = 0x10000 + ((code & 0x3FF) << 10) + (read_hex(*s) & 0x3FF);
		*s += 6;
	}
	return utf8_encode(out, (unsigned)code);
}

size_t quoted_decode(const char *s, size_t len, char *to)
{
	const char *end = s + len;
	char *from = to;
	while (s < end) {
		const char *slash = memchr(s, '\\', (size_t)(end - s));
		size_t plain = (size_t)((slash ? slash : end) - s);
		memcpy(to, s, plain);
		to += plain;
		s += plain;
		if (slash) {
			char one[4];
			size_t n = decode_one(&s, one);
			memcpy(to, one, n);
			to += n;
		}
	}
	return (size_t)(to - from);
}

struct reading {
	const char *s, *end;
	char one[4];
	size_t at, n; /* in `one` */
};

/* The next byte of what is meant; -1 at the end. */
static int next_byte(struct reading *r)
{
	if (r->at == r->n) {
		if (r->s == r->end)
			return -1;
		r->n = decode_one(&r->s, r->one);
		r->at = 0;
	}
	return (unsigned char)r->one[r->at++];
}

int quoted_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	struct reading left = {.s = a, .end = a + a_len}, right = {.s = b, .end = b + b_len};
	int l, r;
	do {
		l = next_byte(&left);
		r = next_byte(&right);
	} while (l == r && l >= 0);
	return l - r;
}

int quoted_against(const char *s, size_t len, const char *plain, size_t plain_len)
{
	struct reading left = {.s = s, .end = s + len};
	for (size_t i = 0; i < plain_len; i++) {
		int order = next_byte(&left) - (unsigned char)plain[i];
		if (order)
			return order;
	}
	return next_byte(&left) >= 0;
}

/* ---- writing ---- */

static bool is_plain(char c)
{
	return (unsigned char)c >= 0x20 && c != '"' && c != '\\';
}

static char *write_escape(char *to, char c)
{
	static const char names[] = "\"\"\\\\b\bf\fn\nr\rt\t", hex[] = "0123456789abcdef";
	*to++ = '\\';
	for (const char *p = names; *p; p += 2) {
		if (p[1] == c) {
			*to++ = *p;
			return to;
		}
	}
	const char code[] = {'u', '0', '0', hex[c >> 4], hex[c & 15]};
	memcpy(to, code, sizeof code);
	return to + sizeof code;
}

size_t quoted_write(char *to, const char *s, size_t len)
{
	const char *end = s + len;
	char *from = to;
	*to++ = '"';
	if (len <= SCAN_STEP) { /* most keys, and nothing to escape in them */
		memcpy(to, s, len);
		if (scan_plain(to) >= len) {
			to[len] = '"';
			return len + 2;
		}
	}
	while (s < end) {
		const char *plain = s;
		while (s < end && is_plain(*s))
			s++;
		memcpy(to, plain, (size_t)(s - plain));
		to += s - plain;
		if (s < end)
			to = write_escape(to, *s++);
	}
	*to++ = '"';
	return (size_t)(to - from);
}
