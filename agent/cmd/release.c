#include "agent/cmd/operate.h"

#include <stdlib.h>

static const struct conf_option options[] = {
	OPERATE_OPTIONS("Take back 'hold --all'; schemas that are held by name stay held.",
			"The reason, for the log of a node that is told alone."),
	{0},
};

static int on_node(struct operate *o)
{
	char *path = operate_path(o, "/hold", "/freeze");
	int code = operate_ask(o, "DELETE", path);
	free(path);
	return code;
}

static int in_fleet(struct operate *o)
{
	const char *folder = o->name ? "pins/" : "freeze";
	struct operate_seen seen;
	int code = operate_look(o, folder, o->name, &seen);
	if (!code && !seen.revision)
		code = cmd_fail(CMD_NOT_FOUND, "%s%s%s not held", o->name ? "'" : "",
				o->name ? o->name : "the fleet", o->name ? "' is" : " is");
	if (!code)
		code = operate_delete(o, folder, o->name, &seen);
	free(seen.value);
	return code;
}

static int run(const struct cmd_call *call)
{
	struct operate o;
	int code = operate_begin(&o, call, "release", OPERATE_ALL_SCHEMAS);
	if (!code)
		code = o.fleet ? in_fleet(&o) : on_node(&o);
	if (!code)
		operate_tell(&o, o.name, "released");
	return operate_end(&o, code);
}

const struct command command_release = {
	.name = "release",
	.usage = "[OPTION...] NAME | --all",
	.about = "Let changes of a held schema or switch go on.",
	.details = "What came while it was held is checked, tried and swapped in as if it came "
		   "now.",
	.exits = OPERATE_EXITS,
	.options = options,
	.size = sizeof(struct operate_options),
	.most = 1,
	.run = run,
};
