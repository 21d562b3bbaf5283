/* progress.h - inside agent/cmd: how far a long run has come, how fast, and how long it will take.
 * Pure: it is told the time and the counts. */
#ifndef FLUME_AGENT_CMD_PROGRESS_H
#define FLUME_AGENT_CMD_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#define PROGRESS_MARKS 16

struct progress_mark {
	int64_t at_ns;
	uint64_t documents, bytes;
};

struct progress { /* all zero is none yet */
	struct progress_mark marks[PROGRESS_MARKS];
	size_t n; /* told so far */
};

/* Takes down where it is now, and writes a line without an end: "1234567 documents, 410000/s, 143.5
 * MB/s, 37 %, 12 s left".  Rates are those since the oldest of the last PROGRESS_MARKS calls.  The
 * last two are left out when `total`, the bytes there will be, is 0, and the time left also while no
 * rate is known. */
void progress_tell(struct progress *, struct progress_mark now, uint64_t total, char *out,
		   size_t size);

#endif
