/* options.h - inside agent/cmd: rows that several commands share.  `s` is the struct to fill.
 */
#ifndef FLUME_AGENT_CMD_OPTIONS_H
#define FLUME_AGENT_CMD_OPTIONS_H

#include "agent/conf/conf.h"

#include <stddef.h>

enum { OUTPUT_TEXT, OUTPUT_JSON };

#define OPTION_OUTPUT(s)                                                       \
	{                                                                      \
		"output", 'o', CONF_CHOICE, "text|json", "text", NULL,         \
			offsetof(struct s, output), "How to print the result." \
	}
#define OPTION_CONFIG(s, sentence)                                    \
	{                                                             \
		"config", 0, CONF_TEXT, "FILE", NULL, "FLUME_CONFIG", \
			offsetof(struct s, config), sentence          \
	}
#define OPTION_ETCD(s)                                                                         \
	{                                                                                      \
		"etcd", 0, CONF_TEXT, "URL,...", NULL, "FLUME_ETCD", offsetof(struct s, etcd), \
			"Endpoints of etcd, with commas between."                              \
	}
#define OPTION_PREFIX(s)                                                                \
	{                                                                               \
		"prefix", 0, CONF_TEXT, "KEY", "/flume/", "FLUME_PREFIX",               \
			offsetof(struct s, prefix), "What all keys in etcd begin with." \
	}
#define OPTION_AGENT(s)                                                               \
	{                                                                             \
		"agent", 0, CONF_TEXT, "URL", "http://127.0.0.1:8410", "FLUME_AGENT", \
			offsetof(struct s, agent),                                    \
			"An agent to ask when no etcd is configured."                 \
	}

#define OPTION_CASE_LIMIT(s)                                                      \
	{                                                                         \
		"case-limit", 0, CONF_DURATION, "TIME", "1s", "FLUME_CASE_LIMIT", \
			offsetof(struct s, case_limit),                           \
			"How long a canary case without max_latency may take."    \
	}

#endif
