/*
 * conf.h - what a command was told: defaults < file < environment < flags.
 *
 * A command describes its options as rows, and a struct of its own that they fill.  The same
 * row reads the flag, the variable and the key of the file, and prints itself in the help.
 */
#ifndef FLUME_AGENT_CONF_H
#define FLUME_AGENT_CONF_H

#include "lib/flume.h"

enum conf_type {                /* and the field that it fills               */
		 CONF_TEXT,     /* const char *; NULL when nothing was said  */
		 CONF_TEXTS,    /* const char *const *; may be given again;
				 * NULL at the end, never NULL itself        */
		 CONF_FLAG,     /* bool; a flag without a value              */
		 CONF_DURATION, /* int64_t, nanoseconds: "30s", "0"          */
		 CONF_COUNT,    /* int64_t: "50"                             */
		 CONF_SIZE,     /* int64_t, bytes: "64KiB", "1MiB", "1000"   */
		 CONF_PERCENT,  /* double: "1%" is 0.01                      */
		 CONF_CHOICE,   /* int: which word of `value`, "text|json"   */
};

/* Whether a process that runs can take a new value out of its file. */
enum conf_reload {
	CONF_RESTART, /* at its next start */
	CONF_LIVE,    /* at once           */
};

struct conf_option {      /* a table ends with a row without a name */
	const char *name; /* "listen": --listen, and the key of a file */
	char letter;      /* 'o' for -o as well; 0 for none */
	enum conf_type type;
	const char *value;    /* what the help calls the value: "HOST:PORT" */
	const char *fallback; /* as one would type it; NULL: 0, NULL, false */
	/* "FLUME_LISTEN".  NULL: only a flag, since it belongs to one invocation; then a file
	 * cannot have it either. */
	const char *env;
	size_t at;               /* offsetof(struct the_commands_own, field) */
	const char *about;       /* one sentence */
	enum conf_reload reload; /* what is not said waits for a restart */
	/* Given as a flag, it stands in for that option, a CONF_TEXT: what a file or a variable
	 * says of that is forgotten. */
	const char *instead_of;
};

struct conf_list;
struct conf {         /* all zero is an empty one; what it read lives until conf_fini */
	char **words; /* the arguments that are no options, lent from argv */
	size_t n_words;
	const char *file; /* the name of the file that was read, or NULL */
	char *text;       /* its content */
	size_t len;
	enum flume_format format;
	flume_value *root;
	struct conf_list *lists;
};

enum conf_outcome { CONF_HELP = 1 }; /* -h or --help was given; nothing else was looked at */

struct conf_request {
	const struct conf_option *own;
	/* What other commands may have in the same file; NULL at the end. */
	const struct conf_option *const *others;
	int argc; /* without the names of program and command; moved about, as getopt would */
	char **argv;
};

/* Fills `out`, the struct the rows of `own` speak of.  If they have one named "config", it
 * names the file.  Returns 0, CONF_HELP, FLUME_INVALID (a flag or a variable; `err` names it),
 * FLUME_IO (the file cannot be read), FLUME_SYNTAX or FLUME_REJECTED (findings in the file; the
 * report has them), or FLUME_NOMEM.  Whatever is returned, conf_fini frees `conf`. */
int conf_read(struct conf *, const struct conf_request *, void *out, flume_report *,
	      struct flume_err *err);
void conf_fini(struct conf *);

/* What the file says under "plugins"; lent, NULL when it has none. */
const flume_value *conf_get_plugins(const struct conf *);
/* The `components` of the file as a document of its own, with the places it has in the file, to
 * be freed by flume_value_free; NULL when it has none.  0 or FLUME_NOMEM. */
int conf_dup_components(const struct conf *, flume_value **out);

/* ---- a file that is read again ---- */

/* Does the field of this row say the same in both? */
bool conf_same(const struct conf_option *, const void *a, const void *b);
/* Lends the field of one struct to the other. */
void conf_lend(const struct conf_option *, void *to, const void *from);
/* The same for a section: "components", "plugins". */
int conf_same_section(const struct conf *a, const struct conf *b, const char *name, bool *out);
/* Where the file says so, "FILE:LINE:COLUMN", or "FILE" when it does not; cut to `size`. */
void conf_place(const struct conf *, const char *name, char *out, size_t size);

#endif
