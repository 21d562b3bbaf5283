#include "agent/cmd/hint.h"

#include <ctype.h>
#include <string.h>

static bool has(const char *text, const char *word)
{
	return strstr(text, word);
}

enum hint hint_option(const struct conf_option *o)
{
	if (o->type == CONF_CHOICE)
		return HINT_WORDS;
	if (has(o->value, "FILE"))
		return HINT_FILE;
	if (has(o->value, "DIR"))
		return HINT_DIR;
	/* Several paths lie in documents. */
	return o->type == CONF_TEXT && has(o->value, "PATH") ? HINT_FILE : HINT_NOTHING;
}

/* The first word of a usage that is not optional, "bash|zsh|fish"; NULL when it is no choice of words. */
static const char *choice(const char *usage, size_t *out_len)
{
	for (const char *at = usage; *at;) {
		size_t n = strcspn(at, " ");
		bool lower = islower((unsigned char)*at);
		if (lower && memchr(at, '|', n)) {
			*out_len = n;
			return at;
		}
		at += n + strspn(at + n, " ");
	}
	return NULL;
}

enum hint hint_argument(const struct command *c)
{
	size_t n;
	if (!c->most)
		return HINT_NOTHING;
	if (choice(c->usage, &n))
		return HINT_WORDS;
	if (has(c->usage, "COMMAND"))
		return HINT_COMMAND;
	return has(c->usage, "FILE") || has(c->usage, "SCHEMA") ? HINT_FILE : HINT_NOTHING;
}

static void copy_words(const char *text, size_t n, char between, char *out, size_t size)
{
	if (n >= size)
		n = size - 1;
	memcpy(out, text, n);
	out[n] = '\0';
	for (char *c = out; *c; c++)
		if (*c == '|')
			*c = between;
}

void hint_words_option(const struct conf_option *o, char between, char *out, size_t size)
{
	copy_words(o->value, strlen(o->value), between, out, size);
}

void hint_words_argument(const struct command *c, char between, char *out, size_t size)
{
	size_t n = 0;
	const char *at = choice(c->usage, &n);
	copy_words(at ? at : "", at ? n : 0, between, out, size);
}

size_t hint_sentence(const char *about)
{
	const char *end = strstr(about, ". ");
	size_t n = end ? (size_t)(end - about) : strlen(about);
	return n && about[n - 1] == '.' ? n - 1 : n;
}
