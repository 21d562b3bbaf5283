#include "agent/cmd/clean.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/records.h"
#include "agent/cmd/store.h"
#include "agent/cmd/table.h"
#include "agent/fleet/outcome.h"
#include "agent/source/source.h"
#include "lib/base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct history_options {
	const char *etcd, *prefix, *config;
	struct etcd_how how;
	int64_t limit;
	int output;
	bool is_switch;
};

static const struct conf_option options[] = {
	{"limit", 'n', CONF_COUNT, "N", "0", NULL, offsetof(struct history_options, limit),
	 "Show so many at the most; 0: all there are."},
	{"switch", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct history_options, is_switch),
	 "NAME is a switch, though there is a schema of that name."},
	OPTION_ETCD(history_options),
	OPTION_PREFIX(history_options),
	OPTION_CONFIG(history_options, "The agent's configuration, for etcd and prefix."),
	OPTION_OUTPUT(history_options),
	{0},
};

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

static void add_row(struct table *table, const struct record *r)
{
	char revision[24] = "", at[STAMP_SIZE] = "", who[2 * RECORD_WHO], action[64];
	char outcome[OUTCOME_LINE] = "";
	if (r->version.revision)
		snprintf(revision, sizeof revision, "%" PRId64, r->version.revision);
	if (r->at)
		stamp_write(at, r->at);
	snprintf(who, sizeof who, "%s", *r->who ? r->who : "unknown");
	if (r->to)
		snprintf(action, sizeof action, "%s to %" PRId64, r->action, r->to);
	else
		snprintf(action, sizeof action, "%s", r->action);
	if (*r->outcome.state)
		outcome_line(&r->outcome, outcome);
	table_row(table, (const char *[]){revision, at, who, r->version.version, action,
					  outcome, r->why});
}

static int print_table(const struct records *records, size_t n)
{
	struct table table = {.columns = 7};
	table_row(&table, (const char *[]){"REVISION", "WHEN", "WHO", "VERSION", "ACTION",
					   "OUTCOME", "WHY"});
	for (size_t i = 0; i < n; i++)
		add_row(&table, &records->all[i].record);
	int code = table_print(stdout, &table) ? CMD_DONE : out_of_memory();
	table_fini(&table);
	return code;
}

static int print_json(const struct records *records, size_t n)
{
	struct text t = {0};
	for (size_t i = 0; i < n; i++) {
		struct record r = records->all[i].record;
		text_addf(&t, "%s\n{\"recorded\": %s, \"kept\": %s, ", i ? "," : "",
			  records->all[i].kv ? "true" : "false", r.text ? "true" : "false");
		r.text = NULL;
		char *json = record_dup_json(&r);
		text_add(&t, json ? json + 1 : "");
		t.failed |= !json;
		free(json);
	}
	char *rows = text_take(&t);
	if (!rows)
		return out_of_memory();
	print_clean_list(rows);
	free(rows);
	return CMD_DONE;
}

static int run(const struct cmd_call *call)
{
	const struct history_options *o = call->options;
	const char *name = call->conf->words[0];
	const char *folder = o->is_switch ? "switches/" : NULL;
	struct etcd_sync *etcd = NULL;
	struct records records = {0};
	if (!source_name_good(name))
		return cmd_fail(CMD_USAGE, "history: '%s' cannot be a name", name);
	if (!o->etcd)
		return cmd_fail(CMD_USAGE, "history: of which store? --etcd URL or FLUME_ETCD");
	int code = store_open(&etcd, o->etcd, &o->how, o->prefix);
	if (!code)
		code = records_find(&records, etcd, o->prefix, &folder, name);
	if (!code)
		code = records_ask_nodes(&records, etcd, o->prefix, folder, name);
	size_t n = o->limit && (size_t)o->limit < records.n ? (size_t)o->limit : records.n;
	if (!code)
		code = o->output == OUTPUT_JSON ? print_json(&records, n)
						: print_table(&records, n);
	records_fini(&records);
	etcd_sync_free(etcd);
	return code;
}

const struct command command_history = {
	.name = "history",
	.usage = "[OPTION...] NAME",
	.about = "Who changed a schema or a switch, when and why, and what became of it.",
	.details =
		"The newest change comes first. Its outcome is what the live nodes say now; "
		"that "
		"of an older one what they said to 'flume apply --wait' or 'flume rollback "
		"--wait'. Of a change by other means (etcdctl put) the author is unknown; an "
		"agent has recorded it.",
	.exits = 1U << CMD_UNREACHABLE | 1U << CMD_NOT_FOUND | 1U << CMD_TIMED_OUT |
		 1U << CMD_NOT_ALLOWED,
	.options = options,
	.size = sizeof(struct history_options),
	.least = 1,
	.most = 1,
	.run = run,
};
