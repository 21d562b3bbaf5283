/*
 * The start without the store: what was proven here before runs again, straight from disk.
 *
 * Schemas may refer to one another, so those that do not check yet are tried again as long as
 * others get in.  No canary: these have run.  A copy that cannot be used gives way to the one
 * that was proven before it, and is written over by that.
 *
 * The newest revision on disk has been seen, but the change that made it comes again with the
 * first list, and is to be decided then (it may be known as bad).
 */
#include "agent/engine/inside.h"

#include "agent/engine/proven.h"
#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

struct copy { /* one file of STATE/proven */
	struct lane *lane;
	flume_schema *schema; /* NULL once it runs */
	struct facts facts;
	bool proven;
	int64_t at;    /* when it was written, in seconds since 1970 */
	unsigned back; /* 0: the last one that was proven, 1: the one before it */
};

static void pass_over(const char *name, const char *why)
{
	log_event(LOG_ERROR, "a copy on disk cannot be used", LOG_STR("schema", name),
		  LOG_STR("error", why));
}

static void has_seen(struct lane *lane, int64_t revision)
{
	if (revision > lane->last_revision)
		lane->last_revision = revision;
	lane->recalled = true;
	if (revision > lane->engine->floor)
		lane->engine->floor = revision;
}

/* ---- bad changes ---- */

/* Breakers count on the loop's clock, the disk on the calendar's. */
static void replay_one(struct lane *lane, const struct bad_change *c)
{
	const struct breaker_limits *limits = &lane->engine->breaker;
	int64_t age = stamp_now() - c->at;
	if (age >= 0 && age <= limits->window_ns / 1000000000)
		breaker_bad(&lane->breaker, limits, c->facts.digest,
			    loop_now() - age * 1000000000);
}

/* A good one came at `good_at`, in seconds since 1970; 0: none did. */
static void replay(struct lane *lane, int64_t good_at)
{
	const struct bad *bad = &lane->bad;
	lane->breaker = (struct breaker){0};
	for (size_t i = 0; i < bad->n; i++)
		if (bad->list[i].at < good_at)
			replay_one(lane, &bad->list[i]);
	breaker_good(&lane->breaker);
	for (size_t i = 0; i < bad->n; i++)
		if (bad->list[i].at >= good_at)
			replay_one(lane, &bad->list[i]);
}

static void load_bad(struct engine *e, const char *name)
{
	struct flume_err err = {0};
	struct bad bad = {0};
	if (!source_name_good(name)) {
		pass_over(name, "not a name for a schema");
		return;
	}
	if (bad_read(e->options.state_dir, "bad", name, &bad, &err)) {
		pass_over(name, err.text);
		return;
	}
	struct lane *lane = engine_lane(e, name);
	if (!lane) {
		bad_fini(&bad);
		pass_over(name, "out of memory");
		return;
	}
	bad_fini(&lane->bad);
	lane->bad = bad;
	has_seen(lane, bad_revision(&bad));
	replay(lane, 0);
}

/* ---- proven copies ---- */

static const char *parse(const struct proven *p, flume_schema **out)
{
	int rc = flume_schema_parse(out, p->text, p->len, p->format, NULL, NULL);
	if (rc)
		return flume_code_text(rc);
	if (!strcmp(flume_schema_get_digest(*out), p->facts.digest))
		return NULL;
	*out = flume_schema_unref(*out);
	return "its digest is another one";
}

/* 0, or a negative code and why. */
static int load_one(struct engine *e, const char *name, unsigned back, struct copy *out,
		    struct flume_err *err)
{
	struct proven p;
	char *bytes;
	flume_schema *schema;
	int rc = proven_read(e->options.state_dir, name, back, &p, &bytes, err);
	if (rc)
		return rc;
	const char *why = parse(&p, &schema);
	free(bytes);
	if (why)
		return flume_fail(err, FLUME_INVALID, "%s", why);
	struct lane *lane = engine_lane(e, name);
	if (!lane) {
		flume_schema_unref(schema);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	lane->remembered = true;
	*out = (struct copy){lane, schema, p.facts, p.proven, p.at, back};
	return 0;
}

static void pass_over_copy(struct engine *e, const char *name, unsigned back, const char *why)
{
	e->saves.unusable++;
	log_event(LOG_ERROR, "a copy on disk cannot be used", LOG_STR("schema", name),
		  LOG_INT("copy", back), LOG_STR("error", why));
}

/* The newest that can be read, from `back` on. */
static bool load(struct engine *e, const char *name, unsigned back, struct copy *out)
{
	for (; back <= PROVEN_KEPT; back++) {
		struct flume_err err = {0};
		int rc = load_one(e, name, back, out, &err);
		if (!rc)
			return true;
		if (rc != FLUME_NOT_FOUND) /* it was killed between two renames, or has none */
			pass_over_copy(e, name, back, err.text);
	}
	return false;
}

static void adopt(struct copy *copy)
{
	struct lane *lane = copy->lane;
	has_seen(lane, copy->facts.revision);
	lane->runs = (struct release){.schema = copy->schema,
				      .facts = copy->facts,
				      .since = stamp_now(),
				      .proven = copy->proven,
				      .inconclusive = !copy->proven};
	lane->wants = true;
	lane->wanted = copy->facts;
	replay(lane, copy->at);
	engine_moved(lane->engine, lane->name);
	lane_calm(lane, &copy->facts);
	lane->success_at = stamp_now();
	copy->schema = NULL;
	memcpy(lane->saved, copy->facts.digest, sizeof lane->saved);
	if (copy->back) {
		lane->save = SAVE_DUE;
		engine_wake(lane->engine, 0);
	}
	log_event(copy->back ? LOG_WARN : LOG_INFO,
		  copy->back ? "schema started from an older copy on disk"
			     : "schema started from disk",
		  LOG_STR("schema", lane->name), LOG_STR("version", copy->facts.version),
		  LOG_STR("digest", copy->facts.digest),
		  LOG_INT("revision", copy->facts.revision),
		  LOG_INT("generation", lane_generation(lane)));
}

/* Swaps it in, if it checks. */
static bool start(struct copy *copy, flume_report *report)
{
	struct lane *lane = copy->lane;
	flume_factory *factory = lane->engine->factory;
	flume_change *change;
	if (flume_factory_prepare(factory, lane->name, copy->schema, &change, report))
		return false;
	int rc = count_commit(lane->engine, change);
	flume_change_free(change);
	if (!rc &&
	    flume_factory_bind(factory, lane->name, lane->name, 0, &lane->binding, NULL)) {
		(void)flume_factory_remove_schema(factory, lane->name, NULL);
		count_end(lane);
		return false;
	}
	if (!rc)
		adopt(copy);
	return !rc;
}

static void start_all(struct copy *copies, size_t n)
{
	for (bool again = true; again;) {
		again = false;
		for (size_t i = 0; i < n; i++)
			if (copies[i].schema && start(&copies[i], NULL))
				again = true;
	}
}

/* It does not check: the one before it may.  Not so for those that lack another schema, unless it
 * is the turn of `all`.  True when there is something new to try. */
static bool go_back(struct engine *e, struct copy *copy, bool all)
{
	flume_report *report = flume_report_new();
	bool fresh = start(copy, report);
	if (!fresh && (all || !refs_are_awaited(e, copy->schema, report))) {
		char *why = first_finding(report, "", "it cannot be built");
		pass_over_copy(e, copy->lane->name, copy->back, why ? why : "");
		free(why);
		copy->schema = flume_schema_unref(copy->schema);
		fresh = load(e, copy->lane->name, copy->back + 1, copy);
	}
	flume_report_free(report);
	return fresh;
}

static bool go_back_all(struct engine *e, struct copy *copies, size_t n, bool all)
{
	bool fresh = false;
	for (size_t i = 0; i < n; i++)
		if (copies[i].schema && go_back(e, &copies[i], all))
			fresh = true;
	return fresh;
}

static void start_or_go_back(struct engine *e, struct copy *copies, size_t n)
{
	do
		start_all(copies, n);
	while (go_back_all(e, copies, n, false) || go_back_all(e, copies, n, true));
}

static size_t count_running(struct engine *e)
{
	size_t n = 0;
	for (size_t i = 0; i < e->lanes.len; i++)
		n += engine_lane_at(e, i)->runs.schema != NULL;
	return n;
}

static void start_named(struct engine *e, char **names)
{
	size_t n = 0, count = 0;
	while (names[n])
		n++;
	struct copy *copies = calloc(n ? n : 1, sizeof *copies);
	for (size_t i = 0; copies && i < n; i++) {
		if (!source_name_good(names[i]))
			pass_over(names[i], "not a name for a schema");
		else if (load(e, names[i], 0, &copies[count]))
			count++;
	}
	if (copies)
		start_or_go_back(e, copies, count);
	free(copies);
}

size_t engine_boot(struct engine *e)
{
	struct flume_err err = {0};
	char **bad = NULL, **tried = NULL, **proven = NULL;
	const char *state = e->options.state_dir;
	if (!state)
		return 0;
	if (bad_list(state, "bad", &bad, &err) || bad_list(state, "tried", &tried, &err) ||
	    proven_list(state, &proven, &err))
		memory_trouble(e, "the state folder cannot be used", &err);
	sides_boot(e);
	for (size_t i = 0; bad && bad[i]; i++)
		load_bad(e, bad[i]);
	crash_boot(e, tried);
	if (proven)
		start_named(e, proven);
	rates_boot(e);
	engine_wake(e, rates_tick(e, loop_now()));
	free(bad);
	free(tried);
	free(proven);
	board_changed(e);
	return count_running(e);
}
