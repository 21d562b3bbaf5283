/* flume switch get NAME, flume switch list: what etcd holds, or an agent runs. */
#include "agent/cmd/fetch.h"
#include "agent/cmd/switch.h"
#include "agent/cmd/table.h"
#include "agent/source/slurp.h"
#include "agent/source/source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

/* ---- one ---- */

static int print_text(const char *text, size_t len, bool json)
{
	flume_schema *document = NULL;
	enum flume_format had = slurp_guess(text, len);
	if (!json || had == FLUME_JSON) {
		fwrite(text, 1, len, stdout);
		if (len && text[len - 1] != '\n')
			putchar('\n');
		return CMD_DONE;
	}
	if (flume_schema_parse(&document, text, len, had, NULL, NULL))
		return cmd_fail(CMD_NEGATIVE, "it does not parse; without -o json it is shown "
					      "as it is");
	char *other = flume_schema_dup_text(document, FLUME_JSON);
	flume_schema_unref(document);
	if (!other)
		return out_of_memory();
	puts(other);
	free(other);
	return CMD_DONE;
}

static int get_from_agent(const struct switch_options *o, const char *name)
{
	struct flume_err err = {0};
	struct text path = {0}, body = {0};
	bool json = o->output == OUTPUT_JSON;
	text_addf(&path, "/switches/%s", name);
	int code = path.failed ? FLUME_NOMEM
			       : fetch(o->agent, path.s, json ? "application/json" : NULL,
				       &body, &err);
	text_fini(&path);
	if (code == FLUME_NOT_FOUND)
		code = cmd_fail(CMD_NOT_FOUND, "no switch '%s' at %s", name, o->agent);
	else if (code)
		code = cmd_fail(cmd_exit_of(code), "%s", err.text);
	else
		code = print_text(body.s ? body.s : "", body.len, false);
	text_fini(&body);
	return code;
}

static int get_from_etcd(const struct switch_options *o, const char *name)
{
	struct etcd_sync *etcd = NULL;
	struct etcd_result list = {0};
	int code = store_open(&etcd, o->etcd, &o->how, o->prefix);
	if (!code)
		code = store_list(etcd, o->prefix, SWITCHES, &list);
	const struct etcd_kv *kv = code ? NULL : store_find(&list, o->prefix, SWITCHES, name);
	if (kv)
		code = print_text(kv->value, kv->value_len, o->output == OUTPUT_JSON);
	else if (!code)
		code = cmd_fail(CMD_NOT_FOUND, "no switch '%s' below %s" SWITCHES, name,
				o->prefix);
	etcd_result_fini(&list);
	etcd_sync_free(etcd);
	return code;
}

static int get(const struct switch_options *o, char *const *words, size_t n)
{
	(void)n;
	if (!source_name_good(words[0]))
		return cmd_fail(CMD_USAGE, "'%s' cannot be the name of a switch", words[0]);
	return o->etcd ? get_from_etcd(o, words[0]) : get_from_agent(o, words[0]);
}

/* ---- all ---- */

struct listing {
	struct table table;
	struct text json;
};

static void add_json(struct text *t, const char *name, int64_t revision,
		     const struct ab_switch *sw)
{
	text_add(t, t->len ? ",\n{\"name\":" : "\n{\"name\":");
	text_add_json(t, name, strlen(name));
	if (sw) {
		flume_schema *document = ab_document(sw);
		const char *version = flume_schema_get_version(document);
		char *all = flume_value_dup_json(
			flume_value_get(flume_schema_get_root(document), "variants"));
		text_add(t, ",\"version\":");
		text_add_json(t, version, strlen(version));
		text_addf(t, ",\"digest\":\"%s\",\"enabled\":%s,\"default\":",
			  flume_schema_get_digest(document), ab_enabled(sw) ? "true" : "false");
		const char *fallback = ab_variant(sw, ab_default(sw))->name;
		text_add_json(t, fallback, strlen(fallback));
		text_addf(t, ",\"variants\":%s", all ? all : "{}");
		t->failed = t->failed || !all;
		free(all);
	}
	text_addf(t, ",\"revision\":%" PRId64 "}", revision);
}

static void add_row(struct listing *l, const char *name, int64_t revision,
		    const struct ab_switch *sw)
{
	struct text weights = {0};
	char number[32];
	snprintf(number, sizeof number, "%" PRId64, revision);
	if (sw)
		switch_add_weights(&weights, sw);
	else
		text_add(&weights, "is no switch");
	table_row(&l->table,
		  (const char *[]){name, sw ? flume_schema_get_version(ab_document(sw)) : "",
				   !sw              ? ""
				   : ab_enabled(sw) ? "on"
						    : "off",
				   sw ? ab_variant(sw, ab_default(sw))->name : "", number,
				   weights.s});
	l->table.failed |= weights.failed;
	text_fini(&weights);
}

static int print_listing(struct listing *l, bool as_json)
{
	char *rows = text_take(&l->json);
	int code = rows ? CMD_DONE : out_of_memory();
	if (rows && as_json)
		printf("[%s%s]\n", rows, *rows ? "\n" : "");
	else if (rows && !table_print(stdout, &l->table))
		code = out_of_memory();
	free(rows);
	table_fini(&l->table);
	return code;
}

static int list_etcd(const struct switch_options *o)
{
	struct etcd_sync *etcd = NULL;
	struct etcd_result list = {0};
	struct listing l = {.table.columns = 6};
	int code = store_open(&etcd, o->etcd, &o->how, o->prefix);
	if (!code)
		code = store_list(etcd, o->prefix, SWITCHES, &list);
	table_row(&l.table, (const char *[]){"NAME", "VERSION", "STATE", "DEFAULT", "REVISION",
					     "VARIANTS"});
	for (size_t i = 0; !code && i < list.n; i++) {
		const char *name = store_name(&list.kvs[i], o->prefix, SWITCHES);
		struct ab_switch *sw = switch_of(&list.kvs[i], name, NULL);
		add_row(&l, name, list.kvs[i].mod_revision, sw);
		add_json(&l.json, name, list.kvs[i].mod_revision, sw);
		ab_unref(sw);
	}
	if (!code) {
		code = print_listing(&l, o->output == OUTPUT_JSON);
	} else {
		table_fini(&l.table);
		text_fini(&l.json);
	}
	etcd_result_fini(&list);
	etcd_sync_free(etcd);
	return code;
}

static const char *member(const flume_value *map, const char *key)
{
	return flume_value_text(flume_value_get(map, key));
}

static int print_agents(const flume_value *list, bool as_json)
{
	struct table table = {.columns = 5};
	if (as_json) {
		char *json = flume_value_dup_json(list);
		if (!json)
			return out_of_memory();
		puts(json);
		free(json);
		return CMD_DONE;
	}
	table_row(&table, (const char *[]){"NAME", "VERSION", "STATE", "FRONT", "GENERATION"});
	for (size_t i = 0; i < flume_value_size(list); i++) {
		const flume_value *one = flume_value_at(list, i);
		bool on = !strcmp(member(one, "enabled"), "true");
		table_row(&table, (const char *[]){member(one, "name"), member(one, "version"),
						   on ? "on" : "off", member(one, "front"),
						   member(one, "generation")});
	}
	int code = table_print(stdout, &table) ? CMD_DONE : out_of_memory();
	table_fini(&table);
	return code;
}

static int list_agents(const struct switch_options *o)
{
	static const struct flume_limits limits = {.bytes = 64 << 20, .nodes = 1 << 20};
	struct flume_err err = {0};
	struct text body = {0};
	flume_value *root = NULL;
	int code = fetch(o->agent, "/switches", "application/json", &body, &err);
	if (code)
		code = cmd_fail(cmd_exit_of(code), "%s", err.text);
	else if (flume_value_parse(&root, body.s ? body.s : "", body.len, FLUME_JSON, &limits,
				   NULL) ||
		 flume_value_type(flume_value_get(root, "switches")) != FLUME_LIST)
		code = cmd_fail(CMD_UNREACHABLE, "%s: that is not the answer of an agent",
				o->agent);
	else
		code = print_agents(flume_value_get(root, "switches"),
				    o->output == OUTPUT_JSON);
	flume_value_free(root);
	text_fini(&body);
	return code;
}

static int list(const struct switch_options *o, char *const *words, size_t n)
{
	(void)words, (void)n;
	return o->etcd ? list_etcd(o) : list_agents(o);
}

const struct switch_verb switch_get = {.name = "get", .least = 1, .most = 1, .run = get};
const struct switch_verb switch_list = {.name = "list", .run = list};
