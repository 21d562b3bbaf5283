/* The shape of a `canary` section that stands by itself, in a document of cases for a schema. */
#include "lib/base/report.h"
#include "lib/check/check.h"

static void check_section(const flume_value *canary, struct place *place, flume_report *report)
{
	if (flume_value_type(canary) == FLUME_MAP)
		canary_check(canary, place, report);
	else
		flume_report_add(report, "wrong-type", place_text(place), canary, NULL,
				 "expected a map with a list of cases");
}

int flume_canary_check(const flume_value *canary, flume_report *given)
{
	flume_report own = {0}, *report = given ? given : &own;
	struct place place;
	size_t before = flume_report_size(report);
	place_init(&place, "canary");
	check_section(canary, &place, report);
	bool rejected = flume_report_size(report) > before || report_full(report);
	bool failed = place.failed || report_failed_alloc(report);
	place_fini(&place);
	report_fini(&own);
	return rejected ? FLUME_REJECTED : failed ? FLUME_NOMEM : FLUME_OK;
}
