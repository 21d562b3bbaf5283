/* A line for each command and each option. */
#include "agent/cmd/hint.h"

#include <stdio.h>

static void print_text(const char *s, size_t n)
{
	putchar('\'');
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\'' || s[i] == '\\')
			putchar('\\');
		putchar(s[i]);
	}
	putchar('\'');
}

static void print_action(enum hint hint, const char *words)
{
	if (hint == HINT_FILE)
		fputs(" -F", stdout);
	else if (hint == HINT_DIR)
		fputs(" -a '(__fish_complete_directories)'", stdout);
	else if (hint == HINT_WORDS)
		printf(" -a '%s'", words);
	else if (hint == HINT_COMMAND)
		fputs(" -a \"$__flume_commands\"", stdout);
}

static void print_option(const struct command *c, const struct conf_option *o)
{
	char words[256] = "";
	printf("complete -c flume -n '__fish_seen_subcommand_from %s' -l %s", c->name, o->name);
	if (o->letter)
		printf(" -s %c", o->letter);
	if (o->type != CONF_FLAG) {
		fputs(hint_option(o) == HINT_FILE ? " -r" : " -x", stdout);
		if (hint_option(o) == HINT_WORDS)
			hint_words_option(o, ' ', words, sizeof words);
		print_action(hint_option(o), words);
	}
	fputs(" -d ", stdout);
	print_text(o->about, hint_sentence(o->about));
	putchar('\n');
}

static void print_command(const struct command *c)
{
	char words[256] = "";
	printf("complete -c flume -n __fish_use_subcommand -a %s -d ", c->name);
	print_text(c->about, hint_sentence(c->about));
	putchar('\n');
	if (hint_argument(c) != HINT_NOTHING) {
		bool first = hint_argument(c) == HINT_WORDS;
		if (first)
			hint_words_argument(c, ' ', words, sizeof words);
		printf("complete -c flume -n '__fish_seen_subcommand_from %s%s%s'", c->name,
		       first ? "; and not __fish_seen_subcommand_from " : "", words);
		print_action(hint_argument(c), words);
		putchar('\n');
	}
	for (const struct conf_option *o = c->options; o && o->name; o++)
		print_option(c, o);
}

void completion_fish(void)
{
	fputs("# fish completion for flume, printed by 'flume completion fish'\n"
	      "set -g __flume_commands",
	      stdout);
	for (const struct command *const *c = commands; *c; c++)
		printf(" %s", (*c)->name);
	puts("\n"
	     "complete -c flume -f\n"
	     "complete -c flume -s h -l help -d 'Print the help'\n"
	     "complete -c flume -n __fish_use_subcommand -s V -l version -d 'Which flume this "
	     "is'");
	for (const struct command *const *c = commands; *c; c++)
		print_command(*c);
}
