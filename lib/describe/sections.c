/* The sections of a document: `components` as far as its makers are known, and `canary`. */
#include "lib/describe/grammar.h"

#include "lib/check/check.h"

#include <stdlib.h>
#include <string.h>

/* ---- components ---- */

static void add_maker(struct writer *w, const struct flume_maker *maker)
{
	grammar_open_case(w, declaration_fields->name, maker->kind);
	writer_text(w, "title", maker->kind);
	writer_text(w, "description", maker->about);
	grammar_open(w);
	grammar_rows(w, maker->fields);
	grammar_allow(w, declaration_fields);
	grammar_rows(w, fields_everywhere);
	grammar_close(w);
	grammar_require(w, maker->fields);
	grammar_close_case(w);
}

static void add_kinds(struct writer *w, char *const *names)
{
	writer_open_flat(w, declaration_fields->name, '{');
	writer_text(w, "description", declaration_fields->about);
	writer_open(w, "enum", '[');
	for (size_t i = 0; names[i]; i++)
		writer_text(w, NULL, names[i]);
	writer_close(w, ']');
	writer_close(w, '}');
}

/* A declaration of one of these kinds; NULL: of any. */
static void add_declaration(struct writer *w, struct registry *registry, enum flume_kind kind,
			    char *const *names)
{
	writer_open(w, "additionalProperties", '{');
	writer_text(w, "type", "object");
	writer_open(w, "properties", '{');
	if (names)
		add_kinds(w, names);
	else
		grammar_rows(w, declaration_fields);
	writer_close(w, '}');
	grammar_require(w, declaration_fields);
	if (names) {
		writer_open(w, "allOf", '[');
		for (size_t i = 0; names[i]; i++)
			add_maker(w, registry_maker(registry, kind, names[i]));
		writer_close(w, ']');
	}
	writer_close(w, '}');
}

/* Leaves those that a schema may use, and returns how many. */
static size_t keep_allowed(char **names, struct registry *registry, enum flume_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; names[i]; i++)
		if (!registry_maker(registry, kind, names[i])->local)
			names[n++] = names[i];
	names[n] = NULL;
	return n;
}

static void add_kind(struct writer *w, struct registry *registry, enum flume_kind kind)
{
	const char *key = flume_kind_key(kind);
	char **names = registry ? registry_dup_makers(registry, kind) : NULL;
	w->text.failed |= registry && !names;
	writer_open(w, key, '{');
	writer_text(w, "description", fields_find(components_fields, key)->about);
	writer_text(w, "type", "object");
	if (names && !keep_allowed(names, registry, kind)) {
		writer_raw(w, "additionalProperties", "false");
	} else {
		writer_open_flat(w, "propertyNames", '{');
		writer_text(w, "pattern", component_name_pattern);
		writer_close(w, '}');
		add_declaration(w, registry, kind, names);
	}
	writer_close(w, '}');
	free(names);
}

static void add_components(struct writer *w, struct registry *registry)
{
	grammar_open(w);
	for (int k = 0; k < FLUME_KINDS; k++)
		add_kind(w, registry, k);
	grammar_rows(w, fields_everywhere);
	grammar_close(w);
}

/* ---- canary ---- */

static const struct part *find_part(const char *key)
{
	for (const struct part *part = canary_parts; part->key; part++)
		if (!strcmp(part->key, key))
			return part;
	return NULL;
}

static void add_word(struct writer *w, const char *key, const char *about, const char *word)
{
	writer_open_flat(w, key, '{');
	writer_text(w, "description", about);
	writer_text(w, "const", word);
	writer_close(w, '}');
}

static void add_part_map(struct writer *w, const struct part *part)
{
	const struct flume_field *rows = part->fields;
	grammar_open(w);
	if (part->word) {
		add_word(w, rows->name, rows->about, part->word);
		rows++;
	}
	grammar_rows(w, rows);
	grammar_rows(w, fields_everywhere);
	grammar_close(w);
	grammar_require(w, part->fields);
	grammar_exclude_all(w, part->exclusive);
}

static void add_part(struct writer *w, const struct flume_field *row, const struct part *part)
{
	writer_open(w, row->name, '{');
	writer_text(w, "description", row->about);
	if (part->list) {
		writer_text(w, "type", "array");
		writer_open(w, "items", '{');
	}
	if (part->word) {
		writer_raw(w, "if", "{\"type\": \"object\"}");
		add_word(w, "else", NULL, part->word);
		writer_open(w, "then", '{');
	}
	add_part_map(w, part);
	if (part->word)
		writer_close(w, '}');
	if (part->list)
		writer_close(w, '}');
	writer_close(w, '}');
}

static void add_canary(struct writer *w, struct registry *registry)
{
	(void)registry;
	grammar_open(w);
	for (const struct flume_field *row = canary_fields; row->name; row++) {
		const struct part *part = find_part(row->name);
		if (part)
			add_part(w, row, part);
		else
			row_as_schema(w, row);
	}
	grammar_rows(w, fields_everywhere);
	grammar_close(w);
	grammar_require(w, canary_fields);
}

/* ---- both ---- */

static const struct {
	const char *key;
	void (*add)(struct writer *, struct registry *);
} sections[] = {
	{"components", add_components},
	{"canary", add_canary},
};

bool sections_have(const struct flume_field *row)
{
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
		if (!strcmp(sections[i].key, row->name))
			return true;
	return false;
}

void sections_definitions(struct writer *w, struct registry *registry)
{
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		writer_open(w, sections[i].key, '{');
		sections[i].add(w, registry);
		writer_close(w, '}');
	}
}
