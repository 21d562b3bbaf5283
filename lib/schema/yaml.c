/*
 * libyaml's events into a tree.  Its scanner is left to find out what is YAML; what we refuse
 * of it (tags, merge keys, a second document, keys that are not text) is refused here, at the
 * event.
 *
 * An alias shares the value of its anchor but counts as if it had been written out: each anchor
 * remembers how much it is worth, so a document that doubles itself at every line is refused
 * after a few lines, not after the memory is full.
 */
#include "lib/base/map.h"
#include "lib/schema/limits.h"
#include "lib/schema/read.h"
#include "lib/schema/scalar.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct anchor {
	struct draft draft;
	struct extent extent;
	bool open; /* the reader is still inside */
};

struct reader {
	struct tree *tree;
	yaml_parser_t parser;
	struct map anchors;
	unsigned documents;
	const char *text; /* for the places of its bytes */
	size_t len;
};

static unsigned line(yaml_mark_t mark)
{
	return (unsigned)mark.line + 1;
}

static unsigned column(yaml_mark_t mark)
{
	return (unsigned)mark.column + 1;
}

/* libyaml tells where bad bytes are by their offset only. */
static yaml_mark_t mark_of_byte(const struct reader *r, size_t offset)
{
	yaml_mark_t mark = {0};
	for (size_t i = 0; i < offset && i < r->len; i++) {
		if (r->text[i] == '\n') {
			mark.line++;
			mark.column = 0;
		} else if (((unsigned char)r->text[i] & 0xC0) != 0x80) {
			mark.column++;
		}
	}
	return mark;
}

static bool is_tab(const struct reader *r, yaml_mark_t at)
{
	const char *s = r->text, *end = r->text + r->len;
	for (size_t n = at.line; n && s; n--) {
		s = memchr(s, '\n', (size_t)(end - s));
		s = s ? s + 1 : NULL;
	}
	return s && at.column < (size_t)(end - s) && s[at.column] == '\t';
}

static int report_problem(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	if (p->error == YAML_MEMORY_ERROR)
		return FLUME_NOMEM;
	const char *problem = p->problem ? p->problem : "this is not YAML";
	const char *thing = complaint_thing(p->context);
	yaml_mark_t mark = p->problem_mark;
	if (p->error == YAML_READER_ERROR)
		mark = mark_of_byte(r, p->problem_offset);
	else if (is_tab(r, mark))
		problem = "found a tab character";
	const struct complaint *c = complaint_find(problem);
	if (c && c->at_beginning && p->context)
		mark = p->context_mark;
	char hint[160];
	int n = snprintf(hint, sizeof hint, "%s", c && c->hint ? c->hint : "");
	if (thing && p->context_mark.line != mark.line)
		snprintf(hint + n, sizeof hint - (size_t)n, "%s%s begins on line %u",
			 n ? "; " : "", thing, line(p->context_mark));
	return tree_fail(r->tree, "syntax", line(mark), column(mark), *hint ? hint : NULL, "%s",
			 c ? c->text : problem);
}

/* Makes `name` known, or means another value by it from now on. */
static int add_anchor(struct reader *r, const yaml_char_t *name, yaml_mark_t mark,
		      struct anchor **out)
{
	*out = NULL;
	if (!name)
		return 0;
	if (r->anchors.len >= LIMIT_ANCHORS)
		return tree_fail(r->tree, "too-many-nodes", line(mark), column(mark), NULL,
				 "the document has more than %zu anchors", LIMIT_ANCHORS);
	struct anchor *a = arena_get(&r->tree->arena, sizeof *a);
	if (!a)
		return FLUME_NOMEM;
	*a = (struct anchor){.open = true};
	int rc = map_put(&r->anchors, (const char *)name, a, NULL);
	if (!rc)
		*out = a;
	return rc;
}

static void settle_anchor(struct reader *r, struct anchor *a, const struct extent *e)
{
	if (!a)
		return;
	a->draft = *tree_last(r->tree);
	a->extent = *e;
	a->open = false;
}

static int refuse_tag(struct reader *r, const yaml_char_t *tag, yaml_mark_t mark)
{
	static const char core[] = "tag:yaml.org,2002:";
	const char *name = (const char *)tag, *sign = "";
	if (!name || !strcmp(name, "!"))
		return 0;
	if (!strncmp(name, core, sizeof core - 1)) {
		name += sizeof core - 1;
		sign = "!!";
	}
	return tree_fail_here(r->tree, "unsupported", line(mark), column(mark),
			      "write the value without it", "tag '%s%s' is not supported", sign,
			      name);
}

static int refuse_key(struct reader *r, const char *what, yaml_mark_t mark)
{
	return tree_fail_here(r->tree, "unsupported", line(mark), column(mark),
			      "keys are plain or quoted text", "a key cannot be %s", what);
}

static int on_scalar(struct reader *r, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;
	size_t n = e->data.scalar.length;
	bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	bool key = tree_wants_key(r->tree);
	yaml_mark_t mark = e->start_mark;
	struct anchor *anchor;
	int rc = refuse_tag(r, e->data.scalar.tag, mark);
	if (!rc && memchr(text, '\0', n))
		rc = tree_fail(r->tree, "syntax", line(mark), column(mark), NULL,
			       "the character NUL is not allowed");
	if (!rc && key && plain && n == 2 && !memcmp(text, "<<", 2))
		rc = tree_fail_here(r->tree, "unsupported", line(mark), column(mark),
				    "write the keys out, or share the whole map with an alias",
				    "merge keys are not supported");
	if (!rc)
		rc = add_anchor(r, e->data.scalar.anchor, mark, &anchor);
	if (rc)
		return rc;
	struct draft scalar = {
		.word = tree_word(r->tree, text, n),
		.value = {.size = (uint32_t)n,
			  .line = line(mark),
			  .column = column(mark),
			  .type = plain && !key ? scalar_type(text, n) : FLUME_TEXT,
			  .quoted = !plain},
	};
	if (!scalar.word)
		return FLUME_NOMEM;
	rc = key ? tree_key(r->tree, &scalar) : tree_scalar(r->tree, &scalar);
	if (!rc)
		settle_anchor(r, anchor, &(struct extent){1, n, 0});
	return rc;
}

static int on_open(struct reader *r, const yaml_event_t *e, enum flume_value_type type)
{
	bool map = type == FLUME_MAP;
	yaml_mark_t mark = e->start_mark;
	struct anchor *anchor;
	if (tree_wants_key(r->tree))
		return refuse_key(r, map ? "a map" : "a list", mark);
	int rc = refuse_tag(r, map ? e->data.mapping_start.tag : e->data.sequence_start.tag,
			    mark);
	if (!rc)
		rc = add_anchor(
			r, map ? e->data.mapping_start.anchor : e->data.sequence_start.anchor,
			mark, &anchor);
	return rc ? rc : tree_open(r->tree, type, line(mark), column(mark), anchor);
}

static int on_close(struct reader *r)
{
	struct extent extent;
	struct anchor *anchor = r->tree->frames[r->tree->open - 1].note;
	int rc = tree_close(r->tree, &extent);
	if (!rc)
		settle_anchor(r, anchor, &extent);
	return rc;
}

static int on_alias(struct reader *r, const yaml_event_t *e)
{
	const char *name = (const char *)e->data.alias.anchor;
	const struct anchor *a = map_get(&r->anchors, name);
	yaml_mark_t mark = e->start_mark;
	if (tree_wants_key(r->tree))
		return refuse_key(r, "an alias", mark);
	if (!a)
		return tree_fail_here(r->tree, "syntax", line(mark), column(mark),
				      "text that begins with '*' must stand in quotes",
				      "no anchor '&%s' comes before this alias", name);
	if (a->open)
		return tree_fail_here(r->tree, "unsupported", line(mark), column(mark), NULL,
				      "alias '*%s' stands inside of its own anchor", name);
	return tree_share(r->tree, &a->draft, &a->extent, line(mark), column(mark));
}

static int on_event(struct reader *r, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(r, e);
	case YAML_SEQUENCE_START_EVENT:
		return on_open(r, e, FLUME_LIST);
	case YAML_MAPPING_START_EVENT:
		return on_open(r, e, FLUME_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_close(r);
	case YAML_ALIAS_EVENT:
		return on_alias(r, e);
	case YAML_DOCUMENT_START_EVENT:
		if (r->documents++)
			return tree_fail(r->tree, "unsupported", line(e->start_mark),
					 column(e->start_mark), "one file, one document",
					 "a second document begins here");
		return 0;
	case YAML_STREAM_END_EVENT:
		if (!r->documents)
			return tree_fail(r->tree, "syntax", 1, 1, NULL,
					 "the document is empty");
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	}
	return 0;
}

/* As libyaml has lines. */
static bool begins_line(const char *text, const char *at)
{
	static const char *const ends[] = {"\n",           "\r",           "\xC2\x85",
					   "\xE2\x80\xA8", "\xE2\x80\xA9", "\xEF\xBB\xBF"};
	size_t before = (size_t)(at - text);
	for (size_t i = 0; before && i < sizeof ends / sizeof *ends; i++) {
		size_t n = strlen(ends[i]);
		if (n <= before && !memcmp(at - n, ends[i], n))
			return true;
	}
	return !before;
}

/* libyaml compares each %TAG line with all before it.  Tags are refused anyway, and a document
 * that brings so many handles for them is not worth the minutes. */
static int refuse_directives(struct reader *r)
{
	const char *s = r->text, *end = r->text + r->len;
	size_t seen = 0;
	for (; (s = memmem(s, (size_t)(end - s), "%TAG", 4)); s += 4) {
		if (!begins_line(r->text, s) || ++seen <= LIMIT_TAG_LINES)
			continue;
		yaml_mark_t mark = mark_of_byte(r, (size_t)(s - r->text));
		return tree_fail(r->tree, "unsupported", line(mark), column(mark), NULL,
				 "there are more than %d %%TAG directives", LIMIT_TAG_LINES);
	}
	return 0;
}

int read_yaml(struct tree *tree, const char *text, size_t len)
{
	struct reader r = {.tree = tree, .text = text, .len = len};
	bool ended = false;
	int rc = refuse_directives(&r);
	if (rc)
		return rc;
	if (!yaml_parser_initialize(&r.parser))
		return FLUME_NOMEM;
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	while (!rc && !ended) {
		yaml_event_t e;
		if (!yaml_parser_parse(&r.parser, &e)) {
			rc = report_problem(&r);
			break;
		}
		ended = e.type == YAML_STREAM_END_EVENT;
		rc = on_event(&r, &e);
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&r.parser);
	map_fini(&r.anchors);
	return rc;
}
