/*
 * canary.h - the cases that a schema brings with it, run on a pipeline that serves nobody yet.
 *
 * Works in the thread of its caller; trial.h has it run on threads of its own.  The items of
 * the factory are documents.  Reads the schema only, so any thread may, at the same time as
 * others.
 */
#ifndef FLUME_AGENT_ENGINE_CANARY_H
#define FLUME_AGENT_ENGINE_CANARY_H

#include "agent/engine/probation.h"
#include "lib/flume.h"

/* How many cases there are; 0 without a `canary`. */
size_t canary_size(const flume_schema *);

/* What the schema says of its probation; what it does not say is taken from `defaults`. */
struct probation_limits canary_probation(const flume_schema *,
					 const struct probation_limits *defaults);

/* The most that a case may run, whatever max_latency says.  (A smaller one still fails a case.) */
#define CANARY_CASE_MOST INT64_C(10000000000)

struct canary_run {
	int64_t case_limit_ns; /* of a case, where the schema has no max_latency */
	flume_cancel *cancel;  /* may be NULL */
	/* Called before each run of a case with its limit; may be NULL. */
	void (*begun)(void *arg, const char *what, int64_t limit_ns);
	void *arg;
	flume_pipeline *running; /* that `compare: running` means; NULL: there is none */
};

/* Does the schema want its outputs compared with those of the generation that runs? */
bool canary_compares(const flume_schema *);

struct canary_result {
	char what[160]; /* "case 'premium orders get ten per cent off'", "case 3" */
	int64_t took_ns;
	char why[320]; /* of a failed one: "total: expected 90, got 100" */
};

/* Runs case `i` (from 0), and on what runs too, if the schema compares.  Returns 0, FLUME_FAILED
 * with `why`, FLUME_CANCELLED or FLUME_NOMEM.  `out` is filled in any case. */
int canary_try(const flume_schema *, size_t i, flume_pipeline *, const struct canary_run *,
	       struct canary_result *out);

/* Runs all of them up to the first that fails: "case 'x': total: expected 90, got 100". */
int canary_try_all(const flume_schema *, flume_pipeline *, const struct canary_run *,
		   struct flume_err *err);

/* How a case that never came back is put into words. */
void canary_explain_late(char *out, size_t size, int64_t took_ns, int64_t limit_ns);

#endif
