#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/document/paths.h"
#include "agent/document/settings.h"

#include <stdio.h>
#include <stdlib.h>

static const struct flume_field fields[] = {
	{.name = "field",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Path of the value to compare."},
	{.name = "from",
	 .type = FLUME_FIELD_SCALAR,
	 .required = true,
	 .about = "The least it may be: a number or a text."},
	{.name = "to",
	 .type = FLUME_FIELD_SCALAR,
	 .required = true,
	 .about = "The most it may be: the same."},
	{.name = "bounds",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = "both",
	 .about = "Which of them are within: both, from, to or none."},
	{0},
};

struct between {
	struct path field;
	struct document *from, *to;
	bool with_from, with_to;
};

static bool test(const struct flume_call *call, const void *item, void *arg)
{
	(void)call;
	int above, below;
	const struct between *between = arg;
	const struct document_view from = document_root(between->from),
				   to = document_root(between->to);
	struct document_view view;
	return document_get(item, &between->field, &view) &&
	       document_view_compare(&view, &from, &above) &&
	       document_view_compare(&view, &to, &below) && above >= !between->with_from &&
	       below <= -!between->with_to;
}

static void done(void *arg)
{
	struct between *between = arg;
	path_fini(&between->field);
	document_free(between->from);
	document_free(between->to);
	free(between);
}

static int read_bound(struct document **out, const flume_value *decl, const char *name,
		      const char *at, flume_report *report)
{
	char place[512];
	snprintf(place, sizeof place, "%s.%s", at, name);
	return document_from_value(out, flume_value_get(decl, name), place, report);
}

static int check_order(const struct between *between, const flume_value *decl, const char *at,
		       flume_report *report)
{
	int order;
	const struct document_view from = document_root(between->from),
				   to = document_root(between->to);
	if (!document_view_compare(&from, &to, &order))
		return setting_refuse(decl, "to", at, report, NULL,
				      "%s and %s have no order; expected two numbers or two "
				      "texts",
				      document_kind_text(from.kind),
				      document_kind_text(to.kind));
	if (order > 0 || (order == 0 && !(between->with_from && between->with_to)))
		return setting_refuse(decl, "to", at, report, NULL,
				      "nothing lies between these");
	return FLUME_OK;
}

static int fill(struct between *between, const flume_value *decl, const char *at,
		flume_report *report)
{
	static const char *const words[] = {"none", "from", "to", "both", NULL};
	unsigned bounds = 0;
	int bad = setting_choice(&bounds, words, fields, decl, "bounds", at, report);
	between->with_from = bounds & 1;
	between->with_to = bounds & 2;
	int rc = paths_field(&between->field, decl, at, report);
	bad = rc ? rc : bad;
	if (rc != FLUME_NOMEM)
		rc = read_bound(&between->from, decl, "from", at, report);
	bad = rc ? rc : bad;
	if (rc != FLUME_NOMEM)
		rc = read_bound(&between->to, decl, "to", at, report);
	bad = rc ? rc : bad;
	return bad ? bad : check_order(between, decl, at, report);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct between *between = calloc(1, sizeof *between);
	if (!between)
		return FLUME_NOMEM;
	int rc = fill(between, decl, path, report);
	if (rc) {
		done(between);
		return rc;
	}
	out->test = test;
	out->prompt = true;
	out->arg = between;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_between = {
	.of = FLUME_PREDICATE,
	.kind = "between",
	.about = "Is the field there and between the two?  Numbers or texts.",
	.fields = fields,
	.example = "{kind: between, field: total, from: 10, to: 100}",
	.make = make,
};
