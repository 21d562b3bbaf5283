/* fetch.h - inside agent/cmd: one GET from an agent. */
#ifndef FLUME_AGENT_CMD_FETCH_H
#define FLUME_AGENT_CMD_FETCH_H

#include "lib/base/text.h"

/* `url` and `path` are put together; `accept` may be NULL.  Returns 0 for an answer with status
 * 200, and else FLUME_NOT_FOUND (404), FLUME_REFUSED (401, 403), FLUME_TIMED_OUT, FLUME_IO
 * (nobody there, or another status), FLUME_INVALID (no URL) or FLUME_NOMEM, with `err` filled.
 */
int fetch(const char *url, const char *path, const char *accept, struct text *out,
	  struct flume_err *err);

#endif
