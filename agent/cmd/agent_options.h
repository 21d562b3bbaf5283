/* agent_options.h - inside agent/cmd: what the agent can be told, and what follows from it. */
#ifndef FLUME_AGENT_CMD_AGENT_OPTIONS_H
#define FLUME_AGENT_CMD_AGENT_OPTIONS_H

#include "agent/cmd/options.h"

#include <stdbool.h>

enum { SAME_VERSION_REJECT, SAME_VERSION_APPLY };
enum { DOWNGRADE_ALLOW, DOWNGRADE_DENY };

struct agent_options {
	const char *etcd, *dir, *prefix, *node, *state, *listen, *socket, *token_file,
		*url_ca_file, *url_token_file, *config;
	struct etcd_how how;
	const char *const *labels, *const *allow_hosts, *const *urls, *const *tap_redact;
	int64_t poll, record_within, blind_after, probation, probation_requests, case_limit,
		max_body, request_timeout, idle, stream_idle, drain;
	double probation_error_rate;
	int log, log_level, same_version, downgrade;
	bool write_through;
};

extern const struct conf_option agent_option_rows[];

struct agent_facts { /* all zero is an empty one */
	char node[129];
	char *token;  /* NULL: none */
	char *socket; /* NULL: none */
	bool socket_optional;
	int64_t blind_after; /* as asked for, where the source proves often enough */
	char *read_only;     /* why HTTP may not change schemas; NULL: it may */
	const char *blame;   /* the option that is wrong, when one is; lent   */
};

/* Looks at what no single row can say.  0, FLUME_INVALID or FLUME_NOMEM, with `err` filled;
 * agent_facts_fini either way. */
int agent_facts(struct agent_facts *, const struct agent_options *, struct flume_err *err);
/* The name of the node; `given` NULL: after the host.  False: it cannot name one. */
bool agent_node_name(char out[129], const char *given);
void agent_facts_fini(struct agent_facts *);

#endif
