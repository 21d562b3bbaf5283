/*
 * doctor.h - inside agent/cmd: what 'flume doctor' looks at.  Each check says one line, changes
 * nothing, and keeps to the time that is left.  No secret is ever part of a line.
 */
#ifndef FLUME_AGENT_CMD_DOCTOR_H
#define FLUME_AGENT_CMD_DOCTOR_H

#include "agent/cmd/cmd.h"
#include "agent/cmd/options.h"
#include "lib/base/text.h"

struct doctor_options {
	const char *etcd, *prefix, *dir, *node, *state, *listen, *socket, *config;
	const char *const *urls;
	struct etcd_how how;
	int64_t timeout;
	int output;
};

enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor {
	const struct doctor_options *options;
	const struct conf *conf;
	char node[129];
	int64_t deadline; /* of loop_now */
	struct text told;
	size_t n;
	bool failed;
};

/* One line: what was looked at, what was found, and what to do about it (NULL: nothing). */
void doctor_say(struct doctor *, enum doctor_level, const char *check, const char *advice,
		const char *fmt, ...) FLUME_PRINTF(5, 6);
/* Milliseconds, `most` at the most; 0: the time is over, and that was said. */
int doctor_time(struct doctor *, const char *check, int most);

struct doctor_request {
	const char *url, *path;
	const char *socket;          /* NULL: the url has host and port */
	const char *ca, *cert, *key; /* files; NULL: none */
	const char *server_name;     /* in the certificate; NULL: the url's host */
	int within_ms;
};
struct doctor_reply { /* text_fini the body either way */
	long status;
	struct text body; /* its beginning */
	int64_t date;     /* what the server takes the time for; 0: it did not say */
	int64_t took_ns;
};
/* 0 for an answer of any status; else as fetch(), with `err` filled. */
int doctor_get(const struct doctor_request *, struct doctor_reply *, struct flume_err *);

void doctor_etcd(struct doctor *);
void doctor_host(struct doctor *);
void doctor_agent(struct doctor *);

#endif
