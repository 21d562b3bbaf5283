/* line.h - an item as one line of JSON: what the channels stdout and file share. */
#ifndef FLUME_AGENT_DOCUMENT_LINE_H
#define FLUME_AGENT_DOCUMENT_LINE_H

#include "lib/flume.h"

/* Takes the item, a document, even on failure.  Writes nothing in a canary call.  `name` is for
 * messages.  Returns 0, FLUME_IO or FLUME_NOMEM. */
int line_send(const struct flume_call *, int fd, const char *name, void *item,
	      struct flume_err *err);

#endif
