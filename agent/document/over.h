/* over.h - whether anybody still waits for what a call finds out.  Any thread. */
#ifndef FLUME_AGENT_DOCUMENT_OVER_H
#define FLUME_AGENT_DOCUMENT_OVER_H

#include "lib/flume.h"

/* Cancelled, or past its deadline (which counts on flume_clock_real); never, when NULL.  Once
 * true it stays so: a predicate may stop with any answer, for the step that asked looks too. */
bool call_is_over(const struct flume_call *);

#endif
