#include "agent/cmd/operate.h"

#include <stdio.h>
#include <stdlib.h>

static const struct conf_option options[] = {
	OPERATE_OPTIONS("Hold every schema and switch: nothing changes until 'release --all'.",
			"The reason, for those who find it held."),
	{"at-version", 0, CONF_TEXT, "VERSION", NULL, NULL, OPERATE_ROW(version),
	 "Let this version come all the same, and stay."},
	{0},
};

static int on_node(struct operate *o)
{
	char *path = operate_path(o, "/hold", "/freeze");
	int code = operate_ask(o, "PUT", path);
	free(path);
	return code;
}

/* A name that the store does not have is more likely a slip than a plan. */
static int check_name(struct operate *o)
{
	struct operate_seen schema = {0}, lever = {0};
	if (!o->name)
		return 0;
	int code = operate_look(o, "schemas/", o->name, &schema);
	if (!code && !schema.revision)
		code = operate_look(o, "switches/", o->name, &lever);
	if (!code && !schema.revision && !lever.revision)
		code = cmd_fail(CMD_NOT_FOUND,
				"no schema or switch '%s' below %sschemas/ or %sswitches/",
				o->name, o->options->prefix, o->options->prefix);
	free(schema.value);
	free(lever.value);
	return code;
}

static int in_fleet(struct operate *o)
{
	const char *folder = o->name ? "pins/" : "freeze";
	struct operate_seen seen = {0};
	int code = check_name(o);
	if (!code)
		code = operate_look(o, folder, o->name, &seen);
	if (!code)
		code = operate_put(o, folder, o->name, &seen);
	free(seen.value);
	return code;
}

static int run(const struct cmd_call *call)
{
	struct operate o;
	int code = operate_begin(&o, call, "hold", OPERATE_ALL_SCHEMAS);
	if (!code && !o.options->why)
		code = cmd_fail(CMD_USAGE, "hold: --why is missing: others will want to know");
	if (!code && o.options->version)
		snprintf(o.note.version, sizeof o.note.version, "%s", o.options->version);
	if (!code)
		code = o.fleet ? in_fleet(&o) : on_node(&o);
	if (!code)
		operate_tell(&o, o.name, "held");
	return operate_end(&o, code);
}

const struct command command_hold = {
	.name = "hold",
	.usage = "[OPTION...] --why TEXT NAME | --all",
	.about = "Keep a schema or switch, or all, at what runs.",
	.details = "Changes that come are kept, and go on when it is released. A probation "
		   "under way "
		   "still goes back when it has to, and a switch can still be turned off. With "
		   "--etcd the whole fleet is told, nodes "
		   "that "
		   "are away included; with --agent or --socket one node.",
	.exits = OPERATE_EXITS,
	.options = options,
	.size = sizeof(struct operate_options),
	.most = 1,
	.run = run,
};
