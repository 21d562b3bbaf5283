/* Completion scripts are what the rows say, in the words of a shell; there is nothing to keep up to date. */
#include "agent/cmd/hint.h"

#include <string.h>

static const struct {
	const char *name;
	void (*print)(void);
} shells[] = {
	{"bash", completion_bash},
	{"zsh", completion_zsh},
	{"fish", completion_fish},
};

static int run(const struct cmd_call *call)
{
	const char *name = call->conf->words[0];
	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
		if (strcmp(shells[i].name, name) != 0)
			continue;
		shells[i].print();
		return CMD_DONE;
	}
	return cmd_fail(CMD_USAGE, "completion: '%s' is not one of bash|zsh|fish", name);
}

const struct command command_completion = {
	.name = "completion",
	.usage = "bash|zsh|fish",
	.about = "Print what a shell needs to complete these commands.",
	.details = "For bash: source <(flume completion bash). For zsh: put it into a file "
		   "_flume in a folder of $fpath. For fish: into "
		   "~/.config/fish/completions/flume.fish.",
	.least = 1,
	.most = 1,
	.run = run,
};
