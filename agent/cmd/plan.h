/* plan.h - inside agent/cmd: what is to be applied, checked and tried, and in which order. */
#ifndef FLUME_AGENT_CMD_PLAN_H
#define FLUME_AGENT_CMD_PLAN_H

#include "agent/cmd/bench.h"
#include "agent/cmd/switch_store.h"

#include <stdint.h>

struct plan {
	struct files files;  /* to be applied                                        */
	struct files others; /* what etcd holds besides, for the files to refer to   */
	const struct switch_store
		*switches; /* whose switches they have to fit, lent; or NULL */
	size_t *order;     /* numbers of files, each after the ones it refers to   */
};

/* The words of -f and the arguments.  0 or an exit code. */
int plan_read(struct plan *, const char *const *words, const struct conf *);
/* Lint, and the canary cases.  With `others` filled in.  What is wrong is written to stderr, or as
 * JSON to stdout: an array with an object for each file, as after a success.  0 or an exit code. */
int plan_check(struct plan *, const struct conf *, int64_t case_limit_ns, bool json);
void plan_fini(struct plan *);

#endif
