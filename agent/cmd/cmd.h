/*
 * cmd.h - a command is a row: what it is called, what it can be told, what it does.
 *
 * The help is printed from the rows.  Results go to stdout, everything else to stderr.
 */
#ifndef FLUME_AGENT_CMD_H
#define FLUME_AGENT_CMD_H

#include "agent/conf/conf.h"

enum cmd_exit {
	CMD_DONE,
	CMD_NEGATIVE,    /* it worked, and the answer is no */
	CMD_USAGE,       /* flags, variables, configuration  */
	CMD_UNREACHABLE, /* etcd or the agent                */
	CMD_CONFLICT,    /* someone else was faster          */
	CMD_NOT_FOUND,
	CMD_TIMED_OUT,
	CMD_NOT_ALLOWED,
	CMD_EXITS
};

struct cmd_call {
	const struct conf *conf;            /* its words are the arguments                */
	const void *options;                /* the struct that the command's rows speak of */
	const struct conf_request *request; /* to read all of it again */
};

struct command {
	const char *name;
	const char *usage;                   /* "FILE|DIR..." */
	const char *about;                   /* one line for the list of commands          */
	const char *details;                 /* paragraphs for its own help; may be NULL   */
	const char *negative;                /* what exit code 1 means here; NULL: not used */
	unsigned exits;                      /* further codes: 1 << CMD_NOT_FOUND | ...    */
	const struct conf_option *options;   /* NULL: none but --help */
	size_t size;                         /* of the struct they fill */
	size_t least, most;                  /* arguments */
	int (*run)(const struct cmd_call *); /* returns an enum cmd_exit */
};

/* NULL at the end, in the order of the help. */
extern const struct command *const commands[];

/* The whole program: finds the command, reads what it was told, runs it. */
int cmd_main(int argc, char **argv);

const struct command *cmd_find(const char *name);
void cmd_help_all(void);
int cmd_help(const struct command *); /* an exit code */
/* Which options are CONF_LIVE, in a sentence; "" when none is.  free(3); NULL when out of memory. */
char *cmd_dup_live(const struct command *);
const char *cmd_exit_text(int code); /* "cannot connect" */

/* "flume: ..." on stderr; returns `code`, so a step can end with it. */
int cmd_fail(int code, const char *fmt, ...) FLUME_PRINTF(2, 3);
/* The exit code for a negative enum flume_code of etcd, HTTP or a file. */
int cmd_exit_of(int flume_code);

bool cmd_prefix_good(const char *prefix);
/* 0, or the exit code after saying what is wrong with a --prefix. */
int cmd_check_prefix(const char *prefix);

/* stdout is flushed and closed; what could not be written makes success a failure. */
int cmd_close_output(int code);

extern const struct command command_agent, command_lint, command_test, command_run,
	command_diff, command_top, command_tap, command_apply, command_get, command_status,
	command_graph, command_components, command_hold, command_release, command_clear,
	command_confirm, command_completion, command_man, command_help, command_version,
	command_delete, command_switch, command_history, command_explain, command_rollback,
	command_doctor;

#endif
