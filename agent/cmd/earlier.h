/* earlier.h - inside agent/cmd: which earlier content a rollback means.  Pure. */
#ifndef FLUME_AGENT_CMD_EARLIER_H
#define FLUME_AGENT_CMD_EARLIER_H

#include "agent/cmd/records.h"

/* The last one before what etcd holds, `now` (without a digest: nothing); and when asked again, the one
 * before that.  `at` is 0 at first.  NULL: there is none. */
const struct record *earlier_next(const struct records *, const struct record_version *now,
				  size_t *at);
/* The newest with that version, or digest.  NULL: there is none. */
const struct record *earlier_version(const struct records *, const char *to);
/* The change that the store made at that revision, also a deletion.  NULL: there is none. */
const struct record *earlier_revision(const struct records *, const char *to);

#endif
