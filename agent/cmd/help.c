/* Help is what the rows say; there is no second place to keep it. */
#include "agent/cmd/cmd.h"

#include "lib/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const exits[CMD_EXITS] = {
	[CMD_DONE] = "done",
	[CMD_NEGATIVE] = "the answer is no",
	[CMD_USAGE] = "usage or configuration",
	[CMD_UNREACHABLE] = "cannot connect",
	[CMD_CONFLICT] = "conflict: the store moved on",
	[CMD_NOT_FOUND] = "not found",
	[CMD_TIMED_OUT] = "timed out",
	[CMD_NOT_ALLOWED] = "not allowed",
};

/* Words of `text`, each line beginning with `indent` spaces, the first one in its place. */
static void wrap(const char *text, int indent)
{
	int column = indent;
	while (*text) {
		size_t n = strcspn(text, " ");
		if (column > indent && column + 1 + (int)n > 96) {
			printf("\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		fwrite(text, 1, n, stdout);
		column += (int)n;
		text += n + strspn(text + n, " ");
	}
	putchar('\n');
}

static void print_option(const struct conf_option *o)
{
	char left[80];
	int n = o->letter ? snprintf(left, sizeof left, "  -%c, --%s", o->letter, o->name)
			  : snprintf(left, sizeof left, "      --%s", o->name);
	if (o->type != CONF_FLAG)
		n += snprintf(left + n, sizeof left - (size_t)n, " %s", o->value);
	printf("%-34s", left);
	if (n >= 34)
		printf("\n%34s", "");
	char right[512];
	n = snprintf(right, sizeof right, "%s", o->about);
	if (o->fallback)
		n += snprintf(right + n, sizeof right - (size_t)n, " Default: %s.",
			      o->fallback);
	if (o->env)
		snprintf(right + n, sizeof right - (size_t)n, " [%s]", o->env);
	wrap(right, 34);
}

char *cmd_dup_live(const struct command *c)
{
	struct text t = {0};
	for (const struct conf_option *o = c->options; o && o->name; o++)
		if (o->reload == CONF_LIVE)
			text_addf(&t, "%s%s",
				  t.len ? ", "
					: "That file is read again when it changes, and at "
					  "SIGHUP; "
					  "the others wait for a restart, and these count at "
					  "once: ",
				  o->name);
	if (t.len)
		text_add_char(&t, '.');
	return text_take(&t);
}

static void print_exits(const struct command *c)
{
	unsigned used = c->exits | 1U << CMD_DONE | 1U << CMD_USAGE;
	char line[256];
	int n = 0;
	if (c->negative)
		used |= 1U << CMD_NEGATIVE;
	for (int i = 0; i < CMD_EXITS; i++)
		if (used & 1U << i)
			n += snprintf(line + n, sizeof line - (size_t)n, "%s%d %s",
				      n ? ", " : "", i,
				      i == CMD_NEGATIVE ? c->negative : exits[i]);
	printf("\nExit codes: ");
	wrap(line, 12);
}

int cmd_help(const struct command *c)
{
	char *live = cmd_dup_live(c);
	if (!live)
		return cmd_fail(CMD_NEGATIVE, "out of memory");
	printf("flume %s%s%s\n\n", c->name, *c->usage ? " " : "", c->usage);
	wrap(c->details ? c->details : c->about, 0);
	printf("\nOptions:\n");
	for (const struct conf_option *o = c->options; o && o->name; o++)
		print_option(o);
	printf("%-34s%s\n", "  -h, --help", "Print this.");
	for (const struct conf_option *o = c->options; o && o->name; o++) {
		if (strcmp(o->name, "config") != 0)
			continue;
		printf("\n");
		wrap("A flag wins over its environment variable, that over the same key in the "
		     "file that --config names, that over the default.",
		     0);
		if (*live)
			wrap(live, 0);
	}
	free(live);
	print_exits(c);
	return CMD_DONE;
}

const char *cmd_exit_text(int code)
{
	return exits[code];
}

void cmd_help_all(void)
{
	printf("flume: JSON pipelines from schemas that change while they run\n\n"
	       "usage: flume COMMAND [OPTION...] [ARGUMENT...]\n\n");
	for (const struct command *const *c = commands; *c; c++)
		printf("  %-12s%s\n", (*c)->name, (*c)->about);
	printf("\n'flume COMMAND --help' says more. Exit codes:");
	for (int i = 0; i < CMD_EXITS; i++)
		printf("%s\n  %d  %s", i ? "" : "\n", i, exits[i]);
	putchar('\n');
}

static int run(const struct cmd_call *call)
{
	if (!call->conf->n_words) {
		cmd_help_all();
		return CMD_DONE;
	}
	const char *name = call->conf->words[0];
	const struct command *command = cmd_find(name);
	if (!command)
		return cmd_fail(CMD_USAGE, "help: there is no command '%s'", name);
	return cmd_help(command);
}

const struct command command_help = {
	.name = "help",
	.usage = "[COMMAND]",
	.about = "What there is, and how each command is used.",
	.most = 1,
	.run = run,
};
