/*
 * verdict.h - what a node's status says became of one write to the store.  Pure.
 */
#ifndef FLUME_AGENT_HTTP_VERDICT_H
#define FLUME_AGENT_HTTP_VERDICT_H

#include "lib/flume.h"

#include <stdint.h>

enum verdict_kind {
	VERDICT_NONE, /* not decided yet */
	VERDICT_RUNS,
	VERDICT_GONE,     /* of a deletion */
	VERDICT_REJECTED, /* `stage` and `reason` say why, `errors` has findings */
	VERDICT_HELD,     /* `reason` is a word */
	VERDICT_SUPERSEDED,
};

struct verdict { /* texts are lent by the status */
	enum verdict_kind kind;
	const char *stage, *reason;
	const flume_value *errors; /* NULL: none */
	int64_t generation;
};

/* Of the write at `revision` that set `name`, one of the "schemas" or "switches", to a text of this
 * digest; NULL: that deleted it.  `status` is the value of nodes/NODE. */
struct verdict verdict_read(const flume_value *status, const char *what, const char *name,
			    const char *digest, int64_t revision);
/* The revision of the key's last write that this node has heard of; 0: of none, or it was a deletion. */
int64_t verdict_heard(const flume_value *status, const char *what, const char *name);

#endif
