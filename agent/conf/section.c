/*
 * The library wants the components as a document of its own, and whoever wrote the file wants
 * to read the file's lines in a finding.  So everything around the section is made blank and
 * the rest is read once more.  Where that does not give the same section, because of an alias
 * or of brackets around, it is written out as JSON and only its beginning stays in place.
 */
#include "agent/conf/conf.h"

#include "lib/base/text.h"
#include "lib/base/utf8.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of the line break that begins at `s`; 0: none does.  YAML knows more of them than JSON.
 */
static size_t line_break(enum flume_format format, const char *s, size_t n)
{
	if (format == FLUME_YAML && n >= 2 &&
	    (!memcmp(s, "\r\n", 2) || !memcmp(s, "\xc2\x85", 2)))
		return 2;
	if (format == FLUME_YAML && n >= 3 &&
	    (!memcmp(s, "\xe2\x80\xa8", 3) || !memcmp(s, "\xe2\x80\xa9", 3)))
		return 3;
	return n && (*s == '\n' || (format == FLUME_YAML && *s == '\r'));
}

/* A mark of the byte order takes no column. */
static size_t beginning(const struct conf *c)
{
	return c->len >= 3 && !memcmp(c->text, "\xef\xbb\xbf", 3) ? 3 : 0;
}

/* The next place: a break or a character further. */
static size_t step(const struct conf *c, size_t at, bool *out_break)
{
	size_t n = line_break(c->format, c->text + at, c->len - at);
	*out_break = n > 0;
	if (!n)
		n = utf8_length(c->text + at, c->len - at);
	return at + (n ? n : 1);
}

/* The byte at line and column (in characters), both from 1. */
static size_t offset_of(const struct conf *c, unsigned line, unsigned column)
{
	size_t at = beginning(c);
	bool broke;
	while (line > 1 && at < c->len) {
		at = step(c, at, &broke);
		line -= broke;
	}
	for (; column > 1 && at < c->len; column--)
		at = step(c, at, &broke);
	return at;
}

static void add_blank(struct text *t, const struct conf *c, size_t end)
{
	bool broke;
	for (size_t at = beginning(c); at < end;) {
		at = step(c, at, &broke);
		text_add_char(t, broke ? '\n' : ' ');
	}
}

static int parse(flume_value **out, struct text *t, enum flume_format format)
{
	if (t->failed)
		return FLUME_NOMEM;
	return flume_value_parse(out, t->s, t->len, format, NULL, NULL);
}

/* The section up to `end`, and a little less when that ends in what belongs to the map around.
 */
static int parse_in_place(const struct conf *c, size_t begin, size_t end, const char *wanted,
			  flume_value **out)
{
	for (int tries = 0; tries < 3 && end > begin; tries++, end--) {
		struct text t = {0};
		flume_value *section = NULL;
		add_blank(&t, c, begin);
		text_add_n(&t, c->text + begin, end - begin);
		int code = parse(&section, &t, c->format);
		text_fini(&t);
		if (code == FLUME_NOMEM)
			return code;
		char *got = code ? NULL : flume_value_dup_json(section);
		bool same = got && !strcmp(got, wanted);
		free(got);
		if (same) {
			*out = section;
			return 0;
		}
		flume_value_free(section);
		while (end > begin + 1 && strchr(" \t\r\n", c->text[end - 1]))
			end--;
	}
	return FLUME_NOT_FOUND;
}

static int parse_json(const struct conf *c, size_t begin, const char *wanted, flume_value **out)
{
	struct text t = {0};
	add_blank(&t, c, begin);
	text_add(&t, wanted);
	int code = parse(out, &t, FLUME_JSON);
	text_fini(&t);
	return code ? FLUME_NOMEM : 0;
}

int conf_dup_components(const struct conf *c, flume_value **out)
{
	const flume_value *section = c->root ? flume_value_get(c->root, "components") : NULL;
	*out = NULL;
	if (!section || flume_value_type(section) == FLUME_NULL)
		return 0;
	char *wanted = flume_value_dup_json(section);
	if (!wanted)
		return FLUME_NOMEM;
	size_t begin = offset_of(c, flume_value_line(section), flume_value_column(section));
	size_t end = c->len;
	for (size_t i = 0; i < flume_value_size(c->root); i++) {
		const flume_value *key = flume_value_key(c->root, i);
		size_t at = offset_of(c, flume_value_line(key), flume_value_column(key));
		if (at > begin && at < end)
			end = at;
	}
	int code = parse_in_place(c, begin, end, wanted, out);
	if (code == FLUME_NOT_FOUND)
		code = parse_json(c, begin, wanted, out);
	free(wanted);
	return code;
}

const flume_value *conf_get_plugins(const struct conf *c)
{
	return c->root ? flume_value_get(c->root, "plugins") : NULL;
}
