#include "agent/switches/judge.h"

#include <string.h>

struct count { /* of the variants */
	size_t absent, coming;
	const char *first_absent, *first_coming; /* NULL: none */
};

static const char *variant(const struct ab_switch *sw, size_t i)
{
	return ab_variant(sw, i)->name;
}

static struct count count(const struct judge_world *w, const struct ab_switch *sw)
{
	struct count n = {0};
	for (size_t i = 0; i < ab_count(sw); i++) {
		enum engine_presence there = w->find(w->arg, variant(sw, i));
		n.absent += there == ENGINE_ABSENT;
		n.coming += there == ENGINE_COMING;
		if (there == ENGINE_ABSENT && !n.first_absent)
			n.first_absent = variant(sw, i);
		if (there == ENGINE_COMING && !n.first_coming)
			n.first_coming = variant(sw, i);
	}
	return n;
}

static bool wants_front(const struct judge_world *w, const struct ab_switch *sw,
			const struct count *n)
{
	enum ab_front said = ab_front(sw);
	return said == AB_FRONT_YES ||
	       (said == AB_FRONT_UNSAID && (w->serves || n->absent < ab_count(sw)));
}

static bool name_is_taken(const struct judge_world *w, const struct ab_switch *sw)
{
	return w->find(w->arg, ab_name(sw)) != ENGINE_ABSENT;
}

/* ---- findings ---- */

/* Where the document says that variant. */
static const flume_value *place_of(const struct ab_switch *sw, const char *name)
{
	const flume_value *root = flume_schema_get_root(ab_document(sw));
	const flume_value *variants = flume_value_get(root, "variants");
	for (size_t i = 0; i < flume_value_size(variants); i++) {
		const flume_value *key = flume_value_key(variants, i);
		if (key && !strcmp(flume_value_text(key), name))
			return key;
	}
	return variants ? variants : root;
}

static void add_taken(const struct judge_world *w, const struct ab_switch *sw,
		      flume_report *report)
{
	flume_report_add(report, "name-taken", "switch", flume_schema_get_root(ab_document(sw)),
			 NULL,
			 "there is a schema '%s' %s: a switch must have a name of its own",
			 ab_name(sw), w->where);
}

static void add_unknown(const struct judge_world *w, const struct ab_switch *sw,
			flume_report *report)
{
	for (size_t i = 0; i < ab_count(sw); i++)
		if (w->find(w->arg, variant(sw, i)) == ENGINE_ABSENT)
			flume_report_add(
				report, "unknown-schema", "switch.variants",
				place_of(sw, variant(sw, i)),
				"where documents are not sent to the switch, say front: false",
				"there is no schema '%s' %s: a switch in front has one for "
				"each variant",
				variant(sw, i), w->where);
}

static void add_coming(const struct ab_switch *sw, const char *name, flume_report *report)
{
	flume_report_add(report, "unknown-schema", "switch.variants", place_of(sw, name), NULL,
			 "schema '%s' does not run here yet", name);
}

/* ---- the verdict ---- */

enum judge_verdict judge(const struct judge_world *w, const struct ab_switch *sw,
			 bool *out_front, flume_report *report)
{
	struct count n = count(w, sw);
	bool front = wants_front(w, sw, &n), taken = name_is_taken(w, sw);
	int rc = w->check_routes(w->arg, sw, report);
	if (rc == FLUME_NOMEM)
		return JUDGE_NOMEM;
	if (taken)
		add_taken(w, sw, report);
	if (front && n.absent)
		add_unknown(w, sw, report);
	if (rc || taken || (front && n.absent))
		return JUDGE_REJECTED;
	if (front && n.coming) {
		add_coming(sw, n.first_coming, report);
		return JUDGE_WAITS;
	}
	*out_front = front;
	return JUDGE_GO;
}

enum judge_front judge_front(const struct judge_world *w, const struct ab_switch *sw,
			     const char **out_missing)
{
	struct count n = count(w, sw);
	const char *missing = n.first_absent ? n.first_absent : n.first_coming;
	*out_missing = NULL;
	if (!wants_front(w, sw, &n))
		return JUDGE_BEHIND;
	if (name_is_taken(w, sw))
		return JUDGE_NAME_TAKEN;
	*out_missing = missing;
	return missing ? JUDGE_UNSERVED : JUDGE_FRONT;
}

bool judge_is_unasked(const struct judge_world *w, const struct ab_switch *sw, bool asked)
{
	struct count n = count(w, sw);
	return !asked && ab_front(sw) == AB_FRONT_UNSAID && !wants_front(w, sw, &n);
}
