/*
 * operate.h - inside agent/cmd: what clear, hold, release and confirm have in common.
 *
 * Each says something about one schema, or about all, to one node over HTTP or to the fleet through
 * etcd; and who says it, and why.
 */
#ifndef FLUME_AGENT_CMD_OPERATE_H
#define FLUME_AGENT_CMD_OPERATE_H

#include "agent/cmd/cmd.h"
#include "agent/cmd/options.h"
#include "agent/engine/note.h"
#include "agent/etcd/sync.h"
#include "lib/base/text.h"

struct operate_options {
	const char *etcd, *prefix, *agent, *socket, *token_file, *config, *why, *by, *version;
	struct etcd_how how;
	int output;
	bool all;
};

#define OPERATE_ROW(field) offsetof(struct operate_options, field)
#define OPERATE_OPTIONS(all_about, why_about)                                                 \
	{"all", 0, CONF_FLAG, "", NULL, NULL, OPERATE_ROW(all), all_about},                   \
		{"why", 0, CONF_TEXT, "TEXT", NULL, NULL, OPERATE_ROW(why), why_about},       \
		{"by", 0,    CONF_TEXT,       "NAME",                                         \
		 NULL, NULL, OPERATE_ROW(by), "Who says so. Default: your user name."},       \
		OPTION_ETCD(operate_options), OPTION_PREFIX(operate_options),                 \
		{"agent", 0,    CONF_TEXT,          "URL",                                    \
		 NULL,    NULL, OPERATE_ROW(agent), "Tell this node alone, over TCP."},       \
		{"socket",                                                                    \
		 0,                                                                           \
		 CONF_TEXT,                                                                   \
		 "PATH",                                                                      \
		 NULL,                                                                        \
		 NULL,                                                                        \
		 OPERATE_ROW(socket),                                                         \
		 "Tell the node of this unix socket alone. Without --etcd and --agent it is " \
		 "/run/flume/flume.sock."},                                                   \
		{"token-file",                                                                \
		 0,                                                                           \
		 CONF_TEXT,                                                                   \
		 "FILE",                                                                      \
		 NULL,                                                                        \
		 NULL,                                                                        \
		 OPERATE_ROW(token_file),                                                     \
		 "Holds the bearer token for --agent."},                                      \
		OPTION_CONFIG(operate_options,                                                \
			      "The agent's configuration, for etcd and prefix."),             \
		OPTION_OUTPUT(operate_options)

#define OPERATE_EXITS                                                       \
	(1U << CMD_UNREACHABLE | 1U << CMD_CONFLICT | 1U << CMD_NOT_FOUND | \
	 1U << CMD_TIMED_OUT | 1U << CMD_NOT_ALLOWED)

struct operate {
	const struct operate_options *options;
	const char *name; /* of the schema; NULL: all */
	struct note note;
	bool fleet;
	struct etcd_sync *etcd; /* of a fleet */
	struct text told;
	size_t n_told;
};

/* What --all means: every schema in place of one, or every version of the one. */
enum operate_all { OPERATE_ALL_SCHEMAS, OPERATE_ALL_VERSIONS };

/* Finds out what is said, and to whom.  0 or an exit code; operate_end either way. */
int operate_begin(struct operate *, const struct cmd_call *, const char *command,
		  enum operate_all);
/* Prints what was told, when `code` is 0.  Returns the exit code. */
int operate_end(struct operate *, int code);

/* To the node; the note goes along.  0 or an exit code. */
int operate_ask(struct operate *, const char *method, const char *path);
/* "/schemas/NAME" and what follows; without a name `all`.  free(3). */
char *operate_path(const struct operate *, const char *below, const char *all);

/* The revision of a key, 0: there is none; its value, if asked for, as free(3) text.  And the
 * revision of the store. */
struct operate_seen {
	int64_t revision, store;
	char *value;
	size_t len;
};
int operate_look(struct operate *, const char *folder, const char *name,
		 struct operate_seen *out);
/* Writes the note, if the key is as it was seen; deletes it. */
int operate_put(struct operate *, const char *folder, const char *name,
		const struct operate_seen *);
int operate_delete(struct operate *, const char *folder, const char *name,
		   const struct operate_seen *);

/* `name` NULL: all. */
void operate_tell(struct operate *, const char *name, const char *result);

#endif
