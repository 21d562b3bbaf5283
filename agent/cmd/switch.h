/*
 * switch.h - inside agent/cmd: `flume switch VERB`.  A verb is a row; all of them have the options of one
 * command.
 */
#ifndef FLUME_AGENT_CMD_SWITCH_H
#define FLUME_AGENT_CMD_SWITCH_H

#include "agent/cmd/cmd.h"
#include "agent/cmd/store.h"
#include "agent/split/ab.h"

struct switch_options {
	const char *const *files;
	const char *etcd, *prefix, *agent, *config, *why;
	struct etcd_how how;
	int output, same_version;
	bool dry_run, force, wait;
	int64_t timeout;
	/* What is to be another in the switch; NULL and false: nothing is said. */
	const char *weights, *by, *fallback, *version;
	bool on, off;
	/* Whom to evaluate it for. */
	const char *input;
	const char *const *labels;
	int64_t keys;
};

struct switch_verb {
	const char *name;
	size_t least, most; /* words behind it */
	int (*run)(const struct switch_options *, char *const *words, size_t n);
};
extern const struct switch_verb switch_set, switch_get, switch_list, switch_delete, switch_eval,
	switch_schema;

#define SWITCHES "switches/" /* below the prefix */

/* The switch that etcd holds; NULL with a finding when it is none.  ab_unref. */
struct ab_switch *switch_of(const struct etcd_kv *, const char *name, flume_report *);
/* "compact 10, control 90" */
void switch_add_weights(struct text *, const struct ab_switch *);

#endif
