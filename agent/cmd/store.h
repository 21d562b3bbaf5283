/* store.h - inside agent/cmd: the schemas that etcd holds. */
#ifndef FLUME_AGENT_CMD_STORE_H
#define FLUME_AGENT_CMD_STORE_H

#include "agent/cmd/files.h"
#include "agent/cmd/options.h"
#include "agent/etcd/sync.h"

/* What OPTION_ETCD was told, for the client of etcd. */
struct etcd_options store_options(const char *endpoints, const struct etcd_how *);
bool store_silence_good(const struct etcd_how *);
/* 0, or the exit code after saying what is wrong with it. */
int store_check(const struct etcd_how *);

/* What is wrong is written to stderr.  0 or an exit code. */
int store_open(struct etcd_sync **out, const char *endpoints, const struct etcd_how *,
	       const char *prefix);
/* All entries whose keys begin with `prefix` and `folder` ("schemas/", "nodes/").  Keys that
 * cannot be names are left out. */
int store_list(struct etcd_sync *, const char *prefix, const char *folder,
	       struct etcd_result *out);
/* The name in a key of such a list. */
const char *store_name(const struct etcd_kv *, const char *prefix, const char *folder);
/* The entry of this name, or NULL. */
const struct etcd_kv *store_find(const struct etcd_result *, const char *prefix,
				 const char *folder, const char *name);
/* The schemas in a list, parsed, without those whose names are in `except` (may be NULL); what
 * does not parse has findings in its report. */
int store_parse(struct files *, const struct etcd_result *, const char *prefix,
		const struct files *except);

#endif
