/*
 * folder.h - inside agent/source: what a folder of schemas holds, and whether that changed.
 *
 * NAME.yaml, NAME.yml and NAME.json stand for the schema NAME; of two that stand for the same
 * one, the first by file name counts.  Hidden files are not looked at, others that cannot be
 * schemas are logged once for as long as they stay that way.
 */
#ifndef FLUME_AGENT_SOURCE_FOLDER_H
#define FLUME_AGENT_SOURCE_FOLDER_H

#include "lib/base/map.h"
#include "lib/flume.h"

struct folder_file {
	char *name; /* of the schema */
	char *path;
	char *text; /* cut one byte above FOLDER_FILE_MOST */
	size_t len;
	enum flume_format format;
	bool missing; /* not there any more, but not yet believed to be gone */
};

#define FOLDER_FILE_MOST ((size_t)1 << 20)

struct folder {                    /* all zero is one that was never looked at */
	struct folder_file *files; /* sorted by name */
	size_t n, missing;
	struct map complaints; /* path to why */
};

enum folder_outcome { FOLDER_CHANGED = 1 };

/* Looks at `dir`.  A file that cannot be read keeps its last content.  One that is not there
 * any more stays, marked as missing, unless `believe`: only then it is dropped.  Returns 0 when
 * everything is as it was, FOLDER_CHANGED, FLUME_IO (nothing is touched) or FLUME_NOMEM
 * (likewise). */
int folder_look(struct folder *, const char *dir, bool believe, struct flume_err *);
void folder_fini(struct folder *);

#endif
