#include "lib/schema/json_text.h"

#include "lib/base/utf8.h"

#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The four digits behind "\u" at `s`; -1 when there are none. */
static int read_unit(const char *s, const char *end)
{
	if (end - s < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	int code = 0;
	for (int i = 2; i < 6; i++) {
		int digit = hex_digit(s[i]);
		if (digit < 0)
			return -1;
		code = code * 16 + digit;
	}
	return code;
}

static bool is_low(int unit)
{
	return unit >= 0xDC00 && unit <= 0xDFFF;
}

static bool is_high(int unit)
{
	return unit >= 0xD800 && unit <= 0xDBFF;
}

/* The escape at `s`: its bytes, or 0 and what is wrong with it. */
static size_t scan_escape(const char *s, const char *end, const char **problem)
{
	if (s[1] != 'u') {
		if (s[1] != '\0' && strchr("\"\\/bfnrt", s[1]))
			return 2;
		*problem = "unknown escape in text";
		return 0;
	}
	int unit = read_unit(s, end);
	if (unit < 0)
		*problem = "'\\u' needs four hexadecimal digits";
	else if (unit == 0)
		*problem = "the character NUL is not allowed";
	else if (is_high(unit) && is_low(read_unit(s + 6, end)))
		return 12;
	else if (is_high(unit) || is_low(unit))
		*problem = "half of a surrogate pair";
	else
		return 6;
	return 0;
}

struct json_text json_text_scan(const char *s, const char *end)
{
	struct json_text t = {.problem = NULL};
	for (size_t n; s < end && *s != '"'; s += n) {
		unsigned char c = (unsigned char)*s;
		if (utf8_plain(*s)) {
			n = 1;
			continue;
		}
		if (c == '\\' && end - s < 2) {
			s = end;
			break;
		}
		if (c == '\\') {
			t.escaped = true;
			n = scan_escape(s, end, &t.problem);
			if (n == 0 && s[1] != 'u')
				t.hint = "a backslash itself is written \\\\";
		} else if (c >= 0x80) {
			n = utf8_length(s, (size_t)(end - s));
			t.extra += n ? n - 1 : 0;
			t.problem = n ? NULL : "the text is not valid UTF-8";
		} else {
			n = 0;
			t.problem = c == '\n' ? "this line ends inside of quotes"
					      : "a control character in text";
			t.hint = c == '\n' ? "a line break is written \\n"
					   : "it is written as \\t or \\u00..";
		}
		if (n == 0)
			break;
	}
	t.stop = s;
	if (!t.problem && s == end)
		t.problem = "a text is never closed";
	return t;
}

size_t json_text_decode(char *out, const char *s, const char *stop)
{
	static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *start = out;
	while (s < stop) {
		const char *backslash = memchr(s, '\\', (size_t)(stop - s));
		size_t plain = (size_t)((backslash ? backslash : stop) - s);
		memcpy(out, s, plain);
		out += plain;
		s += plain;
		if (!backslash)
			break;
		if (s[1] != 'u') {
			*out++ = meant[strchr(names, s[1]) - names];
			s += 2;
			continue;
		}
		unsigned code = (unsigned)read_unit(s, stop);
		s += 6;
		if (is_high((int)code)) {
			code = 0x10000 + ((code & 0x3FF) << 10) + (read_unit(s, stop) & 0x3FF);
			s += 6;
		}
		out += utf8_encode(out, code);
	}
	return (size_t)(out - start);
}
