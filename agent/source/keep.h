/* keep.h - what was set over HTTP, kept in the folder that the agent follows. */
#ifndef FLUME_AGENT_SOURCE_KEEP_H
#define FLUME_AGENT_SOURCE_KEEP_H

#include "lib/flume.h"

/* Writes NAME.yaml or NAME.json (in place of whatever file stood for NAME) so that a reader
 * sees the old file or the new one, and so does the next boot.  0, or FLUME_IO, also for a file
 * that would not be read again (NAME.schema.json). */
int keep_save(const char *dir, const char *name, const char *text, size_t len,
	      enum flume_format, struct flume_err *err);
/* Removes every file that stands for NAME.  0, FLUME_NOT_FOUND when there is none, or FLUME_IO.
 */
int keep_remove(const char *dir, const char *name, struct flume_err *err);

#endif
