/* kinds.h - the kinds of components that work on documents: one file and one row each. */
#ifndef FLUME_AGENT_DOCUMENT_KINDS_H
#define FLUME_AGENT_DOCUMENT_KINDS_H

#include "lib/flume.h"

/* A new row changes no other. */
/* clang-format off */
#define DOCUMENT_KINDS(X) \
	X(kind_set) \
	X(kind_default) \
	X(kind_remove) \
	X(kind_keep) \
	X(kind_require) \
	X(kind_rename) \
	X(kind_move) \
	X(kind_convert) \
	X(kind_math) \
	X(kind_format) \
	X(kind_fail) \
	X(kind_redact) \
	X(kind_sample) \
	X(kind_dedupe) \
	X(kind_parse_json) \
	X(kind_parse_kv) \
	X(kind_parse_regex) \
	X(kind_parse_timestamp) \
	X(kind_drop) \
	X(kind_equals) \
	X(kind_in) \
	X(kind_between) \
	X(kind_cidr) \
	X(kind_exists) \
	X(kind_greater) \
	X(kind_less) \
	X(kind_matches) \
	X(kind_all) \
	X(kind_any) \
	X(kind_not) \
	X(kind_field) \
	X(kind_bucket) \
	X(kind_merge) \
	X(kind_collect) \
	X(kind_first) \
	X(kind_handler_set) \
	X(kind_handler_drop)

/* clang-format on */

#define X(row) extern const struct flume_maker row;
DOCUMENT_KINDS(X)
#undef X

/* All of them, NULL at the end. */
extern const struct flume_maker *const document_kinds[];

/* Makes all of them known to a factory of documents.  Those that reach outside of the process are in
 * agent/outside. */
int document_register(flume_factory *, struct flume_err *err);

#endif
