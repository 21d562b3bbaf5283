/* files.h - inside agent/cmd: the schemas that a command line names, read and parsed. */
#ifndef FLUME_AGENT_CMD_FILES_H
#define FLUME_AGENT_CMD_FILES_H

#include "lib/flume.h"

struct file {
	char *name; /* of the schema: the file's without folders and suffix */
	char *path; /* as it was written on the command line */
	char *text;
	size_t len;
	enum flume_format format;
	flume_schema *schema; /* NULL: it does not parse, and the report says why */
	flume_report *report; /* never NULL */
};

struct files {            /* all zero is none */
	struct file *all; /* sorted by name, for equal ones by path */
	size_t n, cap;
};

/* Words are files, or folders of NAME.yaml, NAME.yml and NAME.json (not those below them). What
 * is wrong in a file is in its report; what is wrong with a word is written to stderr.  Returns
 * 0 or an exit code. */
int files_read(struct files *, char *const *words, size_t n);
void files_fini(struct files *);

#endif
