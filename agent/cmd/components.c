/*
 * Tables and pages are made from the JSON that -o json prints, so neither can say more than the other.
 */
#include "agent/cmd/bench.h"
#include "agent/cmd/catalogue.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/findings.h"
#include "agent/cmd/options.h"
#include "agent/cmd/table.h"
#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>

struct components_options {
	const char *config;
	int output;
	bool json_schema;
};

static const struct conf_option options[] = {
	{"json-schema", 0, CONF_FLAG, "", NULL, NULL,
	 offsetof(struct components_options, json_schema),
	 "Print the grammar of schemas as JSON Schema, for editors."},
	OPTION_CONFIG(components_options,
		      "The agent's configuration, for the components it declares."),
	OPTION_OUTPUT(components_options),
	{0},
};

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

/* ---- tables ---- */

/* "field, pattern, [flags]": what is in brackets may be left out. */
static void add_fields(struct text *out, const flume_value *fields)
{
	for (size_t i = 0; i < flume_value_size(fields); i++) {
		const flume_value *field = flume_value_at(fields, i);
		text_addf(out, entry_is_true(field, "required") ? "%s%s" : "%s[%s]",
			  i ? ", " : "", entry_text(field, "name"));
	}
}

static void add_entry(struct table *table, const struct entry *e)
{
	struct text fields = {0};
	add_fields(&fields, flume_value_get(e->is, "fields"));
	table_row(table,
		  (const char *[]){e->section, e->name, fields.s,
				   entry_is_true(e->is, "local") ? "configuration" : "schema",
				   entry_origin(e), entry_text(e->is, "about")});
	table->failed |= fields.failed;
	text_fini(&fields);
}

static bool print_table(const struct catalogue *c)
{
	struct table table = {.columns = 6};
	table_row(&table, (const char *[]){"SECTION", "KIND", "FIELDS", "DECLARED IN", "ORIGIN",
					   "WHAT IT DOES"});
	for (size_t i = 0; i < c->n; i++)
		add_entry(&table, &c->all[i]);
	bool good = table_print(stdout, &table);
	table_fini(&table);
	return good;
}

static void add_declared(struct table *table, const flume_value *kind)
{
	const flume_value *components = flume_value_get(kind, "components");
	for (size_t i = 0; i < flume_value_size(components); i++) {
		const flume_value *one = flume_value_at(components, i);
		table_row(table,
			  (const char *[]){entry_text(kind, "section"), entry_text(one, "name"),
					   entry_is_true(one, "blocks") ? "yes" : "no",
					   entry_text(one, "about")});
	}
}

static bool print_declared(const flume_value *kinds)
{
	struct table table = {.columns = 4};
	table_row(&table, (const char *[]){"SECTION", "NAME", "MAY WAIT", "WHAT IT DOES"});
	size_t heading = table.n;
	for (size_t i = 0; i < flume_value_size(kinds); i++)
		add_declared(&table, flume_value_at(kinds, i));
	bool good = !table.failed;
	if (table.n > heading) {
		printf("\nDeclared in the configuration, for every schema:\n\n");
		good = table_print(stdout, &table);
	}
	table_fini(&table);
	return good;
}

/* ---- what was found ---- */

static bool print_pages(const struct catalogue *c)
{
	struct text t = {0};
	for (size_t i = 0; i < c->n; i++) {
		text_add(&t, i ? "\n" : "");
		entry_page(&t, &c->all[i]);
	}
	bool good = !t.failed;
	if (good && t.s)
		fputs(t.s, stdout);
	text_fini(&t);
	return good;
}

static bool print_array(const struct catalogue *c)
{
	struct text t = {0};
	for (size_t i = 0; i < c->n; i++) {
		text_add(&t, i ? ",\n" : "\n");
		entry_json(&t, &c->all[i]);
	}
	bool good = !t.failed;
	if (good)
		printf("[%s\n]\n", t.s ? t.s : "");
	text_fini(&t);
	return good;
}

static int nothing_found(const struct catalogue *all, const char *word)
{
	const char *near = catalogue_near(all, word);
	return near ? cmd_fail(CMD_NOT_FOUND,
			       "nothing here has to do with '%s'; did you mean '%s'?", word,
			       near)
		    : cmd_fail(CMD_NOT_FOUND, "nothing here has to do with '%s'", word);
}

/* One, or all of one name, are shown whole. */
static bool is_one(const struct catalogue *c)
{
	for (size_t i = 1; i < c->n; i++)
		if (strcmp(c->all[0].name, c->all[i].name) != 0)
			return false;
	return true;
}

static int print_found(struct catalogue *c, const struct conf *conf, bool json)
{
	size_t all = c->n;
	catalogue_find(c, conf->words, conf->n_words);
	if (!c->n) {
		c->n = all;
		return nothing_found(c, conf->words[0]);
	}
	bool good = json ? print_array(c) : is_one(c) ? print_pages(c) : print_table(c);
	return good ? CMD_DONE : out_of_memory();
}

static int print(const char *spec, const struct cmd_call *call)
{
	const struct components_options *o = call->options;
	struct catalogue c = {0};
	bool json = o->output == OUTPUT_JSON;
	int code;
	if (catalogue_read(&c, spec)) {
		code = out_of_memory();
	} else if (call->conf->n_words) {
		code = print_found(&c, call->conf, json);
	} else {
		bool good = print_table(&c) && print_declared(flume_value_get(c.root, "kinds"));
		code = good ? CMD_DONE : out_of_memory();
	}
	catalogue_fini(&c);
	return code;
}

static int run(const struct cmd_call *call)
{
	const struct components_options *o = call->options;
	bool whole = o->json_schema || (o->output == OUTPUT_JSON && !call->conf->n_words);
	flume_factory *factory = NULL;
	if (o->json_schema && call->conf->n_words)
		return cmd_fail(CMD_USAGE, "components: --json-schema is of all of them");
	int code = bench_factory(&factory, NULL, call->conf, BENCH_CHECK);
	if (code)
		return code;
	char *json = o->json_schema ? flume_dup_json_schema(factory)
				    : flume_factory_dup_spec(factory);
	if (!json)
		code = out_of_memory();
	else if (whole)
		fputs(json, stdout);
	else
		code = print(json, call);
	free(json);
	flume_factory_free(factory);
	return code;
}

const struct command command_components = {
	.name = "components",
	.usage = "[OPTION...] [KIND | WORD...]",
	.about = "What schemas can be made of.",
	.details =
		"Lists the kinds of components that can be declared and of nodes that join "
		"them, "
		"with their fields and who brings them, and what the configuration declares "
		"for "
		"every schema. With the name of one, all that it can be told, and an example; "
		"with other words, those in which each of them is found. -o json has all of "
		"it; --json-schema is what schemas/flume.schema.json was made with.",
	.exits = 1U << CMD_NOT_FOUND,
	.options = options,
	.size = sizeof(struct components_options),
	.most = 16,
	.run = run,
};
