#include "agent/document/put.h"

#include "agent/document/assign.h"
#include "agent/document/copies.h"

#include <stdio.h>
#include <stdlib.h>

struct put {
	struct assigns *constants;
	struct copies *copies;
};

static int refuse_nothing(const flume_value *decl, const char *other, const char *at,
			  flume_report *report)
{
	if (flume_value_get(decl, "fields") || flume_value_get(decl, "copy") ||
	    (other && flume_value_get(decl, other)))
		return FLUME_OK;
	flume_report_add(report, "bad-value", at, decl, NULL,
			 "nothing to set: 'fields' or 'copy' is required");
	return FLUME_REJECTED;
}

/* A constant may be set within what was copied, but not over it. */
static int refuse_both(const struct put *put, const flume_value *decl, const char *at,
		       flume_report *report)
{
	char place[512];
	const struct path *lost = assign_over(put->constants, put->copies);
	if (!lost)
		return FLUME_OK;
	snprintf(place, sizeof place, "%s.copy", at);
	flume_report_add(report, "bad-path", place, flume_value_get(decl, "copy"), NULL,
			 "what is copied to '%.64s' is overwritten by a constant", lost->text);
	return FLUME_REJECTED;
}

int put_make(struct put **out, const flume_value *decl, const char *other, const char *at,
	     flume_report *report)
{
	struct put *put = calloc(1, sizeof *put);
	if (!put)
		return FLUME_NOMEM;
	int rc = refuse_nothing(decl, other, at, report), failed = FLUME_OK;
	if (!rc)
		rc = assign_make(&put->constants, decl, at, report);
	if (rc != FLUME_NOMEM)
		failed = copies_make(&put->copies, decl, at, report);
	rc = failed ? failed : rc;
	if (!rc)
		rc = refuse_both(put, decl, at, report);
	if (rc) {
		put_free(put);
		return rc;
	}
	*out = put;
	return FLUME_OK;
}

void put_free(void *arg)
{
	struct put *put = arg;
	if (!put)
		return;
	assign_free(put->constants);
	copies_free(put->copies);
	free(put);
}

int put_run(const struct put *put, struct document *document, struct flume_err *err)
{
	int rc = copies_run(put->copies, document, err);
	return rc ? rc : assign_run(put->constants, document, err);
}
