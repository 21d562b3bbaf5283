/* What _arguments takes: '(-o --log)'{-o,--log=}'[How to write the log]:text|json|auto:(text json auto)'. */
#include "agent/cmd/hint.h"

#include <stdio.h>
#include <string.h>

/* Inside single quotes, where brackets and colons mean something. */
static void print_text(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\'')
			fputs("'\\''", stdout);
		else if (strchr("[]:\\", s[i]))
			printf("\\%c", s[i]);
		else
			putchar(s[i]);
	}
}

static void print_action(enum hint hint, const char *words)
{
	if (hint == HINT_FILE)
		fputs("_files", stdout);
	else if (hint == HINT_DIR)
		fputs("_files -/", stdout);
	else if (hint == HINT_WORDS)
		printf("(%s)", words);
	else if (hint == HINT_COMMAND)
		fputs("_flume_commands", stdout);
}

static void print_option(const struct conf_option *o)
{
	char words[256] = "";
	const char *equals = o->type == CONF_FLAG ? "" : "=";
	bool again = o->type == CONF_TEXTS;
	fputs("            ", stdout);
	if (o->letter && !again)
		printf("'(-%c --%s)'", o->letter, o->name);
	if (o->letter)
		printf("%s{-%c%s,--%s%s}'", again ? "'*'" : "", o->letter, *equals ? "+" : "",
		       o->name, equals);
	else
		printf("'%s--%s%s", again ? "*" : "", o->name, equals);
	putchar('[');
	print_text(o->about, hint_sentence(o->about));
	putchar(']');
	if (o->type != CONF_FLAG) {
		putchar(':');
		print_text(o->value, strlen(o->value));
		putchar(':');
		if (hint_option(o) == HINT_WORDS)
			hint_words_option(o, ' ', words, sizeof words);
		print_action(hint_option(o), words);
	}
	puts("' \\");
}

static void print_command(const struct command *c)
{
	char words[256] = "";
	printf("        %s)\n            _arguments -s \\\n", c->name);
	for (const struct conf_option *o = c->options; o && o->name; o++)
		print_option(o);
	fputs("            '(- *)'{-h,--help}'[Print the help]'", stdout);
	if (c->most) {
		bool first = hint_argument(c) == HINT_WORDS;
		printf(" \\\n            '%c:argument:", first ? '1' : '*');
		if (first)
			hint_words_argument(c, ' ', words, sizeof words);
		print_action(hint_argument(c), words);
		putchar('\'');
		if (first && c->most > 1)
			fputs(" \\\n            '*:argument:'", stdout);
	}
	puts("\n            ;;");
}

void completion_zsh(void)
{
	puts("#compdef flume\n"
	     "# zsh completion for flume, printed by 'flume completion zsh'\n"
	     "\n"
	     "_flume_commands() {\n"
	     "    local -a commands=(");
	for (const struct command *const *c = commands; *c; c++) {
		printf("        '%s:", (*c)->name);
		print_text((*c)->about, hint_sentence((*c)->about));
		puts("'");
	}
	puts("    )\n"
	     "    _describe -t commands 'flume command' commands\n"
	     "}\n"
	     "\n"
	     "_flume() {\n"
	     "    local curcontext=$curcontext state line\n"
	     "    typeset -A opt_args\n"
	     "    _arguments -C '(- *)'{-h,--help}'[Print the help]' \\\n"
	     "        '(- *)'{-V,--version}'[Which flume this is]' \\\n"
	     "        '1:command:_flume_commands' '*::argument:->argument'\n"
	     "    [[ $state == argument ]] || return\n"
	     "    case $words[1] in");
	for (const struct command *const *c = commands; *c; c++)
		print_command(*c);
	puts("    esac\n"
	     "}\n"
	     "\n"
	     "if [[ $funcstack[1] == _flume ]]; then\n"
	     "    _flume \"$@\"\n"
	     "else\n"
	     "    compdef _flume flume\n"
	     "fi");
}
