/* lines.h - inside agent/cmd: lines from a file or pipe, and lines to one, in large pieces. */
#ifndef FLUME_AGENT_CMD_LINES_H
#define FLUME_AGENT_CMD_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lines_in {
	int fd;
	size_t most; /* bytes of one line */
	/* Called before the reader may have to wait for more, so that what was answered so far
	 * can go out; may be NULL. */
	void (*waiting)(void *arg);
	void *arg;
	uint64_t number; /* of the line last read, from 1 */
	uint64_t bytes;  /* read so far */
	char *buffer;
	size_t cap, begin, end, seen;
	bool skipping, done;
};

enum lines_outcome { LINE_READ = 1, LINE_TOO_LONG = 2 };

/* The next line without its newline; lent until the next call.  Of a line that is too long the
 * rest is skipped, and `out` has its beginning.  Returns 0 at the end, LINE_READ,
 * LINE_TOO_LONG, FLUME_IO with errno, or FLUME_NOMEM. */
int lines_next(struct lines_in *, char **out, size_t *out_len);
void lines_fini(struct lines_in *); /* leaves the descriptor open */

struct lines_out {
	int fd;
	bool broken; /* the reader has gone; what comes is dropped */
	int error;   /* errno of what else went wrong; likewise     */
	size_t len;
	char buffer[65536];
};

/* Adds a newline. */
void lines_put(struct lines_out *, const char *s, size_t n);
void lines_flush(struct lines_out *);

#endif
