#include "lib/describe/describe.h"

#include "lib/check/check.h"
#include "lib/connector/connector.h"
#include "lib/describe/rows.h"

#include <stdlib.h>

static void add_table(struct writer *w, const char *key, const struct flume_field *table)
{
	writer_open(w, key, '[');
	for (const struct flume_field *row = table; row && row->name; row++)
		row_as_spec(w, row);
	writer_close(w, ']');
}

static void add_truth(struct writer *w, const char *key, bool value)
{
	writer_raw(w, key, value ? "true" : "false");
}

static void add_canary(struct writer *w)
{
	writer_open(w, "canary", '{');
	add_table(w, "fields", canary_fields);
	for (const struct part *part = canary_parts; part->key; part++)
		add_table(w, part->key, part->fields);
	writer_close(w, '}');
}

/* ---- connectors ---- */

/* "filter-{predicate}" */
static void add_naming(struct writer *w, const struct connector *connector)
{
	struct naming naming = connector_naming(connector, NULL);
	struct text rule = {0};
	text_addf(&rule, "%s%s", naming.stem, naming.between);
	if (naming.by)
		text_addf(&rule, "{%s}", naming.by);
	writer_text(w, "default_name", rule.s);
	w->text.failed |= rule.failed;
	text_fini(&rule);
	writer_text(w, "default_name_with", connector->named_if);
}

static void add_connectors(struct writer *w)
{
	writer_open(w, "connectors", '[');
	for (size_t i = 0; connectors[i]; i++) {
		const struct connector *connector = connectors[i];
		writer_open(w, NULL, '{');
		writer_text(w, connector->form ? "form" : "type", connector->type);
		writer_text(w, "about", connector->about);
		add_naming(w, connector);
		add_table(w, "fields", connector->fields);
		if (connector->either[0]) {
			writer_open_flat(w, "only_one_of", '[');
			writer_text(w, NULL, connector->either[0]);
			writer_text(w, NULL, connector->either[1]);
			writer_close(w, ']');
		}
		writer_close(w, '}');
	}
	writer_close(w, ']');
}

/* ---- kinds and components ---- */

static void add_maker(struct writer *w, const struct flume_maker *maker)
{
	writer_open(w, NULL, '{');
	writer_text(w, "kind", maker->kind);
	writer_text(w, "about", maker->about);
	writer_text(w, "origin", maker->origin);
	writer_text(w, "example", maker->example);
	add_truth(w, "local", maker->local);
	add_table(w, "fields", maker->fields);
	writer_close(w, '}');
}

static const char *words_key(enum flume_kind kind)
{
	return kind == FLUME_PROCESSOR ? "tags" : kind == FLUME_CONDITION ? "values" : "words";
}

static void add_component(struct writer *w, const struct component *component)
{
	writer_open_flat(w, NULL, '{');
	writer_text(w, "name", component->is.name);
	writer_text(w, "about", component->is.about);
	if (component->is.words) {
		writer_open(w, words_key(component->kind), '[');
		for (const char *const *word = component->is.words; *word; word++)
			writer_text(w, NULL, *word);
		writer_close(w, ']');
	}
	add_truth(w, "blocks", component->is.blocks);
	writer_close(w, '}');
}

static void add_makers(struct writer *w, struct registry *registry, enum flume_kind kind)
{
	char **names = registry_dup_makers(registry, kind);
	w->text.failed |= !names;
	writer_open(w, "makers", '[');
	for (size_t i = 0; names && names[i]; i++)
		add_maker(w, registry_maker(registry, kind, names[i]));
	writer_close(w, ']');
	free(names);
}

/* One that is removed meanwhile is not there. */
static void add_components(struct writer *w, struct registry *registry, enum flume_kind kind)
{
	char **names = registry_dup_names(registry, kind);
	w->text.failed |= !names;
	writer_open(w, "components", '[');
	for (size_t i = 0; names && names[i]; i++) {
		struct component *component = registry_ref(registry, kind, names[i]);
		if (component)
			add_component(w, component);
		component_unref(component);
	}
	writer_close(w, ']');
	free(names);
}

char *spec_dup(struct registry *registry)
{
	struct writer w = {0};
	writer_open(&w, NULL, '{');
	add_table(&w, "document", document_fields);
	add_canary(&w);
	add_table(&w, "node", node_fields);
	add_connectors(&w);
	writer_open(&w, "kinds", '[');
	for (int k = 0; k < FLUME_KINDS; k++) {
		writer_open(&w, NULL, '{');
		writer_text(&w, "kind", flume_kind_text(k));
		writer_text(&w, "section", flume_kind_key(k));
		add_makers(&w, registry, k);
		add_components(&w, registry, k);
		writer_close(&w, '}');
	}
	writer_close(&w, ']');
	writer_close(&w, '}');
	return writer_take(&w);
}
