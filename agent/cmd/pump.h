/* pump.h - inside agent/cmd: documents from a descriptor through a pipeline to another. */
#ifndef FLUME_AGENT_CMD_PUMP_H
#define FLUME_AGENT_CMD_PUMP_H

#include "agent/cmd/blocks.h"
#include "agent/cmd/outlet.h"

struct pump {
	struct intake in;
	const char *input; /* how it is called in messages; lent */
	struct outlet out;
	struct outlet *rejects; /* gets {line, error, input}; NULL: stderr is told */
	bool json;              /* on stderr */
	unsigned threads;

	/* What became of it. */
	struct blocks_count count;
	int signal; /* that ended it; 0: none */

	struct blocks *blocks;
	struct text rejected; /* not written yet */
};

/* Until the input ends, SIGINT or SIGTERM comes, or nobody wants the output any more.  Shows progress
 * on stderr when that is a terminal and the output is none.  0; FLUME_IO when the input cannot be
 * read (in.error), or FLUME_NOMEM.  The outlets say for themselves what went wrong with them. */
int pump_run(struct pump *, flume_pipeline *);
void pump_fini(struct pump *);

#endif
