/* After the faults have stopped: does every node run what is wanted, or say rightly why not? */
#include "tests/sim/book.h"
#include "tests/sim/members.h"
#include "tests/sim/promises.h"
#include "tests/sim/trace.h"

#include <string.h>

struct finding {
	struct node *node;
	unsigned name;
	const json_t *schema; /* of the status; NULL: not in it */
	const struct draft *wanted, *runs;
	int64_t revision;
	const char *state, *reason, *stage;
};

static bool refers_to(const struct draft *d, unsigned name)
{
	return d && d->refers_to == (int)name;
}

/* Not only what serves: what may be gone back to counts as well. */
static bool has_users(const struct finding *f)
{
	for (unsigned i = 0; i < fleet_options()->names; i++)
		if (refers_to(book_serving(f->node, i), f->name))
			return true;
	return false;
}

static const char *judge_deleted(const struct finding *f)
{
	bool held = !strcmp(f->state, "held");
	if (!f->schema && !f->runs)
		return NULL;
	if (held && !strcmp(f->reason, "mass-delete") && book_of(f->node)->mass_held)
		return NULL;
	if (held && !strcmp(f->reason, "in-use") && has_users(f))
		return NULL;
	return "is still there";
}

static bool is_lower(const struct finding *f)
{
	return f->runs && flume_version_compare(f->wanted->version, f->runs->version) == -1;
}

/* A circle, a reference to what is not here. */
static bool refs_stand_against(const struct finding *f)
{
	const struct draft *at = f->wanted;
	for (unsigned i = 0; at && at->refers_to >= 0 && i < NAMES_MOST; i++) {
		if (at->refers_to == (int)f->name)
			return true;
		at = book_serving(f->node, (unsigned)at->refers_to);
		if (!at)
			return true;
	}
	return false;
}

static bool may_reject(const struct finding *f)
{
	const struct draft *w = f->wanted;
	if (!strcmp(f->stage, "parse"))
		return w->trait == DRAFT_UNPARSABLE;
	if (!strcmp(f->reason, "version-reused"))
		return f->runs && !strcmp(f->runs->version, w->version);
	if (!strcmp(f->reason, "downgrade"))
		return fleet_options()->deny_downgrade && is_lower(f);
	if (!strcmp(f->stage, "check"))
		return w->trait == DRAFT_UNKNOWN_STEP || refs_stand_against(f);
	return !strcmp(f->stage, "canary") && book_page(f->node, w)->bad;
}

static bool may_hold(const struct finding *f)
{
	const struct page_of *page = book_page(f->node, f->wanted);
	return !strcmp(f->reason, "known-bad") && (page->bad || page->crashes >= 2);
}

static const char *judge_other(const struct finding *f)
{
	if (!strcmp(f->state, "rejected"))
		return may_reject(f) ? NULL : "is rejected for no reason";
	if (!strcmp(f->state, "rolled-back"))
		return book_page(f->node, f->wanted)->bad ? NULL
							  : "is rolled back for no reason";
	if (!strcmp(f->state, "held"))
		return may_hold(f) ? NULL : "is held for no reason";
	if (!strcmp(f->state, "waiting") && !strcmp(f->reason, "unknown-ref"))
		return refs_stand_against(f) ? NULL : "waits for what is there";
	return "does not run";
}

static const char *judge(const struct finding *f)
{
	if (!f->wanted)
		return judge_deleted(f);
	if (!f->schema)
		return "is not known";
	const json_t *revision =
		json_object_get(json_object_get(f->schema, "wanted"), "revision");
	if (strcmp(book_text(f->schema, "wanted", "digest"), f->wanted->digest) != 0 ||
	    json_integer_value(revision) != f->revision)
		return "has not heard of the last change";
	if (f->runs != f->wanted)
		return judge_other(f);
	return strcmp(f->state, "running") != 0 ? "runs, and does not say so" : NULL;
}

static bool check(struct node *n, const json_t *status, unsigned name, bool aloud)
{
	struct finding f = {
		.node = n,
		.name = name,
		.schema = json_object_get(json_object_get(status, "schemas"), name_text(name)),
		.runs = book_serving(n, name),
	};
	f.wanted = book_wanted(name, &f.revision);
	f.state = book_text(f.schema, "state", NULL);
	f.reason = book_text(f.schema, "reason", NULL);
	f.stage = book_text(f.schema, "attempted", "stage");
	const char *wrong = judge(&f);
	if (wrong && aloud)
		promise_broken(
			"in the end every node runs what is wanted, or says why not: %s on "
			"%s %s (%s%s%s; wanted %s, %s; runs %s)",
			name_text(name), node_name(n), wrong, f.state, *f.reason ? ", " : "",
			f.reason, f.wanted ? f.wanted->version : "nothing",
			f.wanted ? trait_text(f.wanted->trait) : "-",
			f.runs ? f.runs->version : "nothing");
	return !wrong;
}

/* That is told now and then only. */
static void strike_proof(json_t *status)
{
	json_t *freshness = json_object_get(status, "freshness");
	json_object_del(status, "proved_revision");
	json_object_del(freshness, "proved_revision");
	json_object_del(freshness, "proved_at");
}

static bool is_told(struct node *n, json_t *status, bool aloud)
{
	char key[64];
	snprintf(key, sizeof key, "/flume/nodes/%s", node_name(n));
	const struct version *v = store_get(&cluster.store, key, cluster.store.last);
	json_t *told = v ? json_loadb(v->value, v->len, 0, NULL) : NULL;
	strike_proof(told);
	strike_proof(status);
	bool same = json_equal(told, status);
	if (!same && aloud)
		promise_broken("etcd has what a node says of itself: %s", node_name(n));
	json_decref(told);
	return same;
}

bool promises_settled(bool aloud)
{
	bool all = true;
	for (unsigned i = 0; i < fleet_options()->nodes && (all || aloud); i++) {
		struct node *n = node_at(i);
		json_t *status = book_status(n);
		if (!status)
			return false;
		for (unsigned k = 0; k < fleet_options()->names; k++)
			all = check(n, status, k, aloud) && all;
		all = is_told(n, status, aloud) && all;
		json_decref(status);
	}
	return all;
}
