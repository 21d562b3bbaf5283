/*
 * The shape of a `canary` section: which cases, which limits.  What an input or an expectation
 * means depends on the items and is the embedding program's affair.
 */
#include "lib/check/check.h"

static const struct flume_field canary_fields[] = {
	{"cases", FLUME_FIELD_ANY, .about = "Inputs, and what must come of them."},
	{"max_latency", FLUME_FIELD_DURATION, .about = "How long any one case may take."},
	{"probation", FLUME_FIELD_ANY, .about = "What live traffic must show after the swap."},
	{0},
};

static const struct flume_field case_fields[] = {
	{"name", FLUME_FIELD_TEXT, .about = "Appears in the message when the case fails."},
	{"input", FLUME_FIELD_ANY, .required = true, .about = "The document to process."},
	{"expect", FLUME_FIELD_ANY, .about = "What is named must match; the rest is free."},
	{"expect_error", FLUME_FIELD_TEXT, .about = "Text that the error must contain."},
	{"expect_dropped", FLUME_FIELD_BOOL, .about = "The document must leave the pipeline."},
	{0},
};

static const struct flume_field probation_fields[] = {
	{"duration", FLUME_FIELD_DURATION, .about = "How long the new generation is watched."},
	{"min_requests", FLUME_FIELD_COUNT, .min = 1, .max = 1000000000,
	 .about = "With fewer there is no verdict, and the schema stays."},
	{"max_error_rate", FLUME_FIELD_PERCENT,
	 .about = "Above this, and above the rate of the generation before: roll back."},
	{0},
};

static void check_map(const struct flume_field *table, const flume_value *map,
		      struct place *place, flume_report *report)
{
	flume_fields_check(table, map, place_text(place), report);
}

static void check_case(const flume_value *one, struct place *place, flume_report *report)
{
	check_map(case_fields, one, place, report);
	int expectations = 0;
	for (const struct flume_field *row = case_fields + 2; row->name; row++)
		expectations += flume_value_get(one, row->name) != NULL;
	if (expectations > 1)
		flume_report_add(report, "exclusive", place_text(place), one, NULL,
				 "a case has only one of 'expect', 'expect_error' and "
				 "'expect_dropped'");
}

static void check_cases(const flume_value *cases, struct place *place, flume_report *report)
{
	if (flume_value_type(cases) != FLUME_LIST)
		flume_report_add(report, "wrong-type", place_text(place), cases, NULL,
				 "expected a list of cases");
	for (size_t i = 0; flume_value_type(cases) == FLUME_LIST && i < flume_value_size(cases);
	     i++) {
		size_t back = place_index(place, i, NULL);
		check_case(flume_value_at(cases, i), place, report);
		place_back(place, back);
	}
}

void canary_check(const flume_value *canary, struct place *place, flume_report *report)
{
	check_map(canary_fields, canary, place, report);
	const flume_value *cases = flume_value_get(canary, "cases");
	const flume_value *probation = flume_value_get(canary, "probation");
	size_t back = place_key(place, "cases");
	if (cases)
		check_cases(cases, place, report);
	place_back(place, back);
	place_key(place, "probation");
	if (probation)
		check_map(probation_fields, probation, place, report);
	place_back(place, back);
}
