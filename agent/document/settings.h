/*
 * settings.h - what a declaration says, or its table's default where it says nothing.
 *
 * The library has checked the declaration against the table; what a table cannot say is looked at
 * here, and is a finding.
 */
#ifndef FLUME_AGENT_DOCUMENT_SETTINGS_H
#define FLUME_AGENT_DOCUMENT_SETTINGS_H

#include "agent/document/path.h"

/* NULL where there is neither a value nor a default. */
const char *setting_text(const struct flume_field *table, const flume_value *decl,
			 const char *name);
int64_t setting_count(const struct flume_field *table, const flume_value *decl,
		      const char *name);
/* In nanoseconds. */
int64_t setting_duration(const struct flume_field *table, const flume_value *decl,
			 const char *name);
/* Of a percentage: in thousandths of a per cent, 0 to SPLIT_WHOLE of split.h. */
uint32_t setting_share(const struct flume_field *table, const flume_value *decl,
		       const char *name);

/* One of `words`, NULL at the end: its number.  Returns 0, or FLUME_REJECTED with a finding. */
int setting_choice(unsigned *out, const char *const *words, const struct flume_field *table,
		   const flume_value *decl, const char *name, const char *at, flume_report *);

/* A finding about `name` of a declaration that stands at `at`; returns FLUME_REJECTED. */
int setting_refuse(const flume_value *decl, const char *name, const char *at, flume_report *,
		   const char *hint, const char *fmt, ...) FLUME_PRINTF(6, 7);

#endif
