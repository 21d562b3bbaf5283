/*
 * Strict RFC 8259, with line and column of every value and of every mistake.  A loop over a few
 * states and the tree's own frames: nesting costs no stack.
 *
 * Columns count characters, yet nobody counts them one by one: outside of quotes every byte is
 * one character, and a text tells how many bytes more than characters it had.
 */
#include "lib/base/suggest.h"
#include "lib/base/utf8.h"
#include "lib/schema/json_text.h"
#include "lib/schema/read.h"
#include "lib/schema/scalar.h"

#include <stdio.h>
#include <string.h>

enum state { VALUE, KEY, AFTER, END }; /* what the next function is to read */

struct json {
	struct tree *tree;
	const char *at, *end;
	const char *line_start;
	size_t extra; /* bytes of this line that do not begin a character */
	unsigned line;
};

static unsigned column(const struct json *j)
{
	return (unsigned)((size_t)(j->at - j->line_start) - j->extra) + 1;
}

static int fail(struct json *j, const char *hint, const char *problem)
{
	return tree_fail(j->tree, "syntax", j->line, column(j), hint, "%s", problem);
}

static void skip_space(struct json *j)
{
	for (; j->at < j->end; j->at++) {
		if (*j->at == '\n') {
			j->line++;
			j->line_start = j->at + 1;
			j->extra = 0;
		} else if (*j->at != ' ' && *j->at != '\t' && *j->at != '\r') {
			return;
		}
	}
}

static bool next_is(const struct json *j, char c)
{
	return j->at < j->end && *j->at == c;
}

static size_t word_length(const struct json *j)
{
	size_t n = 0, left = (size_t)(j->end - j->at);
	while (n < left &&
	       ((j->at[n] >= 'a' && j->at[n] <= 'z') || (j->at[n] >= 'A' && j->at[n] <= 'Z')))
		n++;
	return n;
}

static const char *hint_for(const struct json *j)
{
	static const char *const words[] = {"true", "false", "null"};
	static const char *const hints[] = {"did you mean true?", "did you mean false?",
					    "did you mean null?"};
	char word[16] = "";
	size_t n = word_length(j);
	if (next_is(j, '/') || next_is(j, '#'))
		return "JSON has no comments";
	if (next_is(j, '\''))
		return "JSON text stands in double quotes";
	if (n < sizeof word)
		memcpy(word, j->at, n);
	const char *near = suggest(word, words, 3);
	for (int i = 0; i < 3; i++)
		if (near == words[i])
			return hints[i];
	return NULL;
}

/* Something else than `wanted` stands here: says what. */
static int unexpected(struct json *j, const char *wanted)
{
	char what[48];
	size_t left = (size_t)(j->end - j->at);
	size_t n = word_length(j);
	if (n == 0)
		n = utf8_length(j->at, left);
	if (left == 0)
		snprintf(what, sizeof what, "the end of the text");
	else if (n == 0 || (unsigned char)*j->at < 0x20)
		snprintf(what, sizeof what, "the byte 0x%02X", (unsigned char)*j->at);
	else
		snprintf(what, sizeof what, "'%.*s'%s", n < 20 ? (int)n : 20, j->at,
			 n > 20 ? "..." : "");
	return tree_fail(j->tree, "syntax", j->line, column(j), hint_for(j),
			 "expected %s, not %s", wanted, what);
}

static struct draft here(const struct json *j, enum flume_value_type type)
{
	return (struct draft){.value = {.line = j->line, .column = column(j), .type = type}};
}

static int read_text(struct json *j, struct draft *out)
{
	*out = here(j, FLUME_TEXT);
	out->value.quoted = true;
	const char *begin = j->at + 1;
	struct json_text t = json_text_scan(begin, j->end);
	size_t size = (size_t)(t.stop - begin);
	if (t.problem && t.stop == j->end)
		return fail(j, t.hint, t.problem); /* where it begins */
	j->at = t.stop;
	j->extra += t.extra;
	if (t.problem)
		return fail(j, t.hint, t.problem);
	j->at++;
	if (t.escaped) {
		char *text = arena_get_text(&j->tree->arena, size);
		if (!text)
			return FLUME_NOMEM;
		size = json_text_decode(text, begin, t.stop);
		begin = text;
	}
	out->word = tree_word(j->tree, begin, size);
	out->value.size = (uint32_t)size;
	return out->word ? 0 : FLUME_NOMEM;
}

static int read_plain(struct json *j, enum flume_value_type type, size_t n)
{
	struct draft plain = here(j, type);
	plain.word = tree_word(j->tree, j->at, n);
	plain.value.size = (uint32_t)n;
	j->at += n;
	return plain.word ? tree_scalar(j->tree, &plain) : FLUME_NOMEM;
}

static int read_number(struct json *j)
{
	size_t left = (size_t)(j->end - j->at);
	size_t n = scalar_number(j->at, left);
	char next = n < left ? j->at[n] : '\0';
	if (n == 0)
		return unexpected(j, "a value");
	if (next == '.' || next == 'e' || next == 'E') {
		j->at += n;
		return fail(j, NULL,
			    next == '.' ? "a digit must follow the decimal point"
					: "a digit must follow the exponent");
	}
	if (next >= '0' && next <= '9')
		return fail(j, NULL, "a number has no leading zeros");
	return read_plain(j, FLUME_NUMBER, n);
}

static int open_frame(struct json *j, enum flume_value_type type)
{
	int rc = tree_open(j->tree, type, j->line, column(j), NULL);
	j->at++;
	skip_space(j);
	return rc;
}

static int close_frame(struct json *j)
{
	struct extent unused;
	j->at++;
	return tree_close(j->tree, &unused);
}

/* These return the next state, or a negative code. */

static int read_value(struct json *j)
{
	struct draft text;
	size_t n = word_length(j);
	int rc;
	if (next_is(j, '{')) {
		rc = open_frame(j, FLUME_MAP);
		if (rc || !next_is(j, '}'))
			return rc ? rc : KEY;
		rc = close_frame(j);
	} else if (next_is(j, '[')) {
		rc = open_frame(j, FLUME_LIST);
		if (rc || !next_is(j, ']'))
			return rc ? rc : VALUE;
		rc = close_frame(j);
	} else if (next_is(j, '"')) {
		rc = read_text(j, &text);
		if (!rc)
			rc = tree_scalar(j->tree, &text);
	} else if (n && scalar_type(j->at, n) != FLUME_TEXT) {
		rc = read_plain(j, scalar_type(j->at, n), n);
	} else {
		rc = read_number(j);
	}
	return rc ? rc : AFTER;
}

static int read_key(struct json *j)
{
	struct draft key;
	if (!next_is(j, '"'))
		return unexpected(j, "a key in double quotes");
	int rc = read_text(j, &key);
	if (!rc)
		rc = tree_key(j->tree, &key);
	if (rc)
		return rc;
	skip_space(j);
	if (!next_is(j, ':'))
		return unexpected(j, "':' after a key");
	j->at++;
	return VALUE;
}

static int read_after(struct json *j)
{
	if (!j->tree->open) {
		if (j->at < j->end)
			return fail(j, hint_for(j), "nothing may follow the document");
		return END;
	}
	bool map = j->tree->frames[j->tree->open - 1].type == FLUME_MAP;
	char closing = map ? '}' : ']';
	if (next_is(j, closing)) {
		int rc = close_frame(j);
		return rc ? rc : AFTER;
	}
	if (!next_is(j, ','))
		return unexpected(j, map ? "',' or '}' after a member"
					 : "',' or ']' after an element");
	j->at++;
	skip_space(j);
	if (next_is(j, closing))
		return fail(j, "remove the comma before it",
			    map ? "expected another member after ','"
				: "expected another element after ','");
	return map ? KEY : VALUE;
}

int read_json(struct tree *tree, const char *text, size_t len)
{
	struct json j = {
		.tree = tree,
		.at = text,
		.end = text + len,
		.line_start = text,
		.line = 1,
	};
	int state = VALUE;
	while (state >= 0 && state != END) {
		skip_space(&j);
		if (state == VALUE)
			state = read_value(&j);
		else if (state == KEY)
			state = read_key(&j);
		else
			state = read_after(&j);
	}
	return state < 0 ? state : 0;
}
