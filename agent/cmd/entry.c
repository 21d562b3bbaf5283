/*
 * One kind, for people: what it does, its fields, and how it is written.  Where a row brings no
 * example, one is made of the fields that it requires, by their types.
 */
#include "agent/cmd/catalogue.h"

#include <stdlib.h>
#include <string.h>

/* ---- an example ---- */

static const struct {
	const char *type, *value;
} samples[] = {
	{"bool", "true"},
	{"count", "3"},
	{"number", "1.5"},
	{"percent", "10%"},
	{"duration", "500ms"},
	{"scalar", "premium"},
	{"any", "premium"},
	{"texts", "[id, customer.city]"},
	{"map", "{status: accepted}"},
	{"text_map", "{old: new}"},
	{"predicates", "[is-premium]"},
	{"node", "{ref: my-step}"},
	{"nodes", "[{ref: my-step}, {ref: another}]"},
	{"routes", "{premium: {ref: my-step}}"},
	{"ref", "my-step"},
	{"predicate", "is-premium"},
	{"condition", "by-tier"},
	{"reducer", "my-reducer"},
	{"error_handler", "my-handler"},
	{"channel", "my-channel"},
};

static const char *sample(const flume_value *field)
{
	const char *type = entry_text(field, "type"), *set = entry_text(field, "default");
	if (*set)
		return set;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
		if (!strcmp(type, samples[i].type))
			return samples[i].value;
	return strcmp(entry_text(field, "name"), "field") ? "TEXT" : "customer.city";
}

static void add_sample(struct text *t, const struct entry *e)
{
	bool node = !strcmp(e->what, "node"), comma = false;
	const flume_value *fields = flume_value_get(e->is, "fields");
	text_add_char(t, '{');
	if (!node || *entry_text(e->is, "type")) {
		text_addf(t, "%s: %s", node ? "type" : "kind", e->name);
		comma = true;
	}
	for (size_t i = 0; i < flume_value_size(fields); i++) {
		const flume_value *field = flume_value_at(fields, i);
		if (!entry_is_true(field, "required"))
			continue;
		text_addf(t, "%s%s: %s", comma ? ", " : "", entry_text(field, "name"),
			  sample(field));
		comma = true;
	}
	text_add_char(t, '}');
}

static void add_example(struct text *t, const struct entry *e)
{
	const char *example = entry_text(e->is, "example");
	struct text made = {0};
	add_sample(&made, e);
	const char *shown = *example ? example : made.s;
	if (!strcmp(e->what, "node"))
		text_addf(t, "  - %s\n", shown ? shown : "");
	else
		text_addf(t, "  components:\n    %s:\n      my-%s: %s\n", e->section, e->name,
			  shown ? shown : "");
	t->failed |= made.failed;
	text_fini(&made);
}

/* ---- the fields ---- */

static const struct {
	const char *type, *text;
} type_names[] = {
	{"count", "whole number"},           {"percent", "percentage"},
	{"texts", "list of text"},           {"map", "map of text to anything"},
	{"text_map", "map of text to text"}, {"predicates", "predicate, or a list of them"},
	{"nodes", "list of nodes"},          {"routes", "map of text to node"},
	{"ref", "processor or schema"},      {"error_handler", "error handler"},
};

static const char *type_text(const char *type)
{
	for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++)
		if (!strcmp(type, type_names[i].type))
			return type_names[i].text;
	return type;
}

/* Blanks, and what would show as nothing, in quotes. */
static void add_default(struct text *t, const char *set)
{
	bool plain = true;
	for (const char *c = set; *c; c++)
		plain = plain && (unsigned char)*c > ' ';
	text_add(t, ", default ");
	if (plain)
		text_add(t, set);
	else
		text_add_json(t, set, strlen(set));
}

/* "whole number, 1 to 1000000, default 4" */
static void add_field(struct text *t, const flume_value *field)
{
	const char *least = entry_text(field, "min"), *most = entry_text(field, "max");
	const char *set = entry_text(field, "default");
	text_addf(t, "  %s: %s", entry_text(field, "name"),
		  type_text(entry_text(field, "type")));
	if (*least && *most)
		text_addf(t, ", %s to %s", least, most);
	else if (*least)
		text_addf(t, ", at least %s", least);
	if (entry_is_true(field, "required"))
		text_add(t, ", required");
	else if (*set)
		add_default(t, set);
	text_addf(t, "\n      %s\n", entry_text(field, "about"));
}

void entry_page(struct text *t, const struct entry *e)
{
	const flume_value *fields = flume_value_get(e->is, "fields");
	bool node = !strcmp(e->what, "node");
	text_addf(t, "%s (%s, %s)\n\n  %s\n", e->name, e->what, entry_origin(e),
		  entry_text(e->is, "about"));
	text_add(t, flume_value_size(fields) ? "\nFields\n\n" : "\nIt has no fields.\n");
	for (size_t i = 0; i < flume_value_size(fields); i++)
		add_field(t, flume_value_at(fields, i));
	text_addf(t, "\nExample%s\n\n",
		  node ? ", as a step of a schema"
		  : entry_is_true(e->is, "local")
			  ? ", in the agent's configuration alone"
			  : ", in a schema or the agent's configuration");
	add_example(t, e);
}

void entry_json(struct text *t, const struct entry *e)
{
	char *row = flume_value_dup_json(e->is);
	text_add(t, "{\"section\":");
	text_add_json(t, e->section, strlen(e->section));
	if (row && *row == '{')
		text_addf(t, ",%s", row + 1);
	t->failed |= !row;
	free(row);
}
