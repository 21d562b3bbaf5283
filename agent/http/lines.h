/* lines.h - small files of the kernel, by the line. */
#ifndef FLUME_AGENT_HTTP_LINES_H
#define FLUME_AGENT_HTTP_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* The first line that begins with `start`, cut to `size`.  False, and "", when there is none. */
bool lines_find(const char *path, const char *start, char *out, size_t size);

#endif
