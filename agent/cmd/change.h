/*
 * change.h - inside agent/cmd: one change of a document in etcd, and the record of it: written
 * together, or not at all.
 */
#ifndef FLUME_AGENT_CMD_CHANGE_H
#define FLUME_AGENT_CMD_CHANGE_H

#include "agent/cmd/options.h"
#include "agent/etcd/sync.h"
#include "agent/fleet/record.h"

/* The members `by` and `why`. */
#define OPTION_WHO(s)                                                                       \
	{"why",                                                                             \
	 'm',                                                                               \
	 CONF_TEXT,                                                                         \
	 "TEXT",                                                                            \
	 NULL,                                                                              \
	 NULL,                                                                              \
	 offsetof(struct s, why),                                                           \
	 "The reason, for those who read the history."},                                    \
	{                                                                                   \
		"by", 0, CONF_TEXT, "NAME", NULL, NULL, offsetof(struct s, by),             \
			"Who says so, for the same. Default: your user name, and the host." \
	}

struct store_change {                       /* all zero, and then: */
	const char *prefix, *folder, *name; /* "/flume/", "schemas/", "checkout"  */
	const struct etcd_kv *seen;         /* what was read of it; NULL: nothing */
	const char *text;                   /* what to put; NULL: it is deleted   */
	size_t len;
	const char *action;   /* "apply", ... */
	const char *by, *why; /* as OPTION_WHO has them */
	int64_t to;           /* of a rollback: the revision it went back to */
	/* and when it was written: */
	int64_t revision;
	struct record record;
	char *key; /* of the record */
};

/* 0 or an exit code; what is wrong is written to stderr.  CMD_CONFLICT: it is not what was seen any
 * more.  change_fini either way. */
int change_write(struct etcd_sync *, struct store_change *);
/* Adds to the records what has become of the changes by now.  Nothing hangs on it, so it fails
 * without a word. */
void change_note_outcomes(struct etcd_sync *, struct store_change *, size_t n);
void change_fini(struct store_change *);

#endif
