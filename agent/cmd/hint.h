/* hint.h - inside agent/cmd: what may stand in a place of the command line, for shells that complete it. */
#ifndef FLUME_AGENT_CMD_HINT_H
#define FLUME_AGENT_CMD_HINT_H

#include "agent/cmd/cmd.h"

enum hint {
	HINT_NOTHING, /* nobody can guess it */
	HINT_FILE,
	HINT_DIR,
	HINT_WORDS, /* one of those that hint_words gives */
	HINT_COMMAND,
};

/* By what the help calls the value: "FILE", "DIR", "text|json". */
enum hint hint_option(const struct conf_option *);
/* Of its arguments, by its usage. */
enum hint hint_argument(const struct command *);
/* The words of a HINT_WORDS, with `between` between them, cut to `size`. */
void hint_words_option(const struct conf_option *, char between, char *out, size_t size);
void hint_words_argument(const struct command *, char between, char *out, size_t size);

/* The first sentence, without its full stop; how many bytes it has. */
size_t hint_sentence(const char *about);

/* What 'flume completion SHELL' prints. */
void completion_bash(void);
void completion_zsh(void);
void completion_fish(void);

#endif
