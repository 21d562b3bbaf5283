#include "lib/describe/grammar.h"

#include "lib/schema/fields.h"

void grammar_rows(struct writer *w, const struct flume_field *table)
{
	for (const struct flume_field *row = table; row && row->name; row++)
		row_as_schema(w, row);
}

void grammar_allow(struct writer *w, const struct flume_field *table)
{
	for (const struct flume_field *row = table; row && row->name; row++)
		writer_raw(w, row->name, "true");
}

void grammar_open(struct writer *w)
{
	writer_text(w, "type", "object");
	writer_open(w, "properties", '{');
}

void grammar_close(struct writer *w)
{
	writer_close(w, '}');
	writer_raw(w, "patternProperties", "{\"^" FIELDS_FREE "\": true}");
	writer_raw(w, "additionalProperties", "false");
}

static bool requires_any(const struct flume_field *table)
{
	while (table && table->name && !table->required)
		table++;
	return table && table->name;
}

void grammar_require(struct writer *w, const struct flume_field *table)
{
	if (!requires_any(table))
		return;
	writer_open_flat(w, "required", '[');
	for (const struct flume_field *row = table; row->name; row++)
		if (row->required)
			writer_text(w, NULL, row->name);
	writer_close(w, ']');
}

void grammar_exclude(struct writer *w, const char *one, const char *other)
{
	writer_open_flat(w, "not", '{');
	writer_open(w, "required", '[');
	writer_text(w, NULL, one);
	writer_text(w, NULL, other);
	writer_close(w, ']');
	writer_close(w, '}');
}

void grammar_exclude_all(struct writer *w, const struct flume_field *rows)
{
	if (!rows)
		return;
	writer_open(w, "allOf", '[');
	for (const struct flume_field *one = rows; one->name; one++)
		for (const struct flume_field *other = one + 1; other->name; other++) {
			writer_open_flat(w, NULL, '{');
			grammar_exclude(w, one->name, other->name);
			writer_close(w, '}');
		}
	writer_close(w, ']');
}

void grammar_open_case(struct writer *w, const char *key, const char *word)
{
	writer_open(w, NULL, '{');
	writer_open_flat(w, "if", '{');
	if (word) {
		writer_open(w, "properties", '{');
		writer_open(w, key, '{');
		writer_text(w, "const", word);
		writer_close(w, '}');
		writer_close(w, '}');
	}
	writer_open(w, "required", '[');
	writer_text(w, NULL, key);
	writer_close(w, ']');
	writer_close(w, '}');
	writer_open(w, "then", '{');
}

void grammar_close_case(struct writer *w)
{
	writer_close(w, '}');
	writer_close(w, '}');
}
