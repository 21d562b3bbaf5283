/* One write a line, so that lines of several threads and processes do not mix. */
#include "agent/document/line.h"

#include "agent/document/document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A second write happens only where the first was cut short: a full disk, a signal. */
static int write_all(int fd, const char *name, const char *s, size_t len, struct flume_err *err)
{
	while (len) {
		ssize_t n = write(fd, s, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return flume_fail(err, FLUME_IO, "%s: %s", name, strerror(errno));
		s += n;
		len -= (size_t)n;
	}
	return FLUME_OK;
}

int line_send(const struct flume_call *call, int fd, const char *name, void *item,
	      struct flume_err *err)
{
	if (call && call->flags & FLUME_CALL_CANARY) {
		document_free(item);
		return FLUME_OK;
	}
	size_t len;
	char *line = document_dump(item, &len);
	document_free(item);
	if (!line)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	line[len] = '\n';
	int rc = write_all(fd, name, line, len + 1, err);
	free(line);
	return rc;
}
