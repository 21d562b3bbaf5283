/* kinds.h - the kinds of components that reach outside of the process, or lean on a library that may
 * not be trusted to end: one file and one row each. */
#ifndef FLUME_AGENT_OUTSIDE_KINDS_H
#define FLUME_AGENT_OUTSIDE_KINDS_H

#include "lib/flume.h"

/* What is made, and what is made instead where schemas are only checked: no file, no socket, no
 * thread, and nothing can be sent. */
/* clang-format off */
#define OUTSIDE_KINDS(X) \
	X(kind_redact_hash, kind_redact_hash_unopened) \
	X(kind_jq, kind_jq) \
	X(kind_jq_predicate, kind_jq_predicate) \
	X(kind_jq_condition, kind_jq_condition) \
	X(kind_lookup, kind_lookup_unopened) \
	X(kind_enrich, kind_enrich_unopened) \
	X(kind_dead_letter, kind_dead_letter) \
	X(kind_null, kind_null) \
	X(kind_stdout, kind_stdout) \
	X(kind_file, kind_file_unopened) \
	X(kind_unix, kind_unix_unopened) \
	X(kind_http_channel, kind_http_channel_unopened)
/* clang-format on */

#define X(row, unopened)                     \
	extern const struct flume_maker row; \
	extern const struct flume_maker unopened;
OUTSIDE_KINDS(X)
#undef X

/* Makes all of them known to a factory of documents. */
int outside_register(flume_factory *, struct flume_err *err);
/* The same for a factory that only checks schemas and runs their cases. */
int outside_register_unopened(flume_factory *, struct flume_err *err);

#endif
