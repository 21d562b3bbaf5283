/* sums.h - what can be done with numbers: integers as long as they are exact.  Pure. */
#ifndef FLUME_AGENT_DOCUMENT_SUMS_H
#define FLUME_AGENT_DOCUMENT_SUMS_H

#include "agent/document/number.h"
#include "lib/flume.h"

struct sum {
	const char *name;
	char sign;  /* of an operator */
	bool binds; /* before + and - */
	unsigned least, most;
	const char *takes;
	/* Puts the result in the place of the first. */
	int (*run)(struct number *numbers, unsigned n, struct flume_err *err);
};

extern const struct sum sum_negative;
const struct sum *sum_named(const char *name, size_t len); /* NULL when there is none */
const struct sum *sum_signed(char sign);

/* Returns 0, or FLUME_FAILED when the result is no number that can be written. */
int sum_run(const struct sum *, struct number *numbers, unsigned n, struct flume_err *err);

#endif
