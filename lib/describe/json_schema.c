/*
 * The grammar as JSON Schema 2020-12, put so that readers of older drafts understand it too, for
 * editors are among them: every kind of node is an `if` and a `then` with all keys that it may
 * have, and at the root those of the document besides.
 *
 * What it cannot say: that a key stands twice, that a name means something, that schemas refer to
 * one another, how large a document may be, and that 2.0 is not a way to write a count.
 */
#include "lib/describe/describe.h"

#include "lib/check/check.h"
#include "lib/connector/connector.h"
#include "lib/describe/grammar.h"

static void add_types(struct writer *w)
{
	writer_open_flat(w, type_fields->name, '{');
	writer_text(w, "description", type_fields->about);
	writer_open(w, "enum", '[');
	for (size_t i = 0; connectors[i]; i++)
		if (!connectors[i]->form)
			writer_text(w, NULL, connectors[i]->type);
	writer_close(w, ']');
	writer_close(w, '}');
}

static void add_section(struct writer *w, const struct flume_field *row)
{
	struct text ref = {0};
	text_addf(&ref, "#/$defs/%s", row->name);
	writer_open_flat(w, row->name, '{');
	writer_text(w, "description", row->about);
	writer_text(w, "$ref", ref.s);
	writer_close(w, '}');
	w->text.failed |= ref.failed;
	text_fini(&ref);
}

/* What editors can offer before it is clear what the node is. */
static void add_beginnings(struct writer *w, bool root)
{
	writer_open(w, "properties", '{');
	add_types(w);
	for (size_t i = 0; connectors[i]; i++)
		if (connectors[i]->form)
			row_as_schema(w,
				      fields_find(connectors[i]->fields, connectors[i]->type));
	grammar_rows(w, node_fields);
	for (const struct flume_field *row = document_fields; root && row->name; row++)
		(sections_have(row) ? add_section : row_as_schema)(w, row);
	writer_close(w, '}');
}

static void require_one(struct writer *w)
{
	writer_open_flat(w, "oneOf", '[');
	writer_raw(w, NULL, "{\"required\": [\"type\"]}");
	for (size_t i = 0; connectors[i]; i++) {
		if (!connectors[i]->form)
			continue;
		writer_open(w, NULL, '{');
		writer_open(w, "required", '[');
		writer_text(w, NULL, connectors[i]->type);
		writer_close(w, ']');
		writer_close(w, '}');
	}
	writer_close(w, ']');
}

static void add_connector(struct writer *w, const struct connector *connector, bool root)
{
	const char *const *either = connector->either;
	if (connector->form)
		grammar_open_case(w, connector->type, NULL);
	else
		grammar_open_case(w, type_fields->name, connector->type);
	writer_text(w, "title", connector->type);
	writer_text(w, "description", connector->about);
	grammar_open(w);
	grammar_rows(w, connector->fields);
	if (!connector->form)
		grammar_allow(w, type_fields);
	grammar_allow(w, node_fields);
	if (root)
		grammar_allow(w, document_fields);
	grammar_close(w);
	grammar_require(w, connector->fields);
	if (either[0])
		grammar_exclude(w, either[0], either[1]);
	grammar_close_case(w);
}

/* The members of a node, without its brackets. */
static void add_node(struct writer *w, bool root)
{
	writer_text(w, "type", "object");
	add_beginnings(w, root);
	require_one(w);
	writer_open(w, "allOf", '[');
	for (size_t i = 0; connectors[i]; i++)
		add_connector(w, connectors[i], root);
	writer_close(w, ']');
}

char *json_schema_dup(struct registry *registry)
{
	struct writer w = {0};
	writer_open(&w, NULL, '{');
	writer_text(&w, "$schema", "https://json-schema.org/draft/2020-12/schema");
	writer_text(&w, "title", "A pipeline of Flume");
	add_node(&w, true);
	writer_open(&w, "$defs", '{');
	rows_definitions(&w);
	writer_open(&w, "node", '{');
	add_node(&w, false);
	writer_close(&w, '}');
	sections_definitions(&w, registry);
	writer_close(&w, '}');
	writer_close(&w, '}');
	return writer_take(&w);
}
