#include "agent/document/over.h"

#include "lib/base/clock.h"

bool call_is_over(const struct flume_call *call)
{
	return call && (flume_cancel_requested(call->cancel) ||
			(call->deadline_ns &&
			 clock_has_come(flume_clock_real(), call->deadline_ns)));
}
