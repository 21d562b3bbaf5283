/* One function; what may follow which option of which command is a case in it. */
#include "agent/cmd/hint.h"

#include <stdio.h>

static const char head[] =
	"# bash completion for flume, printed by 'flume completion bash'\n"
	"\n"
	"_flume_words()\n"
	"{\n"
	"    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
	"}\n"
	"\n"
	"# unless one of them was said already\n"
	"_flume_first()\n"
	"{\n"
	"    local said word\n"
	"    for said in \"${COMP_WORDS[@]:2:COMP_CWORD-2}\"; do\n"
	"        for word in $1; do\n"
	"            [[ $said != \"$word\" ]] || return 0\n"
	"        done\n"
	"    done\n"
	"    _flume_words \"$1\"\n"
	"}\n"
	"\n"
	"_flume_files()\n"
	"{\n"
	"    compopt -o filenames 2>/dev/null\n"
	"    mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$cur\")\n"
	"}\n"
	"\n"
	"_flume()\n"
	"{\n"
	"    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} options\n"
	"    COMPREPLY=()\n"
	"    # --log=te comes as three words\n"
	"    if [[ $cur == = ]]; then\n"
	"        cur=\n"
	"    elif [[ $prev == = ]]; then\n"
	"        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"    fi\n";

static void print_commands(void)
{
	for (const struct command *const *c = commands; *c; c++)
		printf("%s%s", c == commands ? "" : " ", (*c)->name);
}

static void print_action(enum hint hint, const char *words)
{
	if (hint == HINT_FILE)
		fputs("_flume_files -f", stdout);
	else if (hint == HINT_DIR)
		fputs("_flume_files -d", stdout);
	else if (hint == HINT_WORDS)
		printf("_flume_words '%s'", words);
	else if (hint == HINT_COMMAND) {
		fputs("_flume_words '", stdout);
		print_commands();
		putchar('\'');
	} else {
		putchar(':');
	}
}

static void print_value(const struct conf_option *o)
{
	char words[256] = "";
	if (o->type == CONF_FLAG)
		return;
	printf("        --%s", o->name);
	if (o->letter)
		printf("|-%c", o->letter);
	fputs(") ", stdout);
	if (hint_option(o) == HINT_WORDS)
		hint_words_option(o, ' ', words, sizeof words);
	print_action(hint_option(o), words);
	puts("; return ;;");
}

static void print_command(const struct command *c)
{
	char words[256] = "";
	printf("    %s)\n        case $prev in\n", c->name);
	for (const struct conf_option *o = c->options; o && o->name; o++)
		print_value(o);
	fputs("        esac\n        options='--help", stdout);
	for (const struct conf_option *o = c->options; o && o->name; o++)
		printf(" --%s", o->name);
	fputs("'\n        [[ $cur == -* ]] || ", stdout);
	if (hint_argument(c) == HINT_WORDS) {
		hint_words_argument(c, ' ', words, sizeof words);
		printf("_flume_first '%s'", words);
	} else {
		print_action(hint_argument(c), words);
	}
	puts("\n        ;;");
}

void completion_bash(void)
{
	fputs(head, stdout);
	fputs("    if ((COMP_CWORD == 1)); then\n        _flume_words '", stdout);
	print_commands();
	puts(" --help --version'\n        return\n    fi\n    case ${COMP_WORDS[1]} in");
	for (const struct command *const *c = commands; *c; c++)
		print_command(*c);
	puts("    esac\n"
	     "    [[ $cur == -* ]] && _flume_words \"$options\"\n"
	     "    return 0\n"
	     "}\n"
	     "\n"
	     "complete -F _flume flume");
}
