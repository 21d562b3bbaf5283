/* What steps have in common: giving up, and saying where. */
#include "lib/connector/connector.h"

#include <stdio.h>
#include <string.h>

int step_blame(const struct step *step, int rc, struct flume_err *err)
{
	char below[sizeof err->path];
	memcpy(below, err->path, sizeof below);
	int n = snprintf(err->path, sizeof err->path, "%s%s%s", step->name, *below ? " > " : "",
			 below);
	if (n >= (int)sizeof err->path)
		memcpy(err->path + sizeof err->path - 4, "...", 4);
	return rc;
}

int call_check_given(const struct hub *hub, const struct flume_call *call,
		     struct flume_err *err)
{
	if (flume_cancel_requested(call->cancel))
		return flume_fail(err, FLUME_CANCELLED, "the call was cancelled");
	if (call->deadline_ns && hub_now(hub) >= call->deadline_ns)
		return flume_fail(err, FLUME_TIMED_OUT, "the deadline of the call has passed");
	return FLUME_OK;
}
