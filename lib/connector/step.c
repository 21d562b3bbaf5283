/* What steps have in common: giving up, and saying where. */
#include "lib/base/clock.h"
#include "lib/base/utf8.h"
#include "lib/connector/connector.h"

#include <string.h>

static size_t put(char *path, size_t at, const char *s, size_t n)
{
	memcpy(path + at, s, n);
	path[at + n] = '\0';
	return at + n;
}

/* A path that gets too long loses its beginning: the end is where it went wrong. */
int step_blame(const struct step *step, int rc, struct flume_err *err)
{
	static const char cut[] = "... > ", between[] = " > ";
	const size_t most = sizeof err->path - sizeof cut;
	char below[sizeof err->path];
	memcpy(below, err->path, sizeof below);
	const char *rest = below;
	size_t name = utf8_floor(step->name, strnlen(step->name, most));
	if (!*below) {
		put(err->path, 0, step->name, name);
	} else if (name + strlen(between) + strlen(below) < sizeof err->path) {
		size_t at = put(err->path, 0, step->name, name);
		at = put(err->path, at, between, strlen(between));
		put(err->path, at, below, strlen(below));
	} else if (strncmp(below, cut, strlen(cut)) != 0) {
		while (strlen(rest) > most && strstr(rest, between))
			rest = strstr(rest, between) + strlen(between);
		size_t at = put(err->path, 0, cut, strlen(cut));
		put(err->path, at, rest, utf8_floor(rest, strnlen(rest, most)));
	}
	return rc;
}

/* It failed, perhaps without saying why, or it made up an outcome. */
int step_unclear(const struct step *step, int rc, struct flume_err *err)
{
	if (rc > 0)
		rc = flume_fail(err, FLUME_FAILED, "returned %d, which means nothing", rc);
	else if (err->code != rc)
		flume_fail(err, rc, "%s", flume_code_text(rc));
	return step_blame(step, rc, err);
}

int call_cancelled(struct flume_err *err)
{
	return flume_fail(err, FLUME_CANCELLED, "the call was cancelled");
}

int call_check_given(const struct hub *hub, const struct flume_call *call,
		     struct flume_err *err)
{
	if (flume_cancel_requested(call->cancel))
		return call_cancelled(err);
	if (call->deadline_ns && clock_has_come(&hub->clock, call->deadline_ns))
		return flume_fail(err, FLUME_TIMED_OUT, "the deadline of the call has passed");
	return FLUME_OK;
}
