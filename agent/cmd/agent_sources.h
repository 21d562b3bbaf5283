/* agent_sources.h - inside agent/cmd: where the agent takes schemas from, and all that stands beside them. */
#ifndef FLUME_AGENT_CMD_AGENT_SOURCES_H
#define FLUME_AGENT_CMD_AGENT_SOURCES_H

#include "agent/cmd/agent_options.h"
#include "agent/cmd/agent_switches.h"
#include "agent/engine/engine.h"
#include "agent/etcd/etcd.h"
#include "agent/fleet/recorder.h"
#include "agent/source/source.h"

struct agent_sources { /* all zero: none */
	struct source *main;
	struct source *beside;                       /* of what stands beside the schemas */
	struct recorder *recorder, *switch_recorder; /* NULL: none                        */
};

struct agent_parts { /* that they stand between */
	struct loop *loop;
	struct etcd *etcd; /* NULL: another owns the schemas */
	struct engine *engine;
	struct agent_switches *switches;
};

/* The changes begin to come.  0 or a negative code; agent_sources_close either way. */
int agent_sources_open(struct agent_sources *, const struct agent_parts *,
		       const struct agent_options *, const char *node, struct flume_err *err);
/* As source_etcd_reset. */
void agent_sources_reset(const struct agent_sources *, int64_t revision, int64_t since);
void agent_sources_close(struct agent_sources *);

#endif
