#include "agent/cmd/operate.h"

#include "agent/source/slurp.h"

#include <stdio.h>
#include <stdlib.h>

static const struct conf_option options[] = {
	OPERATE_OPTIONS(
		"Forget every version of the schema that failed, not only the one that is "
		"wanted.",
		"The reason."),
	{0},
};

static int find_digest(struct operate *o, const struct operate_seen *seen)
{
	flume_schema *schema = NULL;
	int rc = flume_schema_parse(&schema, seen->value, seen->len,
				    slurp_guess(seen->value, seen->len), NULL, NULL);
	if (rc)
		return cmd_fail(CMD_NEGATIVE,
				"'%s' does not parse: there is nothing to try again", o->name);
	snprintf(o->note.digest, sizeof o->note.digest, "%s", flume_schema_get_digest(schema));
	flume_schema_unref(schema);
	return 0;
}

/* Of a switch nothing is remembered that could be forgotten. */
static int explain_missing(struct operate *o)
{
	struct operate_seen lever = {0};
	int code = operate_look(o, "switches/", o->name, &lever);
	free(lever.value);
	if (code)
		return code;
	if (lever.revision)
		return cmd_fail(
			CMD_NOT_FOUND,
			"'%s' is a switch: a refused one is not remembered, and is tried "
			"again by itself; put one that fits ('flume switch set')",
			o->name);
	return cmd_fail(CMD_NOT_FOUND, "no schema '%s' below %sschemas/", o->name,
			o->options->prefix);
}

static int in_fleet(struct operate *o)
{
	struct operate_seen schema = {0}, seen = {0};
	int code = operate_look(o, "schemas/", o->name, &schema);
	if (!code && !schema.revision)
		code = explain_missing(o);
	if (!code && !o->options->all)
		code = find_digest(o, &schema);
	if (!code)
		code = operate_look(o, "bad/", o->name, &seen);
	if (!code)
		code = operate_put(o, "bad/", o->name, &seen);
	free(schema.value);
	free(seen.value);
	return code;
}

static int on_node(struct operate *o)
{
	char *path = operate_path(o, o->options->all ? "/clear?all" : "/clear", "");
	int code = operate_ask(o, "POST", path);
	free(path);
	return code;
}

static int run(const struct cmd_call *call)
{
	struct operate o;
	int code = operate_begin(&o, call, "clear", OPERATE_ALL_VERSIONS);
	if (!code)
		code = o.fleet ? in_fleet(&o) : on_node(&o);
	if (!code)
		operate_tell(&o, o.name, "cleared");
	return operate_end(&o, code);
}

const struct command command_clear = {
	.name = "clear",
	.usage = "[OPTION...] NAME",
	.about = "Forget that a version of a schema failed, so that it is tried again.",
	.details = "Forgets a failed canary, a rollback, a suspicion after a crash and an open "
		   "update "
		   "breaker. With --etcd every node does so once, those that are away when "
		   "they come "
		   "back; with --agent or --socket one node.",
	.negative = "what is wanted does not parse",
	.exits = OPERATE_EXITS,
	.options = options,
	.size = sizeof(struct operate_options),
	.most = 1,
	.run = run,
};
