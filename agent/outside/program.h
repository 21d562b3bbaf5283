/* program.h - a jq program that ends in time, whatever it says.  Any thread. */
#ifndef FLUME_AGENT_OUTSIDE_PROGRAM_H
#define FLUME_AGENT_OUTSIDE_PROGRAM_H

#include "agent/document/document.h"
#include "agent/outside/jail_wire.h"
#include "lib/base/text.h"

struct program;

extern const struct flume_field program_fields[]; /* `program`, `timeout` */

/* Of a declaration with those fields that stands at `path`, and may have others.  0; FLUME_REJECTED
 * with findings in jq's own words; FLUME_NOMEM. */
int program_make(struct program **out, const flume_value *decl, const char *path,
		 flume_report *);
void program_free(void *program); /* NULL is fine */
/* Longer than a request may be held up where it is read. */
bool program_may_block(const struct program *);

/* Runs it on the document.  0, with JAIL_RESULT and JSON in `result`, or JAIL_NONE, or JAIL_MANY.
 * FLUME_FAILED: the program's own error, too much time, too much memory; FLUME_TIMED_OUT and
 * FLUME_CANCELLED: the call was over; FLUME_NOMEM. */
int program_run(const struct program *, const struct flume_call *, const struct document *,
		enum jail_mode, enum jail_outcome *outcome, struct text *result,
		struct flume_err *err);

#endif
