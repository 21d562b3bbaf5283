#include "lib/base/text.h"

#include "lib/base/utf8.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool grow(struct text *t, size_t n)
{
	if (t->failed)
		return false;
	if (n >= SIZE_MAX / 2 - t->len) {
		t->failed = true;
		return false;
	}
	size_t cap = t->cap ? t->cap : 64;
	while (cap - t->len <= n)
		cap *= 2;
	char *s = realloc(t->s, cap);
	if (!s) {
		t->failed = true;
		return false;
	}
	t->s = s;
	t->cap = cap;
	return true;
}

/* Room for `n` more bytes and the NUL. */
static inline bool reserve(struct text *t, size_t n)
{
	return t->cap - t->len > n ? !t->failed : grow(t, n);
}

bool text_reserve(struct text *t, size_t n)
{
	return reserve(t, n);
}

void text_add_n(struct text *t, const char *s, size_t n)
{
	if (!reserve(t, n))
		return;
	if (n)
		memcpy(t->s + t->len, s, n);
	t->len += n;
	t->s[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_add_n(t, s, strlen(s));
}

void text_addf(struct text *t, const char *fmt, ...)
{
	va_list args, again;
	if (!reserve(t, 64))
		return;
	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(t->s + t->len, t->cap - t->len, fmt, args);
	va_end(args);
	if (n < 0) {
		t->s[t->len] = '\0';
		t->failed = true;
	} else if ((size_t)n < t->cap - t->len) {
		t->len += (size_t)n;
	} else if (reserve(t, (size_t)n)) {
		vsnprintf(t->s + t->len, t->cap - t->len, fmt, again);
		t->len += (size_t)n;
	} else {
		t->s[t->len] = '\0';
	}
	va_end(again);
}

static void add_escaped(struct text *t, unsigned char c)
{
	static const char names[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	for (const char *p = names; *p; p += 2) {
		if ((unsigned char)p[0] != c)
			continue;
		text_add_n(t, (const char[]){'\\', p[1]}, 2);
		return;
	}
	text_addf(t, "\\u%04x", c);
}

/* Bytes at the beginning that stand for themselves between quotes of JSON. */
static size_t plain_bytes(const char *s, size_t n)
{
	size_t i = 0;
	for (;;) {
		while (i < n && utf8_plain(s[i]))
			i++;
		size_t length = utf8_length(s + i, n - i);
		if (length < 2)
			return i;
		i += length;
	}
}

void text_add_json(struct text *t, const char *s, size_t n)
{
	if (!reserve(t, n < SIZE_MAX - 2 ? n + 2 : n))
		return;
	size_t plain = plain_bytes(s, n);
	t->s[t->len++] = '"';
	if (plain)
		memcpy(t->s + t->len, s, plain);
	t->len += plain;
	for (size_t i = plain; i < n; i++) {
		if ((unsigned char)s[i] < 0x80)
			add_escaped(t, (unsigned char)s[i]);
		else
			text_add(t, "\xEF\xBF\xBD");
		plain = plain_bytes(s + i + 1, n - i - 1);
		text_add_n(t, s + i + 1, plain);
		i += plain;
	}
	text_add_char(t, '"');
}

char *text_take(struct text *t)
{
	char *s = NULL;
	if (reserve(t, 0)) {
		t->s[t->len] = '\0';
		s = t->s;
		t->s = NULL;
	}
	text_fini(t);
	return s;
}

void text_fini(struct text *t)
{
	free(t->s);
	*t = (struct text){0};
}
