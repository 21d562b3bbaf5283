/* intake.h - inside agent/cmd: whole lines from a file, pipe or terminal, in blocks. */
#ifndef FLUME_AGENT_CMD_INTAKE_H
#define FLUME_AGENT_CMD_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct block_in { /* all zero is an empty one */
	char *s;
	size_t len, cap;
};

struct intake {      /* the first four are the caller's */
	int fd;      /* any kind; lent */
	int wake;    /* readable when nothing more is to be waited for; -1: none */
	size_t most; /* bytes of a line */
	size_t size; /* bytes of a block, unless a line is longer */
	int error;   /* errno, after FLUME_IO */
	bool waits;  /* it is no regular file, so reading may wait */
	bool known;  /* that */
	bool skipping, done, woken;
	struct block_in rest; /* behind the last line that is whole */
};

enum intake_outcome { INTAKE_END = 0, INTAKE_LINES = 1 };

/* The next lines, at least one: as many as are there, so that nobody waits for an answer while we
 * wait for more.  A block ends with a line, which has no newline when the input ends there, or when
 * it is too long: then it is `most` bytes and two, and the rest of it is passed over.
 * Returns INTAKE_LINES, INTAKE_END (also when `wake` is readable; a line that has not ended yet is
 * dropped then), FLUME_IO or FLUME_NOMEM. */
int intake_read(struct intake *, struct block_in *);
void intake_fini(struct intake *);

void block_in_fini(struct block_in *);

#endif
