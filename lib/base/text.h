/*
 * text.h - text that grows.
 *
 * A writer adds and adds and looks once, at the end, whether memory lasted: after the first
 * failure every addition is a no-op and text_take returns NULL.
 */
#ifndef FLUME_BASE_TEXT_H
#define FLUME_BASE_TEXT_H

#include "lib/flume.h"

struct text {    /* all zero is an empty one */
	char *s; /* NUL-terminated when not NULL */
	size_t len, cap;
	bool failed;
};

void text_add(struct text *, const char *s);
void text_add_n(struct text *, const char *s, size_t n);
static inline void text_add_char(struct text *t, char c)
{
	if (t->failed || t->cap - t->len < 2) {
		text_add_n(t, &c, 1);
		return;
	}
	t->s[t->len++] = c;
	t->s[t->len] = '\0';
}
void text_addf(struct text *, const char *fmt, ...) FLUME_PRINTF(2, 3);
/* A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void text_add_json(struct text *, const char *s, size_t n);
/* Gives the text (never NULL on success, "" when nothing was added) and empties the builder. */
char *text_take(struct text *);
/* Room for `n` more bytes and a NUL, for whoever writes them to s + len himself.  False when out of
 * memory. */
bool text_reserve(struct text *, size_t n);
void text_fini(struct text *);

#endif
