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

struct fetch_from { /* which agent, and what it is shown */
	const char *url;
	const char *socket; /* of the agent; NULL: the url has host and port */
	const char *token;  /* bearer; may be NULL */
};
/* The same, of either. */
int fetch_text(const struct fetch_from *, const char *path, const char *accept,
	       struct text *out, struct flume_err *err);
/* Of an answer that has no end: each piece as it comes, until `piece` returns false, which is a
 * success, or the agent ends.  Returns as fetch_send. */
typedef bool fetch_piece_fn(void *arg, const char *data, size_t len);
int fetch_stream(const struct fetch_from *, const char *path, fetch_piece_fn *piece, void *arg,
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
