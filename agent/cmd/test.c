#include "agent/cmd/bench.h"
#include "agent/cmd/cases.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/options.h"

#include <stdio.h>

struct test_options {
	const char *junit, *config;
	int64_t case_limit;
	int output;
};

static const struct conf_option options[] = {
	{"junit", 0, CONF_TEXT, "FILE", NULL, NULL, offsetof(struct test_options, junit),
	 "Write the results there too, as JUnit XML."},
	OPTION_CASE_LIMIT(test_options),
	OPTION_CONFIG(test_options,
		      "The agent's configuration, for the components it declares."),
	OPTION_OUTPUT(test_options),
	{0},
};

/* With findings in any file no case is run: a schema may refer to the one that is broken. */
static int try(const struct cmd_call *call, flume_factory *factory, struct files *files,
	       struct cases *cases)
{
	const struct test_options *o = call->options;
	bool json = o->output == OUTPUT_JSON;
	int code = bench_check(factory, files);
	if (!code && bench_findings(files)) {
		if (!json)
			code = bench_print(stdout, files, false);
		fputs("flume: no case was run, since there are findings\n", stderr);
	} else if (!code) {
		code = cases_run(cases, files, factory, o->case_limit, json ? NULL : stdout);
	}
	if (!code && json)
		code = cases_print_json(stdout, cases, files);
	if (!code && o->junit)
		code = cases_write_junit(o->junit, cases, files);
	return code;
}

static int run(const struct cmd_call *call)
{
	struct files files = {0};
	struct cases cases = {0};
	flume_factory *factory = NULL;
	int code = bench_factory(&factory, call->conf, BENCH_CHECK);
	if (!code)
		code = files_read(&files, call->conf->words, call->conf->n_words);
	if (!code)
		code = try(call, factory, &files, &cases);
	if (!code) {
		fprintf(stderr, "%zu case%s, %zu failed\n", cases.n, cases.n == 1 ? "" : "s",
			cases.failed);
		code = cases.failed || bench_findings(&files) ? CMD_NEGATIVE : CMD_DONE;
	}
	cases_fini(&cases);
	files_fini(&files);
	flume_factory_free(factory);
	return code;
}

const struct command command_test = {
	.name = "test",
	.usage = "[OPTION...] FILE|DIR...",
	.about = "Run the canary cases of schemas.",
	.details = "Checks the schemas and runs their canary cases here, as an agent would "
		   "before it "
		   "swaps them in. A folder stands for the .yaml, .yml and .json files in it.",
	.negative = "a case failed, or there are findings",
	.exits = 1U << CMD_NOT_FOUND,
	.options = options,
	.size = sizeof(struct test_options),
	.least = 1,
	.most = SIZE_MAX,
	.run = run,
};
