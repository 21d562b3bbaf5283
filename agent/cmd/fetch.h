/* fetch.h - inside agent/cmd: one request to an agent. */
#ifndef FLUME_AGENT_CMD_FETCH_H
#define FLUME_AGENT_CMD_FETCH_H

#include "lib/base/text.h"

/* `url` and `path` are put together; `accept` may be NULL.  Returns 0 for an answer with status
 * 200, and else FLUME_NOT_FOUND (404), FLUME_REFUSED (401, 403), FLUME_TIMED_OUT, FLUME_IO
 * (nobody there, or another status), FLUME_INVALID (no URL) or FLUME_NOMEM, with `err` filled.
 */
int fetch(const char *url, const char *path, const char *accept, struct text *out,
	  struct flume_err *err);

struct fetch_request {
	const char *url, *path;
	const char *socket; /* of the agent; NULL: the url has host and port */
	const char *method;
	const char *body;  /* JSON */
	const char *token; /* bearer; may be NULL */
};
/* 0 for any success.  Else as fetch(), or FLUME_CONFLICT (409) or FLUME_INVALID (another 4xx), with
 * what the agent said. */
int fetch_send(const struct fetch_request *, struct flume_err *err);

#endif
