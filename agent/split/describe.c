/*
 * The keys come from the table that checks them; what stands in its maps is said here.  A JSON Schema
 * cannot say that weights sum to 100, that a name is that of a variant, or how fine a number is.
 */
#include "agent/split/inside.h"
#include "lib/base/text.h"

#include <string.h>

#define IS_TEXT "\"type\": [\"string\", \"number\", \"boolean\"], \"minLength\": 1"

/* Of the maps that are not simply of text. */
static void add_map(struct text *t, const char *name)
{
	if (!strcmp(name, "variants"))
		text_addf(t,
			  "\"type\": \"object\", \"minProperties\": 1, \"maxProperties\": %d, "
			  "\"propertyNames\": {\"pattern\": "
			  "\"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$\"}, "
			  "\"additionalProperties\": {\"type\": \"number\", \"minimum\": 0, "
			  "\"maximum\": 100}",
			  AB_VARIANTS);
	else
		text_addf(t,
			  "\"type\": \"object\", \"minProperties\": 1, \"maxProperties\": %d, "
			  "\"propertyNames\": {\"pattern\": \"^[^=]+$\"}, "
			  "\"additionalProperties\": {\"type\": [\"string\", \"number\", "
			  "\"boolean\", \"array\"], \"minItems\": 1, \"maxItems\": %d, "
			  "\"items\": {\"type\": [\"string\", \"number\", \"boolean\"]}}",
			  AB_LABELS, AB_LABELS);
}

static void add_field(struct text *t, const struct flume_field *row)
{
	text_add(t, "    ");
	text_add_json(t, row->name, strlen(row->name));
	text_add(t, ": {\"description\": ");
	text_add_json(t, row->about, strlen(row->about));
	text_add(t, ", ");
	if (row->type == FLUME_FIELD_BOOL)
		text_add(t, "\"type\": \"boolean\"");
	else if (row->type == FLUME_FIELD_TEXT_MAP)
		text_add(t, "\"type\": \"object\", \"minProperties\": 1, "
			    "\"additionalProperties\": {" IS_TEXT "}");
	else if (row->type == FLUME_FIELD_MAP)
		add_map(t, row->name);
	else
		text_add(t, IS_TEXT);
	if (row->fallback)
		text_addf(t, ", \"default\": %s", row->fallback); /* of a bool */
	text_add(t, row[1].name ? "},\n" : "}\n");
}

char *ab_dup_json_schema(void)
{
	struct text t = {0};
	const char *between = "";
	text_add(&t, "{\n"
		     "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
		     "  \"title\": \"An A/B switch of Flume\",\n"
		     "  \"type\": \"object\",\n"
		     "  \"properties\": {\n");
	for (const struct flume_field *row = ab_fields; row->name; row++)
		add_field(&t, row);
	text_add(&t, "  },\n"
		     "  \"patternProperties\": {\"^(x-|description$)\": true},\n"
		     "  \"additionalProperties\": false,\n"
		     "  \"required\": [");
	for (const struct flume_field *row = ab_fields; row->name; row++) {
		if (!row->required)
			continue;
		text_addf(&t, "%s\"%s\"", between, row->name);
		between = ", ";
	}
	text_add(&t, "]\n}\n");
	return text_take(&t);
}
