#include "agent/cmd/change.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/switch_store.h"
#include "lib/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct delete_options {
	const char *etcd, *prefix, *config, *by, *why;
	struct etcd_how how;
	int output;
	bool dry_run, force;
};

static const struct conf_option options[] = {
	OPTION_WHO(delete_options),
	OPTION_ETCD(delete_options),
	OPTION_PREFIX(delete_options),
	{"dry-run", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct delete_options, dry_run),
	 "Do everything but delete."},
	{"force", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct delete_options, force),
	 "Although a switch in etcd sends documents to it."},
	OPTION_CONFIG(delete_options, "The agent's configuration, for etcd and prefix."),
	OPTION_OUTPUT(delete_options),
	{0},
};

static int check_name(const struct delete_options *o, const struct switch_store *s,
		      const char *name)
{
	const char *sender = o->force ? NULL : switch_store_sender(s, name);
	if (!switch_store_find_schema(s, name))
		return cmd_fail(CMD_NOT_FOUND,
				"no schema '%s' below %sschemas/; nothing was deleted", name,
				o->prefix);
	if (sender)
		return cmd_fail(CMD_CONFLICT,
				"%s: switch '%s' sends documents to it, and agents would keep "
				"it; --force deletes it all the same; nothing was deleted",
				name, sender);
	return 0;
}

/* All of them can go, or none is deleted. */
static int check_names(const struct delete_options *o, const struct switch_store *s,
		       const struct conf *conf)
{
	int code = 0;
	for (size_t i = 0; i < conf->n_words && !code; i++)
		code = check_name(o, s, conf->words[i]);
	return code;
}

static int delete_one(const struct delete_options *o, const struct switch_store *s,
		      const char *name, struct text *json)
{
	struct store_change c = {
		.prefix = o->prefix,
		.folder = "schemas/",
		.name = name,
		.seen = switch_store_find_schema(s, name),
		.action = "delete",
		.by = o->by,
		.why = o->why,
	};
	int code = o->dry_run ? 0 : change_write(s->etcd, &c);
	if (!code && o->output == OUTPUT_TEXT)
		printf("%s deleted%s\n", name, o->dry_run ? " (dry run)" : "");
	text_add(json, json->len ? ",\n{\"name\":" : "\n{\"name\":");
	text_add_json(json, name, strlen(name));
	text_addf(json, ",\"result\":\"%s\",\"revision\":%" PRId64 "}",
		  !code                  ? "deleted"
		  : code == CMD_CONFLICT ? "conflict"
					 : "failed",
		  c.revision);
	change_fini(&c);
	return code;
}

static int run(const struct cmd_call *call)
{
	const struct delete_options *o = call->options;
	const struct conf *conf = call->conf;
	struct switch_store store = {0};
	struct text json = {0};
	if (!o->etcd)
		return cmd_fail(CMD_USAGE, "delete: from where? --etcd URL or FLUME_ETCD");
	int code = switch_store_open(&store, o->etcd, &o->how, o->prefix);
	if (!code)
		code = check_names(o, &store, conf);
	for (size_t i = 0; !code && i < conf->n_words; i++)
		code = delete_one(o, &store, conf->words[i], &json);
	char *rows = text_take(&json);
	if (o->output == OUTPUT_JSON && rows && *rows)
		printf("[%s\n]\n", rows);
	free(rows);
	switch_store_fini(&store);
	return code;
}

const struct command command_delete = {
	.name = "delete",
	.usage = "[OPTION...] NAME...",
	.about = "Take schemas out of etcd.",
	.details = "Deletes each schema, only if nobody changed it in the meantime and no "
		   "switch in etcd sends documents to it, and records who did it and why; "
		   "'flume rollback' brings it back. Nodes retire it; where "
		   "that is "
		   "more than half of all, three at least, they wait for 'flume confirm'.",
	.exits = 1U << CMD_UNREACHABLE | 1U << CMD_CONFLICT | 1U << CMD_NOT_FOUND |
		 1U << CMD_TIMED_OUT | 1U << CMD_NOT_ALLOWED,
	.options = options,
	.size = sizeof(struct delete_options),
	.least = 1,
	.most = SIZE_MAX,
	.run = run,
};
