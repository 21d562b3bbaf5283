/* rotate.h - a file that gives way to an empty one: NAME becomes NAME.1, that NAME.2, and so on. */
#ifndef FLUME_AGENT_OUTSIDE_ROTATE_H
#define FLUME_AGENT_OUTSIDE_ROTATE_H

#include "lib/flume.h"

/* Opens a new file under `name` for appending; the one there becomes NAME.1, and the one that would
 * become NAME.(keep + 1) is gone.  Returns a descriptor, or FLUME_IO or FLUME_NOMEM, and then `name` is
 * what it was. */
int rotate_file(const char *name, unsigned keep, struct flume_err *err);
/* A regular file, a pipe or a device, opened for appending; created when it is not there. -1: errno. */
int rotate_open(const char *name);

#endif
