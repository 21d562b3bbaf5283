/* trial.h - inside agent/cmd: would nodes take a text, among what etcd holds?  Checked, and tried, here and now. */
#ifndef FLUME_AGENT_CMD_TRIAL_H
#define FLUME_AGENT_CMD_TRIAL_H

#include "agent/conf/conf.h"
#include "agent/etcd/sync.h"

#include <stdbool.h>

struct trial {
	struct etcd_sync *etcd;
	const char *prefix, *name;
	const char *text;
	size_t len;
	const struct conf *conf; /* with the components of the nodes */
	int64_t case_limit_ns;
};

/* Lint, with the switches that etcd holds, and the canary cases.  0; CMD_NEGATIVE: it does not pass, and what is
 * wrong is written to stderr, or, if `why` is not NULL, the first of it there, in one line; or another exit code.
 * What it could not be tried for is always written to stderr: then `why` is "", and the code, CMD_NEGATIVE too,
 * is no verdict. */
int trial_schema(const struct trial *, char why[256]);
/* The same of a switch: does it fit the schemas? */
int trial_switch(const struct trial *, char why[256]);

#endif
