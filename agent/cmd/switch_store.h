/* switch_store.h - inside agent/cmd: the schemas and switches that etcd holds, which have to fit each other. */
#ifndef FLUME_AGENT_CMD_SWITCH_STORE_H
#define FLUME_AGENT_CMD_SWITCH_STORE_H

#include "agent/cmd/switch.h"

struct switch_store { /* all zero is an empty one */
	const char *prefix;
	struct etcd_sync *etcd;
	struct etcd_result switches, schemas;
	struct files parsed;    /* the schemas */
	struct ab_switch **all; /* a switch each; NULL: it is none */
	char *where;            /* "below /flume/schemas/" */
};

/* What is wrong is written to stderr; the prefix is lent.  0 or an exit code; switch_store_fini either
 * way. */
int switch_store_open(struct switch_store *, const char *endpoints, const struct etcd_how *,
		      const char *prefix);
/* The same with the client and the prefix filled in. */
int switch_store_read(struct switch_store *);
void switch_store_fini(struct switch_store *);

const struct etcd_kv *switch_store_find(const struct switch_store *, const char *name);
const struct etcd_kv *switch_store_find_schema(const struct switch_store *, const char *name);
/* Does it fit the schemas that etcd holds?  0, FLUME_REJECTED with findings, or FLUME_NOMEM. */
int switch_store_check(struct switch_store *, const struct ab_switch *, flume_report *);
/* Says on stderr that it decides nothing, when that is so. */
void switch_store_tell_unasked(const struct switch_store *, const struct ab_switch *);
/* Does a schema fit the switches that etcd holds?  `shared` as for ab_check_schema.  The same. */
int switch_store_check_schema(const struct switch_store *, const char *name,
			      const flume_schema *, const flume_value *shared, flume_report *);
/* The first schema that asks that switch, or NULL. */
const char *switch_store_user(const struct switch_store *, const char *name);
/* The first switch in front that sends documents to that schema, or NULL. */
const char *switch_store_sender(const struct switch_store *, const char *schema);
/* The key of a switch; free(3). */
char *switch_store_key(const struct switch_store *, const char *name);

#endif
