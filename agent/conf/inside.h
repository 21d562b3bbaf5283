/* inside.h - what the files of this room share. */
#ifndef FLUME_AGENT_CONF_INSIDE_H
#define FLUME_AGENT_CONF_INSIDE_H

#include "agent/conf/conf.h"

/* Where a value comes from; a list from one place replaces the list from the ones before. */
enum conf_layer { CONF_DEFAULT, CONF_FILE, CONF_ENVIRONMENT, CONF_FLAGS };

/* Stores `text`, which must live as long as the conf unless the type is CONF_TEXTS, in the
 * field of the row.  Returns 0, FLUME_NOMEM, or FLUME_INVALID with what it is not: "is not a
 * duration (30s, 1m30s, 500ms)". */
int conf_store(struct conf *, const struct conf_option *, void *out, enum conf_layer,
	       const char *text, struct flume_err *err);
/* Starts a list of this layer, so that an empty one also replaces what was there. */
int conf_begin_list(struct conf *, const struct conf_option *, void *out, enum conf_layer);

/* Keys of a file that are no options; NULL at the end. */
extern const char *const conf_sections[];
bool conf_is_section(const char *name);

const struct conf_option *conf_find(const struct conf_option *table, const char *name);
/* The nearest name in `own` and `others` (may be NULL), or NULL.  `in_file`: only of those that
 * a file may have. */
const char *conf_suggest(const struct conf_request *, bool in_file, const char *name);

/* Stores what the text in the conf says.  0, FLUME_SYNTAX, FLUME_REJECTED or FLUME_NOMEM. */
int conf_read_text(struct conf *, const struct conf_request *, void *out, flume_report *);
/* Reads the file, and its text. */
int conf_read_file(struct conf *, const struct conf_request *, void *out, const char *path,
		   flume_report *, struct flume_err *err);

#endif
