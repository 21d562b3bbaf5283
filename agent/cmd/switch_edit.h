/*
 * switch_edit.h - inside agent/cmd: a switch with other weights and the like, the rest of its text as
 * somebody wrote it, comments included.  Pure.
 */
#ifndef FLUME_AGENT_CMD_SWITCH_EDIT_H
#define FLUME_AGENT_CMD_SWITCH_EDIT_H

#include "lib/flume.h"

struct switch_weight {
	const char *name, *percent;
};

struct switch_change {                       /* NULL: stays as it is */
	const struct switch_weight *weights; /* of all that are not 0 */
	size_t n_weights;
	const char *enabled; /* "true", "false" */
	const char *by, *fallback, *version;
};

/* The text with these changes; free(3).  NULL with the reason in `err`: FLUME_INVALID when the text is
 * not written in a way that could be followed, or FLUME_NOMEM. */
char *switch_edit(const char *text, size_t len, enum flume_format, const struct switch_change *,
		  struct flume_err *err);
/* A new document, YAML. */
char *switch_compose(const struct switch_change *);
/* The version after that one: 7 of 6, 1.2.4 of 1.2.3.  NULL when that is anybody's guess, or out of
 * memory; free(3). */
char *switch_next_version(const char *version);

#endif
