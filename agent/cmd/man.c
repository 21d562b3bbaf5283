/*
 * The manual is what the rows say, for man(1).  Nothing of it depends on when it is printed but its date, and
 * that is SOURCE_DATE_EPOCH's where there is one, so that a package can be built again to the same bytes.
 */
#include "agent/cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WIDTH 60 /* what is escaped comes on top, and lines of 80 are the custom */

/* What roff would take for its own. */
static void print_char(char c)
{
	if (c == '\\')
		fputs("\\e", stdout);
	else if (c == '-')
		fputs("\\-", stdout);
	else if (c == '\'')
		fputs("\\(aq", stdout);
	else if (c == '"')
		fputs("\\(dq", stdout);
	else if (c == '`')
		fputs("\\(ga", stdout);
	else if (c == '^')
		fputs("\\(ha", stdout);
	else if (c == '~')
		fputs("\\(ti", stdout);
	else
		putchar(c);
}

static void print_n(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		print_char(s[i]);
}

static void print(const char *s)
{
	print_n(s, strlen(s));
}

/* Words on lines of their own width; a line that begins with a dot would be a request. */
static void print_words(const char *text)
{
	size_t column = 0;
	while (*text) {
		size_t n = strcspn(text, " ");
		if (column && column + 1 + n > WIDTH) {
			putchar('\n');
			column = 0;
		} else if (column) {
			putchar(' ');
			column++;
		}
		if (!column && *text == '.')
			fputs("\\&", stdout);
		print_n(text, n);
		column += n;
		text += n + strspn(text + n, " ");
	}
	if (column)
		putchar('\n');
}

static void print_date(void)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t when = epoch && *epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
	struct tm tm;
	char date[32];
	gmtime_r(&when, &tm);
	strftime(date, sizeof date, "%Y-%m-%d", &tm);
	fputs(date, stdout);
}

static void print_option(const struct conf_option *o)
{
	fputs(".TP\n\\fB", stdout);
	if (o->letter)
		printf("\\-%c\\fR, \\fB", o->letter);
	fputs("\\-\\-", stdout);
	print(o->name);
	fputs("\\fR", stdout);
	if (o->type != CONF_FLAG) {
		fputs(" \\fI", stdout);
		print(o->value);
		fputs("\\fR", stdout);
	}
	putchar('\n');
	print_words(o->about);
	if (o->fallback) {
		fputs("Default: ", stdout);
		print(o->fallback);
		puts(".");
	}
	if (o->env) {
		fputs("Variable: ", stdout);
		print(o->env);
		puts(".");
	}
}

static int print_command(const struct command *c)
{
	char *live = cmd_dup_live(c);
	if (!live)
		return cmd_fail(CMD_NEGATIVE, "out of memory");
	printf(".SS flume %s\n.B flume %s\n", c->name, c->name);
	if (*c->usage) {
		fputs(".I ", stdout);
		print(c->usage);
		putchar('\n');
	}
	puts(".PP");
	print_words(c->about);
	if (c->details) {
		puts(".PP");
		print_words(c->details);
	}
	for (const struct conf_option *o = c->options; o && o->name; o++)
		print_option(o);
	if (*live) {
		puts(".PP");
		print_words(live);
	}
	free(live);
	if (c->negative) {
		fputs(".PP\nExit code 1: ", stdout);
		print(c->negative);
		puts(".");
	}
	return 0;
}

static void print_exits(void)
{
	puts(".SH EXIT STATUS");
	for (int i = 0; i < CMD_EXITS; i++) {
		printf(".TP\n.B %d\n", i);
		print_words(cmd_exit_text(i));
	}
}

static int run(const struct cmd_call *call)
{
	(void)call;
	fputs(".\\\" Printed by 'flume man'.\n.TH FLUME 1 \"", stdout);
	print_date();
	printf("\" \"flume %s\" \"Flume\"\n", flume_version());
	puts(".SH NAME\n"
	     "flume \\- JSON pipelines from schemas that change while they run\n"
	     ".SH SYNOPSIS\n"
	     ".B flume\n"
	     ".I COMMAND\n"
	     ".RI [ OPTION ...]\n"
	     ".RI [ ARGUMENT ...]\n"
	     ".SH DESCRIPTION");
	print_words(
		"'flume agent' runs on every node and keeps its pipelines in step with etcd, a "
		"folder or a web server; the other commands check schemas, try them, and write "
		"and watch them. Results go to standard output, all else to standard error.");
	puts(".PP");
	print_words(
		"A flag wins over its environment variable, that over the same key in the YAML "
		"file that --config names, that over the default. Each command has -h and "
		"--help.");
	puts(".SH COMMANDS");
	int code = 0;
	for (const struct command *const *c = commands; *c && !code; c++)
		code = print_command(*c);
	if (code)
		return code;
	print_exits();
	puts(".SH SIGNALS OF THE AGENT\n.TP\n.B SIGTERM\\fR, \\fBSIGINT\n"
	     "End well: requests in flight are answered.\n"
	     ".TP\n.B SIGHUP\n"
	     "Read the file of \\-\\-config again.\n"
	     ".SH SEE ALSO\n"
	     ".BR etcd (1),\n"
	     ".BR etcdctl (1),\n"
	     ".BR systemd.service (5)");
	return CMD_DONE;
}

const struct command command_man = {
	.name = "man",
	.usage = "",
	.about = "Print the manual page: flume man | man -l -",
	.run = run,
};
