/*
 * folder.h - inside agent/source: what a folder of schemas holds, and whether that changed.
 *
 * NAME.yaml, NAME.yml and NAME.json stand for the schema NAME; of two that stand for the same
 * one, the first by file name counts.  Hidden files and NAME.schema.json are not looked at, others
 * that cannot be schemas are logged once for as long as they stay that way.
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
	struct map moving;     /* path of a file that may be half written to what it was like */
	char *unread;          /* the first path that could not be read; NULL: all were */
};

struct folder_trust {
	bool gone;        /* a file that is missing is gone           */
	bool all_whole;   /* no file is being written                 */
	struct map whole; /* nor are these, by the name of the file   */
	bool patient;     /* rather no answer than one that may not do */
};

enum folder_outcome {
	FOLDER_CHANGED = 1,
	FOLDER_MOVING, /* a file may be half written: look again in a moment */
};

/* Looks at `dir`.  A file that cannot be read keeps its last content, and then nobody knows what is
 * in it now: see `unread`.  One that is not there
 * any more stays, marked as missing, unless it is trusted to be gone.  One that was changed just
 * now may be half written, until two looks find it the same: with patience the outcome is
 * FOLDER_MOVING and the files stay as they were, without it that file keeps its last content, if
 * it had any.  Returns 0 when everything is as it was, an outcome, FLUME_IO (nothing is touched)
 * or FLUME_NOMEM (likewise). */
int folder_look(struct folder *, const char *dir, const struct folder_trust *,
		struct flume_err *);
void folder_fini(struct folder *);

#endif
