/*
 * What is remembered on disk.  A disk that fails costs the memory, never the service: it is
 * logged, the status says it, and the write is tried again.
 */
#include "agent/engine/lane.h"

#include "agent/engine/proven.h"
#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN (10000 * MS)

void memory_trouble(struct engine *e, const char *what, const struct flume_err *err)
{
	if (e->disk_why && !strcmp(e->disk_why, err->text))
		return; /* said already */
	log_event(LOG_ERROR, what, LOG_STR("folder", e->options.state_dir),
		  LOG_STR("error", err->text));
	free(e->disk_why);
	e->disk_why = strdup(err->text);
	board_changed(e);
}

void memory_fine(struct engine *e)
{
	if (!e->disk_why)
		return;
	log_event(LOG_INFO, "the state folder can be written again",
		  LOG_STR("folder", e->options.state_dir));
	free(e->disk_why);
	e->disk_why = NULL;
	board_changed(e);
}

/* What would be gone back to is what is good. */
static const struct release *best(const struct lane *lane)
{
	return lane->kept.schema ? &lane->kept : &lane->runs;
}

static int write_best(struct lane *lane, struct flume_err *err)
{
	const struct release *r = best(lane);
	struct proven p = {
		.name = lane->name,
		.facts = r->facts,
		.format = flume_schema_get_format(r->schema),
		.proven = r->proven,
		.at = stamp_now(),
	};
	p.text = flume_schema_get_text(r->schema, &p.len);
	return proven_write(lane->engine->options.state_dir, &p, err);
}

/* The file says what is good, or is not there when there is no schema any more. */
static int bring_up_to_date(struct lane *lane, struct flume_err *err)
{
	return best(lane)->schema
		       ? write_best(lane, err)
		       : proven_remove(lane->engine->options.state_dir, lane->name, err);
}

bool memory_save(struct lane *lane, int64_t now)
{
	struct engine *e = lane->engine;
	struct flume_err err = {0};
	lane->save = SAVE_NOTHING;
	board_changed(e);
	if (!e->options.state_dir)
		return false;
	if (bring_up_to_date(lane, &err)) {
		memory_trouble(e,
			       best(lane)->schema
				       ? "what was proven could not be written"
				       : "the copy of a removed schema could not be removed",
			       &err);
		lane->save = SAVE_FAILED;
		lane->save_at = now + AGAIN;
		engine_wake(e, lane->save_at);
	} else {
		memory_fine(e);
	}
	return true;
}

void memory_bad_update(struct lane *lane, const struct facts *facts)
{
	breaker_bad(&lane->breaker, &lane->engine->breaker, facts->digest, loop_now());
	if (lane->breaker.open)
		log_event(LOG_WARN, "update breaker open", LOG_STR("schema", lane->name));
}

void memory_bad_write(struct lane *lane)
{
	struct engine *e = lane->engine;
	struct flume_err err = {0};
	bool again = lane->save_bad_at;
	lane->save_bad_at = 0;
	if (!e->options.state_dir)
		return;
	if (bad_write(e->options.state_dir, "bad", lane->name, &lane->bad, true, &err)) {
		memory_trouble(e, "what failed here could not be written", &err);
		lane->save_bad_at = loop_now() + AGAIN;
		engine_wake(e, lane->save_bad_at);
	} else if (again) {
		memory_fine(e);
	}
}

void memory_bad(struct lane *lane, const struct facts *facts, const char *context,
		const char *stage, const char *error)
{
	struct flume_err err = {0};
	struct bad_change change = {.facts = *facts, .at = stamp_now()};
	memccpy(change.stage, stage, '\0', sizeof change.stage - 1);
	memccpy(change.error, error, '\0', sizeof change.error - 1);
	memccpy(change.context, context, '\0', sizeof change.context - 1);
	clears_mark(lane, facts->digest, change.cleared);
	memory_bad_update(lane, facts);
	if (bad_add(&lane->bad, &change)) {
		flume_fail(&err, FLUME_NOMEM, "out of memory");
		memory_trouble(lane->engine, "a bad change could not be remembered", &err);
		return;
	}
	memory_bad_write(lane);
}
