/* files.h - inside agent/cmd: the schemas and switches that a command line names, read and parsed. */
#ifndef FLUME_AGENT_CMD_FILES_H
#define FLUME_AGENT_CMD_FILES_H

#include "agent/conf/conf.h"
#include "agent/split/switchboard.h"

struct file {
	char *name; /* of the schema: the file's without folders and suffix */
	char *path; /* as it was written on the command line */
	char *text;
	size_t len;
	enum flume_format format;
	flume_schema *schema; /* NULL: it does not parse, and the report says why */
	bool is_switch; /* by its keys or its folder; then `schema` is its document alone */
	struct ab_switch *sw; /* of one that is right; set by a check */
	flume_report *report; /* never NULL */
};

struct files {            /* all zero is none */
	struct file *all; /* sorted by name, for equal ones by path */
	size_t n, cap;
	char *passed; /* the first folder of switches below one that was named: it was not read; or NULL */
	/* Where the switches among them answer, and the `components` of the node that may ask them, lent; both
	 * NULL: they are refused. */
	struct switchboard *board;
	const flume_value *shared;
};

/* Words are files, or folders of NAME.yaml, NAME.yml and NAME.json (not those below them; a
 * file in a folder `switches` is a switch). What
 * is wrong in a file is in its report; what is wrong with a word is written to stderr.  Returns
 * 0 or an exit code. */
int files_read(struct files *, char *const *words, size_t n);
/* Switches are welcome among them, and have a board from now on: for bench_factory, before which the files
 * must not end.  0 or an exit code. */
int files_take_switches(struct files *, const struct conf *);
void files_fini(struct files *);

#endif
