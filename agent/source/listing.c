#include "agent/source/listing.h"

#include "agent/source/slurp.h"
#include "agent/source/source.h"
#include "lib/base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MOST 512 /* more than a schema may have */

struct scan {
	const char *begin, *at, *end;
	struct flume_err *err;
	char *to; /* where what a string means is written; NULL: nowhere */
	bool is_map[DEPTH_MOST];
	size_t depth;
};

/* ---- what is wrong, and where ---- */

/* At `s->at`. */
static int fail(struct scan *s, const char *problem, const char *name)
{
	unsigned line = 1, column = 1;
	for (const char *c = s->begin; c < s->at; c++) {
		column = *c == '\n' ? 1 : column + (((unsigned char)*c & 0xc0) != 0x80);
		line += *c == '\n';
	}
	return flume_fail(s->err, FLUME_SYNTAX, "%u:%u: %s%s%.64s%s", line, column, problem,
			  name ? " '" : "", name ? name : "", name ? "'" : "");
}

static int expected(struct scan *s, const char *what)
{
	struct flume_err inner = {0};
	size_t left = (size_t)(s->end - s->at);
	size_t n = utf8_length(s->at, left);
	if (!left)
		flume_fail(&inner, 0, "expected %s: the answer ends too soon", what);
	else if (!n || (unsigned char)*s->at < 0x20)
		flume_fail(&inner, 0, "expected %s, not the byte 0x%02X", what,
			   (unsigned char)*s->at);
	else
		flume_fail(&inner, 0, "expected %s, not '%.*s'", what, (int)n, s->at);
	return fail(s, inner.text, NULL);
}

/* ---- tokens ---- */

static void skip_space(struct scan *s)
{
	while (s->at < s->end && strchr(" \t\r\n", *s->at) && *s->at)
		s->at++;
}

static bool next_is(const struct scan *s, char c)
{
	return s->at < s->end && *s->at == c;
}

static bool take(struct scan *s, char c)
{
	bool there = next_is(s, c);
	s->at += there;
	return there;
}

/* Four hex digits; -1: they are not. */
static int hex4(const char *at, const char *end)
{
	int code = 0;
	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef0123456789ABCDEF";
		const char *digit = at[i] ? strchr(digits, at[i]) : NULL;
		if (!digit)
			return -1;
		code = code * 16 + (int)(digit - digits) % 16;
	}
	return code;
}

/* What begins after "\u"; 0 or FLUME_SYNTAX. */
static int read_unicode(struct scan *s, unsigned *out)
{
	int code = hex4(s->at, s->end);
	bool high = code >= 0xd800 && code < 0xdc00;
	if (code < 0)
		return expected(s, "four hexadecimal digits");
	if (code >= 0xdc00 && code < 0xe000)
		return fail(s, "the second half of a surrogate pair stands alone", NULL);
	s->at += 4;
	*out = (unsigned)code;
	if (!high)
		return 0;
	int low = s->end - s->at >= 6 && s->at[0] == '\\' && s->at[1] == 'u'
			  ? hex4(s->at + 2, s->end)
			  : -1;
	if (low < 0xdc00 || low >= 0xe000)
		return fail(s, "the first half of a surrogate pair stands alone", NULL);
	s->at += 6;
	*out = 0x10000 + (((unsigned)code - 0xd800) << 10) + ((unsigned)low - 0xdc00);
	return 0;
}

/* After a backslash. */
static int read_escape(struct scan *s)
{
	static const char escapes[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	const char *which = s->at < s->end && *s->at ? strchr(escapes, *s->at) : NULL;
	char bytes[4];
	size_t n = 1;
	unsigned code = 0;
	if (which) {
		bytes[0] = means[which - escapes];
		s->at++;
	} else if (take(s, 'u')) {
		if (read_unicode(s, &code))
			return FLUME_SYNTAX;
		n = utf8_encode(bytes, code);
	} else {
		return expected(s, "one of \"\\/bfnrtu after a backslash");
	}
	if (s->to)
		s->to = (char *)memcpy(s->to, bytes, n) + n;
	return 0;
}

/* From its opening quote to behind its closing one.  What it means is no longer than what stands
 * there. */
static int read_string(struct scan *s)
{
	if (!take(s, '"'))
		return expected(s, "a text in double quotes");
	while (!next_is(s, '"')) {
		if (s->at == s->end || (unsigned char)*s->at < 0x20)
			return expected(s, "the closing quote of a text");
		if (take(s, '\\')) {
			if (read_escape(s))
				return FLUME_SYNTAX;
			continue;
		}
		if (s->to)
			*s->to++ = *s->at;
		s->at++;
	}
	s->at++;
	return 0;
}

/* A string that is kept. */
static int keep_string(struct listing *l, struct scan *s, char **out, size_t *out_len)
{
	const char *begin = s->at;
	int code = read_string(s);
	if (code)
		return code;
	char *copy = arena_get_text(&l->arena, (size_t)(s->at - begin));
	if (!copy)
		return FLUME_NOMEM;
	s->at = begin;
	s->to = copy;
	(void)read_string(s);
	*s->to = '\0';
	*out = copy;
	*out_len = (size_t)(s->to - copy);
	s->to = NULL;
	return 0;
}

/* ---- values ---- */

enum next { VALUE, KEY, AFTER };

static int open_frame(struct scan *s, bool is_map, enum next *out)
{
	if (s->depth == DEPTH_MOST)
		return fail(s, "too deep", NULL);
	s->is_map[s->depth++] = is_map;
	s->at++;
	skip_space(s);
	*out = take(s, is_map ? '}' : ']') ? AFTER : is_map ? KEY : VALUE;
	s->depth -= *out == AFTER;
	return 0;
}

/* A number, true, or what whoever reads the schema will complain of. */
static int skip_word(struct scan *s)
{
	const char *begin = s->at;
	while (s->at < s->end && *s->at && !strchr(" \t\r\n,:\"{}[]<", *s->at))
		s->at++;
	return s->at == begin ? expected(s, "a value") : 0;
}

static int skip_part(struct scan *s, enum next *next)
{
	if (*next == KEY) {
		int code = read_string(s);
		skip_space(s);
		*next = VALUE;
		return code ? code : take(s, ':') ? 0 : expected(s, "':' after a key");
	}
	if (*next == VALUE) {
		*next = AFTER;
		if (next_is(s, '{') || next_is(s, '['))
			return open_frame(s, next_is(s, '{'), next);
		return next_is(s, '"') ? read_string(s) : skip_word(s);
	}
	bool is_map = s->is_map[s->depth - 1];
	if (take(s, is_map ? '}' : ']')) {
		s->depth--;
		return 0;
	}
	*next = is_map ? KEY : VALUE;
	return take(s, ',') ? 0 : expected(s, is_map ? "',' or '}'" : "',' or ']'");
}

static int skip_value(struct scan *s)
{
	enum next next = VALUE;
	do {
		skip_space(s);
		int code = skip_part(s, &next);
		if (code)
			return code;
	} while (next != AFTER || s->depth);
	return 0;
}

/* ---- members ---- */

static int add_part(struct listing *l, const struct listing_part *part)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 16;
		struct listing_part *parts = realloc(l->parts, cap * sizeof *parts);
		if (!parts)
			return FLUME_NOMEM;
		l->parts = parts;
		l->cap = cap;
	}
	l->parts[l->n++] = *part;
	return 0;
}

static int read_name(struct listing *l, struct scan *s, const char **out)
{
	const char *begin = s->at;
	char *name;
	size_t len;
	int code = keep_string(l, s, &name, &len);
	if (code)
		return code;
	*out = name;
	if (strlen(name) == len && source_name_good(name))
		return 0;
	s->at = begin;
	return fail(s, "expected a name of [a-z0-9._-], as of a schema, not", name);
}

static int read_member(struct listing *l, struct scan *s)
{
	struct listing_part part = {.place = s->at};
	char *text = NULL;
	int code = read_name(l, s, &part.name);
	if (code)
		return code;
	skip_space(s);
	if (!take(s, ':'))
		return expected(s, "':' after a name");
	skip_space(s);
	const char *begin = s->at;
	if (next_is(s, '"')) {
		code = keep_string(l, s, &text, &part.len);
		part.text = text;
		part.format = code ? FLUME_YAML : slurp_guess(text, part.len);
	} else {
		code = skip_value(s);
		part.text = begin;
		part.len = (size_t)(s->at - begin);
		part.format = FLUME_JSON;
	}
	return code ? code : add_part(l, &part);
}

static int read_members(struct listing *l, struct scan *s)
{
	static const char mark[] = "\xef\xbb\xbf";
	if (s->end - s->at >= 3 && !memcmp(s->at, mark, 3))
		s->at += 3;
	skip_space(s);
	if (!take(s, '{'))
		return expected(s, "a JSON object of names and schemas");
	skip_space(s);
	bool more = !take(s, '}');
	while (more) {
		int code = read_member(l, s);
		if (code)
			return code;
		skip_space(s);
		more = take(s, ',');
		if (!more && !take(s, '}'))
			return expected(s, "',' or '}' after a schema");
		skip_space(s);
	}
	skip_space(s);
	return s->at == s->end ? 0 : expected(s, "nothing more");
}

static int by_name(const void *a, const void *b)
{
	const struct listing_part *one = a, *other = b;
	int c = strcmp(one->name, other->name);
	return c ? c : (one->place > other->place) - (one->place < other->place);
}

/* A whole sorted at once: who looked for each name on its way, and made room for it among the
 * others, could be kept busy for an hour by names in the wrong order. */
static int sort(struct listing *l, struct scan *s)
{
	const struct listing_part *second = NULL;
	if (l->n)
		qsort(l->parts, l->n, sizeof *l->parts, by_name);
	for (size_t i = 1; i < l->n; i++) {
		const struct listing_part *it = &l->parts[i];
		if (!strcmp(it->name, it[-1].name) && (!second || it->place < second->place))
			second = it;
	}
	if (!second)
		return 0;
	s->at = second->place;
	return fail(s, "here is a second schema of the name", second->name);
}

int listing_read(struct listing *l, const char *text, size_t len, struct flume_err *err)
{
	struct scan *s = calloc(1, sizeof *s);
	int code = FLUME_NOMEM;
	if (s) {
		s->begin = s->at = text;
		s->end = text + len;
		s->err = err;
		code = read_members(l, s);
		code = code ? code : sort(l, s);
	}
	free(s);
	return code == FLUME_NOMEM ? flume_fail(err, code, "out of memory") : code;
}

void listing_fini(struct listing *l)
{
	free(l->parts);
	arena_fini(&l->arena);
	*l = (struct listing){0};
}
