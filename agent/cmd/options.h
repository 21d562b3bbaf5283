/* options.h - inside agent/cmd: rows that several commands share.  `s` is the struct to fill.
 */
#ifndef FLUME_AGENT_CMD_OPTIONS_H
#define FLUME_AGENT_CMD_OPTIONS_H

#include "agent/conf/conf.h"

#include <stddef.h>

enum { OUTPUT_TEXT, OUTPUT_JSON };

/* How to reach etcd, beside where: the member `how` of each struct that OPTION_ETCD fills. */
struct etcd_how {
	const char *ca, *cert, *key, *server_name, *user, *password_file;
	int64_t silence;
};

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
#define OPTION_ETCD(s)                                                                        \
	{"etcd",                                                                              \
	 0,                                                                                   \
	 CONF_TEXT,                                                                           \
	 "URL,...",                                                                           \
	 NULL,                                                                                \
	 "FLUME_ETCD",                                                                        \
	 offsetof(struct s, etcd),                                                            \
	 "Endpoints of etcd, with commas between."},                                          \
		OPTION_ETCD_TEXT(                                                             \
			s, "etcd-ca", "FILE", "FLUME_ETCD_CA", ca,                            \
			"Who vouches for etcd's certificates, in PEM. Default: those "        \
			"whom this system trusts."),                                          \
		OPTION_ETCD_TEXT(s, "etcd-cert", "FILE", "FLUME_ETCD_CERT", cert,             \
				 "A client's certificate to show to etcd, in PEM; without a " \
				 "common name (CN) where etcd has users."),                   \
		OPTION_ETCD_TEXT(s, "etcd-key", "FILE", "FLUME_ETCD_KEY", key,                \
				 "The key of --etcd-cert, in PEM."),                          \
		OPTION_ETCD_TEXT(s, "etcd-server-name", "NAME", "FLUME_ETCD_SERVER_NAME",     \
				 server_name,                                                 \
				 "The name in etcd's certificates. Default: the host of the " \
				 "endpoint."),                                                \
		OPTION_ETCD_TEXT(s, "etcd-user", "NAME", "FLUME_ETCD_USER", user,             \
				 "The user of etcd to be."),                                  \
		OPTION_ETCD_TEXT(s, "etcd-password-file", "FILE", "FLUME_ETCD_PASSWORD_FILE", \
				 password_file, "Holds the password of --etcd-user."),        \
	{                                                                                     \
		"etcd-silence", 0, CONF_DURATION, "TIME", "10s", "FLUME_ETCD_SILENCE",        \
			offsetof(struct s, how.silence),                                      \
			"A member of etcd that is silent for so long is left for another."    \
	}
#define OPTION_ETCD_TEXT(s, name, value, env, field, sentence)                                \
	{                                                                                     \
		name, 0, CONF_TEXT, value, NULL, env, offsetof(struct s, how.field), sentence \
	}
#define OPTION_PREFIX(s)                                                                \
	{                                                                               \
		"prefix", 0, CONF_TEXT, "KEY", "/flume/", "FLUME_PREFIX",               \
			offsetof(struct s, prefix), "What all keys in etcd begin with." \
	}
#define OPTION_AGENT(s)                                                                       \
	{                                                                                     \
		"agent", 0, CONF_TEXT, "URL", "http://127.0.0.1:8410", "FLUME_AGENT",         \
			offsetof(struct s, agent),                                            \
			"An agent to ask when no etcd is configured; as a flag, in place of " \
			"the etcd of a file or variable.",                                    \
			.instead_of = "etcd"                                                  \
	}

/* One agent, over TCP or its socket: the members agent, socket and token_file. */
#define OPTION_NODE(s)                                                                        \
	{"agent",                                                                             \
	 0,                                                                                   \
	 CONF_TEXT,                                                                           \
	 "URL",                                                                               \
	 "http://127.0.0.1:8410",                                                             \
	 "FLUME_AGENT",                                                                       \
	 offsetof(struct s, agent),                                                           \
	 "The agent to ask, over TCP."},                                                      \
		{"socket",                                                                    \
		 0,                                                                           \
		 CONF_TEXT,                                                                   \
		 "PATH",                                                                      \
		 NULL,                                                                        \
		 NULL,                                                                        \
		 offsetof(struct s, socket),                                                  \
		 "The agent to ask, over its unix socket."},                                  \
	{                                                                                     \
		"token-file", 0, CONF_TEXT, "FILE", NULL, NULL,                               \
			offsetof(struct s, token_file), "Holds the bearer token for --agent." \
	}

#define OPTION_CASE_LIMIT(s, reload)                                                   \
	{                                                                              \
		"case-limit", 0, CONF_DURATION, "TIME", "1s", "FLUME_CASE_LIMIT",      \
			offsetof(struct s, case_limit),                                \
			"How long a canary case without max_latency may take.", reload \
	}

#endif
