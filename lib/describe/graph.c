/*
 * A drawing by the tables of the connectors: what a row says is a node becomes an edge with the
 * row's name, what it says is a value becomes a line of the label.  Vertices are numbered as they
 * are met, rows in the order of their table, so neither the format of a schema nor the order of
 * its keys makes a difference.
 */
#include "lib/describe/graph.h"

#include "lib/base/utf8.h"
#include "lib/connector/connector.h"

#include <stdio.h>
#include <string.h>

#define SHOWN ((size_t)80) /* bytes of a name */

struct sketch {
	const struct graph_format *format;
	const flume_value *processors; /* the schema's own */
	struct text out, label;
	size_t vertices;
};

/* ---- labels ---- */

/* Control characters, and what breaks a line or turns it around. */
static bool is_hidden(const char *at, size_t n)
{
	unsigned char a = (unsigned char)at[0], b = n > 1 ? (unsigned char)at[1] : 0;
	unsigned char c = n > 2 ? (unsigned char)at[2] : 0;
	return (n == 1 && (a < 0x20 || a == 0x7F)) || (n == 2 && a == 0xC2 && b < 0xA0) ||
	       (n == 3 && a == 0xE2 && b == 0x80 && c >= 0xA8 && c <= 0xAE) ||
	       (n == 3 && a == 0xE2 && b == 0x81 && c >= 0xA6 && c <= 0xA9);
}

static void add_words(struct sketch *s, const char *words)
{
	size_t len = strlen(words);
	size_t shown = len > SHOWN ? utf8_floor(words, SHOWN) : len;
	for (size_t i = 0, n; i < shown; i += n) {
		n = utf8_length(words + i, shown - i);
		if (n == 1 && !is_hidden(words + i, n))
			s->format->add_char(&s->label, words[i]);
		else if (n == 0 || is_hidden(words + i, n))
			text_add(&s->label, "\xEF\xBF\xBD");
		else
			text_add_n(&s->label, words + i, n);
		n += n == 0;
	}
	if (shown < len)
		text_add(&s->label, "\xE2\x80\xA6");
}

static void begin_label(struct sketch *s)
{
	s->label.len = 0;
	text_add(&s->label, "");
}

static void begin_line(struct sketch *s)
{
	if (s->label.len)
		text_add(&s->label, s->format->line);
}

/* Never empty: Mermaid would not have it. */
static const char *label_of(const struct sketch *s)
{
	return s->label.len ? s->label.s : "?";
}

/* ---- vertices ---- */

static bool is_branch(const struct flume_field *row)
{
	return row->type == FLUME_FIELD_NODE || row->type == FLUME_FIELD_NODES ||
	       row->type == FLUME_FIELD_ROUTES;
}

static void add_default_name(struct sketch *s, const struct naming *naming,
			     const flume_value *node)
{
	begin_line(s);
	add_words(s, naming->stem);
	add_words(s, naming->between);
	if (naming->by)
		add_words(s, flume_value_text(flume_value_get(node, naming->by)));
}

static void add_value(struct sketch *s, const struct flume_field *row, const flume_value *value)
{
	const char *text = flume_value_text(value);
	if (!*text)
		return;
	begin_line(s);
	add_words(s, row->name);
	add_words(s, ": ");
	add_words(s, text);
}

static bool is_elsewhere(const struct sketch *s, const struct connector *connector,
			 const flume_value *node)
{
	for (const struct flume_field *row = connector->fields; row->name; row++)
		if (row->type == FLUME_FIELD_REF &&
		    !flume_value_get(s->processors,
				     flume_value_text(flume_value_get(node, row->name))))
			return true;
	return false;
}

static void add_step(struct sketch *s, size_t id, const struct connector *connector,
		     const flume_value *node)
{
	struct naming naming = connector_naming(connector, node);
	begin_label(s);
	add_words(s, flume_value_text(flume_value_get(node, "name")));
	add_default_name(s, &naming, node);
	for (const struct flume_field *row = connector->fields; row->name; row++)
		if (!is_branch(row) && (!naming.by || strcmp(row->name, naming.by) != 0))
			add_value(s, row, flume_value_get(node, row->name));
	s->format->add_vertex(&s->out, id,
			      is_elsewhere(s, connector, node) ? LOOK_ELSEWHERE : LOOK_STEP,
			      label_of(s));
}

static void add_broken(struct sketch *s, size_t id, const flume_value *node)
{
	const char *type = flume_value_text(flume_value_get(node, "type"));
	begin_label(s);
	add_words(s, "?");
	if (*type) {
		begin_line(s);
		add_words(s, type);
	}
	s->format->add_vertex(&s->out, id, LOOK_BROKEN, label_of(s));
}

/* ---- edges ---- */

static size_t draw(struct sketch *s, const flume_value *node);

static void draw_below(struct sketch *s, size_t from, const char *words,
		       const flume_value *node)
{
	size_t to = draw(s, node);
	begin_label(s);
	add_words(s, words);
	s->format->add_edge(&s->out, from, to, label_of(s));
}

/* "(primary)" without its brackets, or the child's number. */
static void draw_list(struct sketch *s, size_t from, const struct connector *connector,
		      const struct flume_field *row, const flume_value *list)
{
	for (size_t i = 0; flume_value_type(list) == FLUME_LIST && i < flume_value_size(list);
	     i++) {
		char words[32];
		if (connector->labels && i < (size_t)row->max)
			snprintf(words, sizeof words, "%.*s",
				 (int)strcspn(connector->labels[i] + 1, ")"),
				 connector->labels[i] + 1);
		else
			snprintf(words, sizeof words, "%zu", i + 1);
		draw_below(s, from, words, flume_value_at(list, i));
	}
}

static void draw_routes(struct sketch *s, size_t from, const flume_value *routes)
{
	for (size_t i = 0;
	     flume_value_type(routes) == FLUME_MAP && i < flume_value_size(routes); i++)
		draw_below(s, from, flume_value_text(flume_value_key(routes, i)),
			   flume_value_at(routes, i));
}

/* As deep as the limits allowed when the schema was read. */
static size_t draw(struct sketch *s, const flume_value *node)
{
	size_t id = s->vertices++;
	const struct said said = node_read(node);
	const struct connector *connector = node_connector(&said);
	if (!connector) {
		add_broken(s, id, node);
		return id;
	}
	add_step(s, id, connector, node);
	for (const struct flume_field *row = connector->fields; row->name; row++) {
		const flume_value *value = flume_value_get(node, row->name);
		if (value && row->type == FLUME_FIELD_NODE)
			draw_below(s, id, row->name, value);
		else if (row->type == FLUME_FIELD_NODES)
			draw_list(s, id, connector, row, value);
		else if (row->type == FLUME_FIELD_ROUTES)
			draw_routes(s, id, value);
	}
	return id;
}

char *flume_schema_dup_graph(const flume_schema *schema, enum flume_graph_format format)
{
	static const struct graph_format *const formats[] = {
		[FLUME_GRAPH_DOT] = &graph_dot,
		[FLUME_GRAPH_MERMAID] = &graph_mermaid,
	};
	const flume_value *root = flume_schema_get_root(schema);
	struct sketch s = {
		.format = formats[format],
		.processors = flume_value_get(flume_value_get(root, "components"),
					      flume_kind_key(FLUME_PROCESSOR)),
	};
	text_add(&s.out, s.format->begin);
	draw(&s, root);
	text_add(&s.out, s.format->end);
	s.out.failed |= s.label.failed;
	text_fini(&s.label);
	return text_take(&s.out);
}
