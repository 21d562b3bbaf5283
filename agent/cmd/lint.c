#include "agent/cmd/bench.h"
#include "agent/cmd/bench_switches.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/options.h"

#include <stdio.h>

struct lint_options {
	const char *config;
	int output;
	bool structure;
};

static const struct conf_option options[] = {
	{"structure", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct lint_options, structure),
	 "Only look at the structure, not whether what is named exists."},
	OPTION_CONFIG(lint_options,
		      "The agent's configuration, for the components it declares."),
	OPTION_OUTPUT(lint_options),
	{0},
};

static int check(const struct cmd_call *call, struct files *files)
{
	const struct lint_options *o = call->options;
	flume_factory *factory = NULL;
	int code = files_take_switches(files, call->conf);
	if (!code)
		code = files_read(files, call->conf->words, call->conf->n_words);
	if (code)
		return code;
	if (o->structure)
		return bench_check_structure(files);
	code = bench_factory(&factory, files->board, call->conf, BENCH_CHECK);
	if (!code)
		code = bench_check(factory, files);
	if (!code && !bench_findings(files))
		bench_tell_unasked(files);
	flume_factory_free(factory);
	return code;
}

static int run(const struct cmd_call *call)
{
	const struct lint_options *o = call->options;
	struct files files = {0};
	int code = check(call, &files);
	if (!code)
		code = bench_print(stdout, &files, o->output == OUTPUT_JSON);
	size_t found = code ? 0 : bench_findings(&files);
	if (found)
		fprintf(stderr, "%zu finding%s in %zu file%s\n", found, found == 1 ? "" : "s",
			files.n, files.n == 1 ? "" : "s");
	files_fini(&files);
	return code ? code : found ? CMD_NEGATIVE : CMD_DONE;
}

const struct command command_lint = {
	.name = "lint",
	.usage = "[OPTION...] FILE|DIR...",
	.about = "Find everything that is wrong with schemas and switches.",
	.details = "Finds everything that is wrong with schemas and A/B switches, and says "
		   "where. A folder "
		   "stands "
		   "for the .yaml, .yml and .json files in it. Files that are looked at "
		   "together may "
		   "refer to each other by their names without suffix.",
	.negative = "findings",
	.exits = 1U << CMD_NOT_FOUND,
	.options = options,
	.size = sizeof(struct lint_options),
	.least = 1,
	.most = SIZE_MAX,
	.run = run,
};
