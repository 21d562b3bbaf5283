#include "agent/cmd/cmd.h"

#include "agent/cmd/findings.h"
#include "lib/base/suggest.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct command *const commands[] = {
	&command_agent,      &command_lint,       &command_test,
	&command_run,        &command_diff,       &command_apply,
	&command_get,        &command_delete,     &command_history,
	&command_rollback,   &command_switch,     &command_status,
	&command_explain,    &command_graph,      &command_top,
	&command_tap,        &command_hold,       &command_release,
	&command_clear,      &command_confirm,    &command_doctor,
	&command_components, &command_completion, &command_man,
	&command_help,       &command_version,    NULL,
};

#define COMMANDS (sizeof commands / sizeof *commands - 1)

const struct command *cmd_find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

int cmd_fail(int code, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fputs("flume: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	return code;
}

int cmd_exit_of(int flume_code)
{
	switch (flume_code) {
	case FLUME_OK:
		return CMD_DONE;
	case FLUME_INVALID:
		return CMD_USAGE;
	case FLUME_IO:
		return CMD_UNREACHABLE;
	case FLUME_CONFLICT:
		return CMD_CONFLICT;
	case FLUME_NOT_FOUND:
		return CMD_NOT_FOUND;
	case FLUME_TIMED_OUT:
		return CMD_TIMED_OUT;
	case FLUME_REFUSED:
		return CMD_NOT_ALLOWED;
	default:
		return CMD_NEGATIVE;
	}
}

bool cmd_prefix_good(const char *prefix)
{
	size_t n = strlen(prefix);
	return n && prefix[n - 1] == '/';
}

int cmd_check_prefix(const char *prefix)
{
	return cmd_prefix_good(prefix)
		       ? 0
		       : cmd_fail(CMD_USAGE, "--prefix: '%s' does not end with '/'", prefix);
}

/* A reader that has gone away (flume get | head) is no failure. */
int cmd_close_output(int code)
{
	errno = 0;
	bool lost = fflush(stdout) != 0 || ferror(stdout);
	if (lost && errno != EPIPE && code == CMD_DONE)
		return cmd_fail(CMD_NEGATIVE, "stdout: %s", strerror(errno));
	return code;
}

static int unknown_command(const char *name)
{
	const char *names[COMMANDS];
	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i]->name;
	const char *near = suggest(name, names, COMMANDS);
	if (near)
		return cmd_fail(CMD_USAGE, "unknown command '%s' (did you mean '%s'?)", name,
				near);
	return cmd_fail(CMD_USAGE, "unknown command '%s'; 'flume help' lists them", name);
}

static int configuration_wrong(const struct command *command, const struct conf *conf, int code,
			       const flume_report *report, const struct flume_err *err)
{
	if (code == FLUME_NOMEM)
		return cmd_fail(CMD_NEGATIVE, "out of memory");
	if (code != FLUME_SYNTAX && code != FLUME_REJECTED)
		return cmd_fail(CMD_USAGE, "%s: %s", command->name, err->text);
	findings_print(stderr, &(struct finding_source){conf->file, conf->text, conf->len},
		       report);
	return CMD_USAGE;
}

static int count_words(const struct command *command, const struct conf *conf)
{
	if (conf->n_words > command->most)
		return cmd_fail(CMD_USAGE, "%s: unexpected argument '%s'", command->name,
				conf->words[command->most]);
	if (conf->n_words < command->least)
		return cmd_fail(CMD_USAGE, "%s: something is missing: flume %s %s",
				command->name, command->name, command->usage);
	return 0;
}

static int run(const struct command *command, struct conf *conf, void *options, int argc,
	       char **argv, flume_report *report)
{
	static const struct conf_option none[] = {{0}};
	const struct conf_option *others[COMMANDS + 1];
	size_t n = 0;
	for (size_t i = 0; i < COMMANDS; i++)
		if (commands[i]->options)
			others[n++] = commands[i]->options;
	others[n] = NULL;

	struct flume_err err = {0};
	const struct conf_request request = {command->options ? command->options : none, others,
					     argc, argv};
	int code = conf_read(conf, &request, options, report, &err);
	if (code == CONF_HELP)
		return cmd_help(command);
	if (code < 0)
		return configuration_wrong(command, conf, code, report, &err);
	code = count_words(command, conf);
	return code ? code : command->run(&(struct cmd_call){conf, options, &request});
}

static int run_command(const struct command *command, int argc, char **argv)
{
	struct conf conf = {0};
	flume_report *report = flume_report_new();
	void *options = calloc(1, command->size ? command->size : 1);
	int code = report && options ? run(command, &conf, options, argc, argv, report)
				     : cmd_fail(CMD_NEGATIVE, "out of memory");
	conf_fini(&conf);
	free(options);
	flume_report_free(report);
	return code;
}

int cmd_main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	const char *name = argc > 1 ? argv[1] : "";
	if (!*name) {
		fputs("usage: flume COMMAND [OPTION...] [ARGUMENT...]; 'flume help' lists the "
		      "commands\n",
		      stderr);
		return CMD_USAGE;
	}
	if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		name = "version";
	else if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		name = "help";
	const struct command *command = cmd_find(name);
	int code = command ? run_command(command, argc - 2, argv + 2) : unknown_command(name);
	return cmd_close_output(code);
}
