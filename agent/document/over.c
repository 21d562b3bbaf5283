#include "agent/document/over.h"

bool call_is_over(const struct flume_call *call)
{
	const struct flume_clock *clock = flume_clock_real();
	return call && (flume_cancel_requested(call->cancel) ||
			(call->deadline_ns && clock->now_ns(clock->arg) >= call->deadline_ns));
}
