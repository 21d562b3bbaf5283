/* The tables are made from the JSON that -o json prints, so neither can say more than the other. */
#include "agent/cmd/bench.h"
#include "agent/cmd/cmd.h"
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

static const char *member(const flume_value *map, const char *key)
{
	return flume_value_text(flume_value_get(map, key));
}

static bool is_true(const flume_value *map, const char *key)
{
	return !strcmp(member(map, key), "true");
}

/* "field, pattern, [flags]": what is in brackets may be left out. */
static void add_fields(struct text *out, const flume_value *fields)
{
	for (size_t i = 0; i < flume_value_size(fields); i++) {
		const flume_value *field = flume_value_at(fields, i);
		text_addf(out, is_true(field, "required") ? "%s%s" : "%s[%s]", i ? ", " : "",
			  member(field, "name"));
	}
}

static void add_makers(struct table *table, const flume_value *kind)
{
	const flume_value *makers = flume_value_get(kind, "makers");
	for (size_t i = 0; i < flume_value_size(makers); i++) {
		const flume_value *maker = flume_value_at(makers, i);
		struct text fields = {0};
		add_fields(&fields, flume_value_get(maker, "fields"));
		table_row(table,
			  (const char *[]){member(kind, "section"), member(maker, "kind"),
					   fields.s,
					   is_true(maker, "local") ? "configuration" : "schema",
					   member(maker, "about")});
		table->failed |= fields.failed;
		text_fini(&fields);
	}
}

static void add_components(struct table *table, const flume_value *kind)
{
	const flume_value *components = flume_value_get(kind, "components");
	for (size_t i = 0; i < flume_value_size(components); i++) {
		const flume_value *one = flume_value_at(components, i);
		table_row(table, (const char *[]){member(kind, "section"), member(one, "name"),
						  is_true(one, "blocks") ? "yes" : "no",
						  member(one, "about")});
	}
}

static int print_tables(const flume_value *kinds)
{
	struct table makers = {.columns = 5}, components = {.columns = 4};
	table_row(&makers,
		  (const char *[]){"SECTION", "KIND", "FIELDS", "DECLARED IN", "WHAT IT DOES"});
	table_row(&components, (const char *[]){"SECTION", "NAME", "MAY WAIT", "WHAT IT DOES"});
	size_t heading = components.n;
	for (size_t i = 0; i < flume_value_size(kinds); i++) {
		add_makers(&makers, flume_value_at(kinds, i));
		add_components(&components, flume_value_at(kinds, i));
	}
	bool good = table_print(stdout, &makers);
	if (good && components.n > heading) {
		printf("\nDeclared in the configuration, for every schema:\n\n");
		good = table_print(stdout, &components);
	}
	good &= !components.failed;
	table_fini(&makers);
	table_fini(&components);
	return good ? CMD_DONE : out_of_memory();
}

static int print_spec(const char *spec)
{
	flume_value *root = NULL;
	const struct flume_limits enough = {.bytes = 64 << 20, .nodes = 1 << 20};
	if (flume_value_parse(&root, spec, strlen(spec), FLUME_JSON, &enough, NULL))
		return out_of_memory();
	int code = print_tables(flume_value_get(root, "kinds"));
	flume_value_free(root);
	return code;
}

static int run(const struct cmd_call *call)
{
	const struct components_options *o = call->options;
	flume_factory *factory = NULL;
	int code = bench_factory(&factory, call->conf, BENCH_CHECK);
	if (code)
		return code;
	char *json = o->json_schema ? flume_dup_json_schema(factory)
				    : flume_factory_dup_spec(factory);
	if (!json)
		code = out_of_memory();
	else if (o->json_schema || o->output == OUTPUT_JSON)
		fputs(json, stdout);
	else
		code = print_spec(json);
	free(json);
	flume_factory_free(factory);
	return code;
}

const struct command command_components = {
	.name = "components",
	.usage = "[OPTION...]",
	.about = "What schemas can be made of.",
	.details =
		"Lists the kinds of components that can be declared, with their fields, and "
		"what the configuration declares for every schema. -o json also has the kinds "
		"of nodes; --json-schema is what schemas/flume.schema.json was made with.",
	.options = options,
	.size = sizeof(struct components_options),
	.run = run,
};
