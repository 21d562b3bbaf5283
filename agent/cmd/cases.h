/* cases.h - inside agent/cmd: the canary cases of checked schemas, run here and now. */
#ifndef FLUME_AGENT_CMD_CASES_H
#define FLUME_AGENT_CMD_CASES_H

#include "agent/cmd/files.h"
#include "agent/engine/canary.h"

#include <stdio.h>

struct case_result {
	const struct file *file;
	bool failed;
	struct canary_result is;
};

struct cases {                   /* all zero is none */
	struct case_result *all; /* in the order of the files and of their cases */
	size_t n, cap, failed;
};

struct cases_how {
	int64_t limit_ns; /* of a case without max_latency */
	/* What schemas that say `compare: running` are compared with: those of the same names, or
	 * one with one.  Others are not compared, and `skips` (may be NULL) hears of them. */
	const struct files *against; /* may be NULL */
	FILE *skips;
	FILE *tell; /* gets a line for each case as it ends; may be NULL */
};

/* Every file has passed bench_check in this factory.  0 or an exit code; whether cases failed,
 * `failed` says. */
int cases_run(struct cases *, const struct files *, flume_factory *, const struct cases_how *);
void cases_tell_failed(FILE *, const struct cases *);
void cases_fini(struct cases *);

/* {"cases": [...], "findings": [...]}.  0 or an exit code. */
int cases_print_json(FILE *, const struct cases *, const struct files *);
/* JUnit XML, as CI systems read it: a suite for each file; findings are errors in it.  0 or an
 * exit code. */
int cases_write_junit(const char *path, const struct cases *, const struct files *);

#endif
