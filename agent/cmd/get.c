#include "agent/cmd/clean.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/fetch.h"
#include "agent/cmd/options.h"
#include "agent/cmd/store.h"
#include "agent/cmd/table.h"
#include "agent/source/slurp.h"
#include "agent/source/source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SHOW_TEXT, SHOW_YAML, SHOW_JSON };

struct get_options {
	const char *etcd, *prefix, *agent, *config;
	struct etcd_how how;
	int output;
};

static const struct conf_option options[] = {
	OPTION_ETCD(get_options),
	OPTION_PREFIX(get_options),
	OPTION_AGENT(get_options),
	{"output", 'o', CONF_CHOICE, "text|yaml|json", "text", NULL,
	 offsetof(struct get_options, output),
	 "How to print; text shows a single schema as it was written."},
	OPTION_CONFIG(get_options, "The agent's configuration, for etcd and prefix."),
	{0},
};

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

/* ---- one ---- */

static int print_schema(const char *name, const char *text, size_t len, int output)
{
	enum flume_format had = slurp_guess(text, len);
	enum flume_format wanted = output == SHOW_JSON ? FLUME_JSON : FLUME_YAML;
	if (output == SHOW_TEXT || had == wanted) {
		fwrite(text, 1, len, stdout);
		if (len && text[len - 1] != '\n')
			putchar('\n');
		return CMD_DONE;
	}
	flume_schema *schema = NULL;
	int code = flume_schema_parse(&schema, text, len, had, NULL, NULL);
	char *other = code ? NULL : flume_schema_dup_text(schema, wanted);
	flume_schema_unref(schema);
	if (code && code != FLUME_NOMEM)
		return cmd_fail(CMD_NEGATIVE, "'%s' does not parse; -o text shows it as it is",
				name);
	if (!other)
		return out_of_memory();
	fputs(other, stdout);
	if (!*other || other[strlen(other) - 1] != '\n')
		putchar('\n');
	free(other);
	return CMD_DONE;
}

static int get_one(const struct get_options *o, const struct etcd_result *list,
		   const char *name)
{
	const struct etcd_kv *kv = store_find(list, o->prefix, "schemas/", name);
	if (!kv)
		return cmd_fail(CMD_NOT_FOUND, "no schema '%s' below %sschemas/", name,
				o->prefix);
	return print_schema(name, kv->value, kv->value_len, o->output);
}

static int get_one_from_agent(const struct get_options *o, const char *name)
{
	struct flume_err err = {0};
	struct text path = {0}, body = {0};
	if (!source_name_good(name))
		return cmd_fail(CMD_USAGE, "'%s' cannot be the name of a schema", name);
	text_addf(&path, "/schemas/%s", name);
	/* An agent prefers to answer in the format in which the schema was written. */
	int code = path.failed ? FLUME_NOMEM
			       : fetch(o->agent, path.s,
				       o->output == SHOW_JSON   ? "application/json"
				       : o->output == SHOW_YAML ? "application/yaml"
								: NULL,
				       &body, &err);
	text_fini(&path);
	if (code == FLUME_NOT_FOUND)
		code = cmd_fail(CMD_NOT_FOUND, "no schema '%s' at %s", name, o->agent);
	else if (code)
		code = cmd_fail(cmd_exit_of(code), "%s", err.text);
	else
		code = print_schema(name, body.s ? body.s : "", body.len, o->output);
	text_fini(&body);
	return code;
}

/* ---- all ---- */

static int print_table(const struct table *table)
{
	return table_print(stdout, table) ? CMD_DONE : out_of_memory();
}

static void add_json(struct text *t, const struct file *f, int64_t revision)
{
	text_add(t, "{\"name\":");
	text_add_json(t, f->name, strlen(f->name));
	if (f->schema) {
		const char *version = flume_schema_get_version(f->schema);
		text_add(t, ",\"version\":");
		text_add_json(t, version, strlen(version));
		text_addf(t, ",\"digest\":\"%s\"", flume_schema_get_digest(f->schema));
	}
	text_addf(t, ",\"revision\":%" PRId64 "}", revision);
}

static int print_list(const struct files *files, const struct etcd_result *list, int output)
{
	struct table table = {.columns = 4};
	struct text json = {0};
	table_row(&table, (const char *[]){"NAME", "VERSION", "REVISION", "DIGEST"});
	for (size_t i = 0; i < files->n; i++) {
		const struct file *f = &files->all[i];
		int64_t revision = list->kvs[i].mod_revision;
		char number[32], digest[24] = "does not parse";
		snprintf(number, sizeof number, "%" PRId64, revision);
		if (f->schema)
			snprintf(digest, sizeof digest, "%.19s",
				 flume_schema_get_digest(f->schema));
		table_row(&table,
			  (const char *[]){f->name,
					   f->schema ? flume_schema_get_version(f->schema) : "",
					   number, digest});
		text_add(&json, i ? ",\n" : "\n");
		add_json(&json, f, revision);
	}
	char *rows = text_take(&json);
	int code = rows ? CMD_DONE : out_of_memory();
	if (rows && output != SHOW_TEXT)
		print_clean_list(rows);
	else if (rows)
		code = print_table(&table);
	free(rows);
	table_fini(&table);
	return code;
}

static const char *member(const flume_value *map, const char *key)
{
	const flume_value *v = flume_value_get(map, key);
	return v ? flume_value_text(v) : "";
}

static int print_agents_list(const flume_value *root, int output)
{
	const flume_value *list = flume_value_get(root, "schemas");
	struct table table = {.columns = 4};
	int code = CMD_DONE;
	if (!list || flume_value_type(list) != FLUME_LIST)
		return cmd_fail(CMD_UNREACHABLE, "that is not the answer of an agent");
	if (output != SHOW_TEXT) {
		char *json = flume_value_dup_json(list);
		if (json) {
			print_clean_json(stdout, json);
			fputs("\n", stdout);
		} else {
			code = out_of_memory();
		}
		free(json);
		return code;
	}
	table_row(&table, (const char *[]){"NAME", "VERSION", "GENERATION", "DIGEST"});
	for (size_t i = 0; i < flume_value_size(list); i++) {
		const flume_value *one = flume_value_at(list, i);
		char digest[24];
		snprintf(digest, sizeof digest, "%.19s", member(one, "digest"));
		table_row(&table, (const char *[]){member(one, "name"), member(one, "version"),
						   member(one, "generation"), digest});
	}
	code = print_table(&table);
	table_fini(&table);
	return code;
}

static int get_all_from_agent(const struct get_options *o)
{
	struct flume_err err = {0};
	struct text body = {0};
	flume_value *root = NULL;
	int code = fetch(o->agent, "/schemas", "application/json", &body, &err);
	if (code) {
		code = cmd_fail(cmd_exit_of(code), "%s", err.text);
	} else if (flume_value_parse(
			   &root, body.s ? body.s : "", body.len, FLUME_JSON,
			   &(struct flume_limits){.bytes = 64 << 20, .nodes = 1 << 20}, NULL)) {
		code = cmd_fail(CMD_UNREACHABLE, "%s: that is not the answer of an agent",
				o->agent);
	} else {
		code = print_agents_list(root, o->output);
	}
	flume_value_free(root);
	text_fini(&body);
	return code;
}

/* ---- the command ---- */

static int get_from_etcd(const struct get_options *o, const char *name)
{
	struct etcd_sync *etcd = NULL;
	struct etcd_result list = {0};
	struct files files = {0};
	int code = store_open(&etcd, o->etcd, &o->how, o->prefix);
	if (!code)
		code = store_list(etcd, o->prefix, "schemas/", &list);
	if (!code && name) {
		code = get_one(o, &list, name);
	} else if (!code) {
		code = store_parse(&files, &list, o->prefix, NULL);
		if (!code)
			code = print_list(&files, &list, o->output);
	}
	files_fini(&files);
	etcd_result_fini(&list);
	etcd_sync_free(etcd);
	return code;
}

static int run(const struct cmd_call *call)
{
	const struct get_options *o = call->options;
	const char *name = call->conf->n_words ? call->conf->words[0] : NULL;
	if (o->etcd)
		return get_from_etcd(o, name);
	return name ? get_one_from_agent(o, name) : get_all_from_agent(o);
}

const struct command command_get = {
	.name = "get",
	.usage = "[OPTION...] [NAME]",
	.about = "Show the schemas that etcd holds, or one of them.",
	.details = "Lists the schemas that etcd holds, or prints the one of this NAME. Without "
		   "--etcd "
		   "an agent is asked for those that it runs.",
	.negative = "the schema cannot be shown that way",
	.exits = 1U << CMD_UNREACHABLE | 1U << CMD_NOT_FOUND | 1U << CMD_TIMED_OUT |
		 1U << CMD_NOT_ALLOWED,
	.options = options,
	.size = sizeof(struct get_options),
	.most = 1,
	.run = run,
};
