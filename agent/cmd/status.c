/*
 * Every node says of itself what it wants, what it tried and what it runs.  All that is left to
 * do is to count, and to show those that do not run what they want.
 */
#include "agent/cmd/cmd.h"
#include "agent/cmd/fetch.h"
#include "agent/cmd/options.h"
#include "agent/cmd/store.h"
#include "agent/cmd/table.h"
#include "lib/base/map.h"

#include <stdlib.h>
#include <string.h>

struct status_options {
	const char *etcd, *prefix, *agent, *config;
	struct etcd_how how;
	int output;
};

static const struct conf_option options[] = {
	OPTION_ETCD(status_options),
	OPTION_PREFIX(status_options),
	OPTION_AGENT(status_options),
	OPTION_CONFIG(status_options, "The agent's configuration, for etcd and prefix."),
	OPTION_OUTPUT(status_options),
	{0},
};

struct fleet {
	struct node {
		const char *name; /* lent by the status, or by the key */
		flume_value *status;
	} * nodes;
	size_t n;
};

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

static const char *text_of(const flume_value *map, const char *key)
{
	const flume_value *v = map ? flume_value_get(map, key) : NULL;
	return v ? flume_value_text(v) : "";
}

static const char *version_of(const flume_value *schema, const char *part)
{
	return text_of(flume_value_get(schema, part), "version");
}

static bool is_astray(const flume_value *schema)
{
	const char *state = text_of(schema, "state");
	return strcmp(state, "running") != 0 && strcmp(state, "probation") != 0;
}

/* A text that is no status counts as a node that says nothing. */
static int add_node(struct fleet *fleet, const char *name, const char *text, size_t len)
{
	const struct flume_limits limits = {.bytes = 16 << 20, .nodes = 1 << 20};
	struct node *node = &fleet->nodes[fleet->n++];
	*node = (struct node){.name = name};
	int code = flume_value_parse(&node->status, text, len, FLUME_JSON, &limits, NULL);
	if (code == FLUME_NOMEM)
		return out_of_memory();
	if (code)
		cmd_fail(0, "node '%s': its status does not parse", name);
	const char *left_out = text_of(node->status, "left_out");
	if (*left_out)
		cmd_fail(0, "node '%s': its status is too big: %s schemas are left out", name,
			 left_out);
	return 0;
}

static void fleet_fini(struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->n; i++)
		flume_value_free(fleet->nodes[i].status);
	free(fleet->nodes);
}

/* ---- as text ---- */

static const flume_value *schemas_of(const struct node *node)
{
	const flume_value *schemas =
		node->status ? flume_value_get(node->status, "schemas") : NULL;
	return schemas && flume_value_type(schemas) == FLUME_MAP ? schemas : NULL;
}

/* Counts under "schema\tversion\tstate". */
static int count(struct map *counts, const char *name, const flume_value *schema)
{
	struct text t = {0};
	void *old = NULL;
	text_addf(&t, "%s\t%s\t%s", name, version_of(schema, "running"),
		  text_of(schema, "state"));
	char *key = text_take(&t);
	if (!key)
		return FLUME_NOMEM;
	uintptr_t n = (uintptr_t)map_get(counts, key) + 1;
	int code = map_put(counts, key, (void *)n, &old);
	free(key);
	return code;
}

static int count_all(struct map *counts, const struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->n; i++) {
		const flume_value *schemas = schemas_of(&fleet->nodes[i]);
		for (size_t j = 0; schemas && j < flume_value_size(schemas); j++)
			if (count(counts, flume_value_text(flume_value_key(schemas, j)),
				  flume_value_at(schemas, j)))
				return FLUME_NOMEM;
	}
	return 0;
}

static void print_counts(struct table *table, const struct map *counts)
{
	table_row(table, (const char *[]){"SCHEMA", "RUNNING", "STATE", "NODES"});
	for (size_t i = 0; i < counts->len; i++) {
		char *key = counts->entries[i].copy;
		char *version = strchr(key, '\t');
		char *state = version ? strchr(version + 1, '\t') : NULL;
		char number[32];
		if (!state)
			continue;
		*version++ = '\0';
		*state++ = '\0';
		snprintf(number, sizeof number, "%zu", (size_t)counts->entries[i].thing);
		table_row(table, (const char *[]){key, version, state, number});
	}
}

/* Of what an operator holds, the operator; of a held deletion, the way out; of all else, what was
 * attempted. */
static void add_why(struct text *why, const flume_value *schema)
{
	const flume_value *attempted = flume_value_get(schema, "attempted");
	const flume_value *hold = flume_value_get(schema, "hold");
	const char *stage = text_of(attempted, "stage");
	const char *error = text_of(attempted, "error");
	const char *reason = text_of(schema, "reason");
	bool held = !strcmp(reason, "pinned") || !strcmp(reason, "frozen");
	bool gone = !strcmp(reason, "mass-delete");
	text_add(why, reason);
	if (held && hold)
		text_addf(why, " by %s: %s", text_of(hold, "by"), text_of(hold, "why"));
	else if (gone)
		text_add(why, ": 'flume confirm' carries it out");
	else if (*stage || *error)
		text_addf(why, "%s%s%s%s", *reason ? ": " : "", stage,
			  *stage && *error ? ": " : "", error);
}

static void add_astray(struct table *table, const char *node, const char *name,
		       const flume_value *schema)
{
	struct text why = {0};
	add_why(&why, schema);
	char *line = text_take(&why);
	table_row(table, (const char *[]){node, name, text_of(schema, "state"),
					  version_of(schema, "wanted"),
					  version_of(schema, "running"), line});
	table->failed = table->failed || !line;
	free(line);
}

static size_t list_astray(struct table *table, const struct fleet *fleet)
{
	size_t n = 0;
	table_row(table,
		  (const char *[]){"NODE", "SCHEMA", "STATE", "WANTED", "RUNNING", "WHY"});
	for (size_t i = 0; i < fleet->n; i++) {
		const flume_value *schemas = schemas_of(&fleet->nodes[i]);
		for (size_t j = 0; schemas && j < flume_value_size(schemas); j++) {
			const flume_value *schema = flume_value_at(schemas, j);
			if (!is_astray(schema))
				continue;
			add_astray(table, fleet->nodes[i].name,
				   flume_value_text(flume_value_key(schemas, j)), schema);
			n++;
		}
	}
	return n;
}

/* Those that have heard no proof from their source for too long: what they run may be old. */
static size_t list_blind(struct table *table, const struct fleet *fleet)
{
	size_t n = 0;
	table_row(table, (const char *[]){"BLIND", "PROVED AT", "REVISION", "WHY"});
	for (size_t i = 0; i < fleet->n; i++) {
		const flume_value *status = fleet->nodes[i].status;
		const flume_value *fresh = status ? flume_value_get(status, "freshness") : NULL;
		if (strcmp(text_of(fresh, "blind"), "true") != 0)
			continue;
		const char *at = text_of(fresh, "proved_at");
		table_row(table,
			  (const char *[]){fleet->nodes[i].name, *at ? at : "never",
					   text_of(fresh, "proved_revision"),
					   text_of(flume_value_get(status, "link"), "why")});
		n++;
	}
	return n;
}

/* Documents of extra cases that are broken: an older one is in force, or none. */
static size_t list_broken(struct table *table, const struct fleet *fleet)
{
	size_t n = 0;
	table_row(table, (const char *[]){"NODE", "BROKEN CASES", "ERROR"});
	for (size_t i = 0; i < fleet->n; i++) {
		const flume_value *status = fleet->nodes[i].status;
		const flume_value *all = status ? flume_value_get(status, "canaries") : NULL;
		for (size_t j = 0; all && j < flume_value_size(all); j++) {
			const char *error = text_of(flume_value_at(all, j), "error");
			const flume_value *name = flume_value_key(all, j);
			if (!*error || !name)
				continue;
			table_row(table, (const char *[]){fleet->nodes[i].name,
							  flume_value_text(name), error});
			n++;
		}
	}
	return n;
}

static int print_text(const struct fleet *fleet)
{
	struct table broken = {.columns = 3};
	struct table counted = {.columns = 4}, astray = {.columns = 6}, blind = {.columns = 4};
	struct map counts = {0};
	bool good = count_all(&counts, fleet) == 0;
	if (good)
		print_counts(&counted, &counts);
	printf("%zu node%s\n", fleet->n, fleet->n == 1 ? "" : "s");
	if (counts.len) {
		putchar('\n');
		good = good && table_print(stdout, &counted);
	}
	if (list_astray(&astray, fleet)) {
		putchar('\n');
		good = good && table_print(stdout, &astray);
	}
	if (list_blind(&blind, fleet)) {
		putchar('\n');
		good = good && table_print(stdout, &blind);
	}
	if (list_broken(&broken, fleet)) {
		putchar('\n');
		good = good && table_print(stdout, &broken);
	}
	map_fini(&counts);
	table_fini(&broken);
	table_fini(&counted);
	table_fini(&blind);
	table_fini(&astray);
	return good ? CMD_DONE : out_of_memory();
}

/* ---- as JSON ---- */

static int print_json(const struct fleet *fleet)
{
	fputs("{\"nodes\":[", stdout);
	const char *comma = "\n";
	for (size_t i = 0; i < fleet->n; i++) {
		if (!fleet->nodes[i].status)
			continue;
		char *json = flume_value_dup_json(fleet->nodes[i].status);
		if (!json)
			return out_of_memory();
		printf("%s%s", comma, json);
		comma = ",\n";
		free(json);
	}
	fputs("]}\n", stdout);
	return CMD_DONE;
}

static int print(const struct fleet *fleet, int output)
{
	return output == OUTPUT_JSON ? print_json(fleet) : print_text(fleet);
}

/* ---- the command ---- */

static int from_etcd(const struct status_options *o)
{
	struct etcd_sync *etcd = NULL;
	struct etcd_result list = {0};
	struct fleet fleet = {0};
	int code = store_open(&etcd, o->etcd, &o->how, o->prefix);
	if (!code)
		code = store_list(etcd, o->prefix, "nodes/", &list);
	if (!code)
		fleet.nodes = calloc(list.n ? list.n : 1, sizeof *fleet.nodes);
	if (!code && !fleet.nodes)
		code = out_of_memory();
	for (size_t i = 0; i < list.n && fleet.nodes && !code; i++)
		code = add_node(&fleet, store_name(&list.kvs[i], o->prefix, "nodes/"),
				list.kvs[i].value, list.kvs[i].value_len);
	if (!code)
		code = print(&fleet, o->output);
	fleet_fini(&fleet);
	etcd_result_fini(&list);
	etcd_sync_free(etcd);
	return code;
}

static int from_agent(const struct status_options *o)
{
	struct flume_err err = {0};
	struct text body = {0};
	struct node node = {0};
	struct fleet fleet = {.nodes = &node};
	int code = fetch(o->agent, "/status", "application/json", &body, &err);
	if (code) {
		code = cmd_fail(cmd_exit_of(code), "%s", err.text);
	} else {
		code = add_node(&fleet, o->agent, body.s ? body.s : "", body.len);
		if (!code && !node.status)
			code = CMD_UNREACHABLE;
	}
	if (!code) {
		if (*text_of(node.status, "node"))
			node.name = text_of(node.status, "node");
		code = print(&fleet, o->output);
	}
	flume_value_free(node.status);
	text_fini(&body);
	return code;
}

static int run(const struct cmd_call *call)
{
	const struct status_options *o = call->options;
	return o->etcd ? from_etcd(o) : from_agent(o);
}

const struct command command_status = {
	.name = "status",
	.usage = "[OPTION...]",
	.about = "Which node runs what, and who does not run what is wanted.",
	.details = "Counts the nodes by schema, running version and state, then lists every "
		   "node that "
		   "does not run what is wanted, and why. Without --etcd one agent is asked "
		   "for its "
		   "own status.",
	.exits = 1U << CMD_UNREACHABLE | 1U << CMD_TIMED_OUT | 1U << CMD_NOT_ALLOWED,
	.options = options,
	.size = sizeof(struct status_options),
	.run = run,
};
