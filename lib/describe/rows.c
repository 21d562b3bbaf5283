/*
 * Scalars are kept as they were written and typed by their row, so text may look like a number:
 * `version: 1.0` is as good as `version: "1.0"`.  Whoever reads YAML for JSON Schema has typed it
 * already, and that must not make a difference.
 */
#include "lib/describe/rows.h"

#include "lib/schema/fields.h"

static const struct {
	const char *name;
	const char *schema; /* members; bounds that are not a double's are the row's affair */
} types[] = {
	[FLUME_FIELD_TEXT] = {"text", "\"$ref\": \"#/$defs/text\""},
	[FLUME_FIELD_BOOL] = {"bool", "\"type\": \"boolean\""},
	[FLUME_FIELD_COUNT] = {"count", "\"type\": \"integer\""},
	[FLUME_FIELD_NUMBER] = {"number", "\"type\": \"number\", \"exclusiveMinimum\": 0, "
					  "\"maximum\": 1.7976931348623157e308"},
	[FLUME_FIELD_PERCENT] = {"percent", "\"$ref\": \"#/$defs/percent\""},
	[FLUME_FIELD_DURATION] = {"duration", "\"$ref\": \"#/$defs/duration\""},
	[FLUME_FIELD_SCALAR] = {"scalar", "\"type\": [\"string\", \"number\", \"boolean\", "
					  "\"null\"]"},
	[FLUME_FIELD_ANY] = {"any", NULL},
	[FLUME_FIELD_TEXTS] = {"texts", "\"type\": \"array\", \"minItems\": 1, "
					"\"items\": {\"$ref\": \"#/$defs/text\"}"},
	[FLUME_FIELD_MAP] = {"map", "\"type\": \"object\", \"minProperties\": 1"},
	[FLUME_FIELD_TEXT_MAP] = {"text_map",
				  "\"type\": \"object\", \"minProperties\": 1, "
				  "\"additionalProperties\": {\"$ref\": \"#/$defs/text\"}"},
	[FLUME_FIELD_PREDICATES] = {"predicates", "\"$ref\": \"#/$defs/names\""},
	[FLUME_FIELD_NODE] = {"node", "\"$ref\": \"#/$defs/node\""},
	[FLUME_FIELD_NODES] = {"nodes", "\"type\": \"array\", "
					"\"items\": {\"$ref\": \"#/$defs/node\"}"},
	[FLUME_FIELD_ROUTES] = {"routes", "\"type\": \"object\", \"minProperties\": 1, "
					  "\"additionalProperties\": "
					  "{\"$ref\": \"#/$defs/node\"}"},
	[FLUME_FIELD_REF] = {"ref", "\"$ref\": \"#/$defs/text\""},
	[FLUME_FIELD_PREDICATE] = {"predicate", "\"$ref\": \"#/$defs/text\""},
	[FLUME_FIELD_CONDITION] = {"condition", "\"$ref\": \"#/$defs/text\""},
	[FLUME_FIELD_REDUCER] = {"reducer", "\"$ref\": \"#/$defs/text\""},
	[FLUME_FIELD_ERROR_HANDLER] = {"error_handler", "\"$ref\": \"#/$defs/text\""},
	[FLUME_FIELD_CHANNEL] = {"channel", "\"$ref\": \"#/$defs/text\""},
};

static const struct {
	const char *name, *schema;
} definitions[] = {
	{"text", "{\"type\": [\"string\", \"number\", \"boolean\"], \"minLength\": 1}"},
	{"names",
	 "{\"type\": [\"string\", \"number\", \"boolean\", \"array\"], "
	 "\"minLength\": 1, \"minItems\": 1, \"items\": {\"$ref\": \"#/$defs/text\"}}"},
	{"duration",
	 "{\"type\": \"string\", \"pattern\": "
	 "\"^(([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|\xC2\xB5s|\xCE\xBCs|ms|s|m|h))+$\", "
	 "\"allOf\": [{\"pattern\": \"[1-9]\"}]}"},
	{"percent", "{\"type\": \"string\", \"pattern\": "
		    "\"^0*([0-9]{1,2}([.][0-9]+)?|100([.]0+)?)%$\"}"},
};

void rows_definitions(struct writer *w)
{
	for (size_t i = 0; i < sizeof definitions / sizeof *definitions; i++)
		writer_raw(w, definitions[i].name, definitions[i].schema);
}

/* As a schema would have to write it. */
static void add_default(struct writer *w, const struct flume_field *row)
{
	bool plain = row->type == FLUME_FIELD_COUNT || row->type == FLUME_FIELD_NUMBER ||
		     row->type == FLUME_FIELD_BOOL;
	if (row->fallback && plain)
		writer_raw(w, "default", row->fallback);
	else
		writer_text(w, "default", row->fallback);
}

static void add_bounds(struct writer *w, const struct flume_field *row, const char *least,
		       const char *most)
{
	int64_t from = row->min, to = row->max;
	if (row->type == FLUME_FIELD_COUNT)
		fields_bounds(row, &from, &to);
	else if (row->type != FLUME_FIELD_NODES)
		return;
	writer_number(w, least, from);
	if (to || row->type == FLUME_FIELD_COUNT)
		writer_number(w, most, to);
}

void row_as_schema(struct writer *w, const struct flume_field *row)
{
	bool nodes = row->type == FLUME_FIELD_NODES;
	writer_open_flat(w, row->name, '{');
	writer_text(w, "description", row->about);
	if (types[row->type].schema)
		writer_raw(w, NULL, types[row->type].schema);
	add_bounds(w, row, nodes ? "minItems" : "minimum", nodes ? "maxItems" : "maximum");
	add_default(w, row);
	writer_close(w, '}');
}

void row_as_spec(struct writer *w, const struct flume_field *row)
{
	writer_open_flat(w, NULL, '{');
	writer_text(w, "name", row->name);
	writer_text(w, "type", types[row->type].name);
	writer_raw(w, "required", row->required ? "true" : "false");
	add_default(w, row);
	add_bounds(w, row, "min", "max");
	writer_text(w, "about", row->about);
	writer_close(w, '}');
}
