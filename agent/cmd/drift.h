/* drift.h - inside agent/cmd: how files differ from what etcd holds. */
#ifndef FLUME_AGENT_CMD_DRIFT_H
#define FLUME_AGENT_CMD_DRIFT_H

#include "agent/cmd/cmd.h"
#include "agent/cmd/options.h"

struct drift_options {
	const char *const *files; /* NULL at the end */
	const char *etcd, *prefix;
	const struct etcd_how *how;
	int output;
};

/* Prints it.  CMD_DONE: they are what etcd holds, to the last byte; CMD_NEGATIVE: they differ; or
 * another exit code. */
int drift(const struct drift_options *);

#endif
