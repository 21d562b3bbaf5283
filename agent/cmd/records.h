/* records.h - inside agent/cmd: the history of one name, as etcd has it, the newest first. */
#ifndef FLUME_AGENT_CMD_RECORDS_H
#define FLUME_AGENT_CMD_RECORDS_H

#include "agent/etcd/sync.h"
#include "agent/fleet/record.h"

struct records_one {
	struct record record; /* its version has the revision of the change */
	flume_value *root;
	const struct etcd_kv
		*kv; /* as etcd has it; NULL: nothing is recorded (yet) of what it holds */
};

struct records { /* all zero is none */
	struct records_one *all;
	size_t n;
	struct etcd_result list, document;
	const struct etcd_kv *now; /* the document itself; NULL: there is none */
};

/* What is no record is told on stderr, and left out.  0 or an exit code. */
int records_read(struct records *, struct etcd_sync *, const char *prefix, const char *folder,
		 const char *name);
void records_fini(struct records *);
/* The same in `folder`, "schemas/" or "switches/"; NULL there: of the schema, or, where nothing is known of one,
 * of the switch, and `folder` is set.  CMD_NOT_FOUND, after saying so: nothing is known of either. */
int records_find(struct records *, struct etcd_sync *, const char *prefix, const char **folder,
		 const char *name);

/* Asks the live nodes what has become of the newest.  0 or an exit code. */
int records_ask_nodes(struct records *, struct etcd_sync *, const char *prefix,
		      const char *folder, const char *name);
/* Writes down what they said, where nobody has.  Nothing hangs on it, so it fails without a word. */
void records_note_outcome(const struct records *, struct etcd_sync *);
/* Does every live node that has something of that name run that very content, and one at least?  0 or an
 * exit code. */
int records_ask_running(bool *out, struct etcd_sync *, const char *prefix, const char *folder,
			const char *name, const char *digest);

#endif
