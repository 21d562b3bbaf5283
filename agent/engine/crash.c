/*
 * A change that takes the agent down with it cannot be judged by the agent that tries it.  So it
 * is written down before anything runs it, canary or call, and struck out when there is a
 * verdict, or an orderly end.  What stands there at the next start was under way in a crash; when
 * that happens to the same change twice within ten minutes it is bad.
 *
 * A crash of the process is what this is about, and a file outlives that without fsync.
 */
#include "agent/engine/lane.h"

#include "agent/log/log.h"

#include <string.h>

#define FOLDER    "tried"
#define UNDER_WAY "under-way"
#define CRASHED   "crashed"
#define WINDOW    600 /* seconds */

static bool is_recent(const struct bad_change *c, int64_t now)
{
	return c->at && now - c->at <= WINDOW && now >= c->at;
}

/* ---- while it runs ---- */

static int add(struct bad *list, const struct facts *facts, const char *stage,
	       int64_t crashed_at)
{
	struct bad_change c = {.facts = *facts, .at = crashed_at};
	memccpy(c.stage, stage, '\0', sizeof c.stage - 1);
	return bad_add(list, &c);
}

/* With the time of its last crash, if there was one. */
static int add_under_way(struct bad *list, const struct facts *facts)
{
	const struct bad_change *known = bad_find(list, facts->digest);
	return add(list, facts, UNDER_WAY, known ? known->at : 0);
}

static int list_now(const struct lane *lane, struct bad *out)
{
	const struct bad *before = &lane->tries;
	int64_t now = stamp_now();
	int rc = 0;
	for (size_t i = 0; !rc && i < before->n; i++)
		if (is_recent(&before->list[i], now))
			rc = add(out, &before->list[i].facts, CRASHED, before->list[i].at);
	if (!rc && lane->watched)
		rc = add_under_way(out, &lane->runs.facts);
	if (!rc && lane->next.schema && lane->next.stage == NEXT_TRIAL)
		rc = add_under_way(out, &lane->next.facts);
	return rc;
}

static bool is_same(const struct bad *a, const struct bad *b)
{
	bool same = a->n == b->n;
	for (size_t i = 0; same && i < a->n; i++)
		same = !strcmp(a->list[i].facts.digest, b->list[i].facts.digest) &&
		       !strcmp(a->list[i].stage, b->list[i].stage);
	return same;
}

void crash_note(struct lane *lane)
{
	struct engine *e = lane->engine;
	struct bad list = {0};
	struct flume_err err = {0};
	if (!e->options.state_dir)
		return;
	if (list_now(lane, &list)) {
		bad_fini(&list);
		return;
	}
	bool same = is_same(&list, &lane->tries);
	bad_fini(&lane->tries);
	lane->tries = list;
	if (!same && bad_write(e->options.state_dir, FOLDER, lane->name, &list, false, &err))
		memory_trouble(e, "what is being tried could not be written", &err);
}

/* ---- at the next start ---- */

static void take_in(struct lane *lane, struct bad_change *c, int64_t now)
{
	if (strcmp(c->stage, UNDER_WAY) != 0)
		return;
	bool again = is_recent(c, now);
	log_event(LOG_WARN, "the agent crashed while a change was being tried",
		  LOG_STR("schema", lane->name), LOG_STR("version", c->facts.version),
		  LOG_STR("digest", c->facts.digest), LOG_INT("revision", c->facts.revision),
		  LOG_STR("outcome", again ? "crashed" : "tried again"));
	if (again)
		memory_bad(lane, &c->facts, "", "crash",
			   "the agent crashed twice within ten minutes while it was tried");
	memcpy(c->stage, CRASHED, sizeof CRASHED);
	c->at = now;
}

static void load(struct engine *e, const char *name)
{
	struct flume_err err = {0};
	struct bad list = {0};
	struct lane *lane = NULL;
	if (source_name_good(name) &&
	    !bad_read(e->options.state_dir, FOLDER, name, &list, &err))
		lane = engine_lane(e, name);
	if (!lane) {
		bad_fini(&list);
		return;
	}
	for (size_t i = 0; i < list.n; i++)
		take_in(lane, &list.list[i], stamp_now());
	bad_fini(&lane->tries);
	lane->tries = list;
	if (bad_write(e->options.state_dir, FOLDER, name, &list, false, &err))
		memory_trouble(e, "what is being tried could not be written", &err);
	crash_note(lane);
}

void crash_boot(struct engine *e, char **names)
{
	for (; names && *names; names++)
		load(e, *names);
}
