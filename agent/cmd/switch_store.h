/* switch_store.h - inside agent/cmd: what etcd holds of switches, and of the schemas that they have to fit. */
#ifndef FLUME_AGENT_CMD_SWITCH_STORE_H
#define FLUME_AGENT_CMD_SWITCH_STORE_H

#include "agent/cmd/switch.h"

struct switch_store { /* all zero is an empty one */
	const struct switch_options *options;
	struct etcd_sync *etcd;
	struct etcd_result switches, schemas;
	struct files parsed; /* the schemas */
};

/* What is wrong is written to stderr.  0 or an exit code; switch_store_fini either way. */
int switch_store_open(struct switch_store *, const struct switch_options *);
/* The same with the client, and options with the prefix, filled in. */
int switch_store_read(struct switch_store *);
void switch_store_fini(struct switch_store *);

const struct etcd_kv *switch_store_find(const struct switch_store *, const char *name);
/* Does it fit the schemas that etcd holds?  0, FLUME_REJECTED with findings, or FLUME_NOMEM. */
int switch_store_check(struct switch_store *, const struct ab_switch *, flume_report *);
/* The first schema that asks that switch, or NULL. */
const char *switch_store_user(const struct switch_store *, const char *name);
/* The key of a switch; free(3). */
char *switch_store_key(const struct switch_store *, const char *name);

#endif
