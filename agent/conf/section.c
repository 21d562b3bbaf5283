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

/* The byte at line and column (in characters), both from 1. */
static size_t offset_of(const struct conf *c, unsigned line, unsigned column)
{
	size_t at = 0;
	for (; line > 1 && at < c->len; at++)
		line -= c->text[at] == '\n';
	for (; column > 1 && at < c->len; column--) {
		size_t n = utf8_length(c->text + at, c->len - at);
		at += n ? n : 1;
	}
	return at;
}

static void add_blank(struct text *t, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] == '\n')
			text_add_char(t, '\n');
		else if (((unsigned char)s[i] & 0xc0) != 0x80) /* one for each character */
			text_add_char(t, ' ');
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
		add_blank(&t, c->text, begin);
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
	add_blank(&t, c->text, begin);
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
