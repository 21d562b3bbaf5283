#include "agent/cmd/cmd.h"

#include "agent/cmd/options.h"

#include <stdio.h>

struct version_options {
	int output;
};

static const struct conf_option options[] = {
	OPTION_OUTPUT(version_options),
	{0},
};

static int run(const struct cmd_call *call)
{
	const struct version_options *o = call->options;
	printf(o->output == OUTPUT_JSON ? "{\"version\":\"%s\"}\n" : "flume %s\n",
	       flume_version());
	return CMD_DONE;
}

const struct command command_version = {
	.name = "version",
	.usage = "",
	.about = "Which flume this is.",
	.options = options,
	.size = sizeof(struct version_options),
	.run = run,
};
