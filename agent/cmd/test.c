#include "agent/cmd/bench.h"
#include "agent/cmd/cases.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/options.h"

#include <stdio.h>

struct test_options {
	const char *junit, *config, *against;
	int64_t case_limit;
	int output;
};

static const struct conf_option options[] = {
	{"junit", 0, CONF_TEXT, "FILE", NULL, NULL, offsetof(struct test_options, junit),
	 "Write the results there too, as JUnit XML."},
	{"against", 0, CONF_TEXT, "FILE|DIR", NULL, NULL,
	 offsetof(struct test_options, against),
	 "What runs now, for schemas that say `compare: running`."},
	OPTION_CASE_LIMIT(test_options, CONF_RESTART),
	OPTION_CONFIG(test_options,
		      "The agent's configuration, for the components it declares."),
	OPTION_OUTPUT(test_options),
	{0},
};

/* With findings in any file no case is run: a schema may refer to the one that is broken. */
static int try(const struct cmd_call *call, flume_factory *factory, struct files *files,
	       const struct files *against, struct cases *cases)
{
	const struct test_options *o = call->options;
	bool json = o->output == OUTPUT_JSON;
	int code = bench_check(factory, files);
	if (!code && bench_findings(files)) {
		if (!json)
			code = bench_print(stdout, files, false);
		fputs("flume: no case was run, since there are findings\n", stderr);
	} else if (!code) {
		code = cases_run(cases, files, factory,
				 &(struct cases_how){.limit_ns = o->case_limit,
						     .against = o->against ? against : NULL,
						     .skips = stderr,
						     .tell = json ? NULL : stdout});
	}
	if (!code && json)
		code = cases_print_json(stdout, cases, files);
	if (!code && o->junit)
		code = cases_write_junit(o->junit, cases, files);
	return code;
}

static int run(const struct cmd_call *call)
{
	const struct test_options *o = call->options;
	struct files files = {0}, against = {0};
	struct cases cases = {0};
	flume_factory *factory = NULL;
	int code = files_take_switches(&files, call->conf);
	if (!code)
		code = bench_factory(&factory, files.board, call->conf, BENCH_CHECK);
	if (!code)
		code = files_read(&files, call->conf->words, call->conf->n_words);
	if (!code && o->against)
		code = files_read(&against, (char *const[]){(char *)(uintptr_t)o->against}, 1);
	if (!code)
		code = try(call, factory, &files, &against, &cases);
	if (!code) {
		fprintf(stderr, "%zu case%s, %zu failed\n", cases.n, cases.n == 1 ? "" : "s",
			cases.failed);
		code = cases.failed || bench_findings(&files) ? CMD_NEGATIVE : CMD_DONE;
	}
	cases_fini(&cases);
	flume_factory_free(factory);
	files_fini(&files);
	files_fini(&against);
	return code;
}

const struct command command_test = {
	.name = "test",
	.usage = "[OPTION...] FILE|DIR...",
	.about = "Run the canary cases of schemas.",
	.details = "Checks the schemas and runs their canary cases here, as an agent would "
		   "before it "
		   "swaps them in; with --against, also beside what runs now. A folder stands "
		   "for the .yaml, .yml and .json files in it.",
	.negative = "a case failed, or there are findings",
	.exits = 1U << CMD_NOT_FOUND,
	.options = options,
	.size = sizeof(struct test_options),
	.least = 1,
	.most = SIZE_MAX,
	.run = run,
};
