/* The shape of a `components` section: kinds of component, names, and a `kind` for each. */
#include "lib/component/scope.h"

const struct flume_field components_fields[] = {
	{"processors", FLUME_FIELD_ANY, .about = "Steps that change a document or refuse it."},
	{"predicates", FLUME_FIELD_ANY, .about = "Questions answered with yes or no."},
	{"conditions", FLUME_FIELD_ANY,
	 .about = "Questions answered with the name of a route."},
	{"reducers", FLUME_FIELD_ANY,
	 .about = "Ways to merge the results of parallel children."},
	{"error_handlers", FLUME_FIELD_ANY, .about = "What to do with an error."},
	{"channels", FLUME_FIELD_ANY, .about = "Where streams send copies."},
	{0},
};

const struct flume_field declaration_fields[] = {
	{"kind", FLUME_FIELD_TEXT, .required = true, .about = "What the component is made by."},
	{0},
};

static bool wants_map(const flume_value *value, const char *what, struct place *place,
		      flume_report *report)
{
	if (flume_value_type(value) == FLUME_MAP)
		return true;
	flume_report_add(report, "wrong-type", place_text(place), value, NULL,
			 "'%s' must be a map", what);
	return false;
}

static void check_one(const char *name, const flume_value *decl, struct place *place,
		      flume_report *report)
{
	if (!wants_map(decl, name, place, report))
		return;
	const flume_value *kind = flume_value_get(decl, "kind");
	if (!kind)
		flume_report_add(report, "missing-key", place_text(place), decl, NULL,
				 "'kind' is required");
	else if (!*flume_value_text(kind) || flume_value_type(kind) == FLUME_NULL)
		flume_report_add(report, "wrong-type", place_text(place), kind, NULL,
				 "'kind' must be text");
}

struct checking {
	struct place *place;
	flume_report *report;
};

static void check_section(void *arg, const struct flume_field *row, const flume_value *decls)
{
	struct checking *checking = arg;
	struct place *place = checking->place;
	size_t back = place_key(place, row->name);
	bool map = wants_map(decls, row->name, place, checking->report);
	for (size_t i = 0; map && i < flume_value_size(decls); i++) {
		const char *name = flume_value_text(flume_value_key(decls, i));
		size_t inner = place_key(place, name);
		check_one(name, flume_value_at(decls, i), place, checking->report);
		place_back(place, inner);
	}
	place_back(place, back);
}

void components_check(const flume_value *components, struct place *place, flume_report *report)
{
	struct checking checking = {place, report};
	if (wants_map(components, "components", place, report))
		fields_check_keys(components_fields, NULL, components, place, report,
				  check_section, &checking);
}
