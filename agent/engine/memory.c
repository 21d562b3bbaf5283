/*
 * What is remembered on disk.  A disk that fails costs the memory, never the service: it is
 * logged once, the status says it, and what could not be written is tried again (see saves.c).
 *
 * What must outlive a crash of the process is written before the next step, without waiting for
 * the disk; that it outlives a power failure is for saves.c to see to.
 */
#include "agent/engine/inside.h"

#include "agent/engine/proven.h"
#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

void memory_trouble(struct engine *e, const char *what, const struct flume_err *err)
{
	char *why = strdup(err->text);
	if (!e->disk_why)
		log_event(LOG_ERROR, what, LOG_STR("folder", e->options.state_dir),
			  LOG_STR("error", err->text));
	if (why) {
		free(e->disk_why);
		e->disk_why = why;
	}
	saves_pause(e);
	board_changed(e);
}

void memory_is_fine(struct engine *e)
{
	if (!e->disk_why)
		return;
	log_event(LOG_INFO, "the state folder can be written again",
		  LOG_STR("folder", e->options.state_dir));
	free(e->disk_why);
	e->disk_why = NULL;
	board_changed(e);
}

void memory_gone(struct lane *lane)
{
	struct engine *e = lane->engine;
	struct flume_err err = {0};
	if (!e->options.state_dir)
		return;
	if (proven_remove(e->options.state_dir, lane->name, &err))
		memory_trouble(e, "the copy of a removed schema could not be removed", &err);
	*lane->saved = '\0';
	lane->save = SAVE_DUE;
	lane->save_at = 0;
	engine_wake(e, 0);
}

void memory_bad_update(struct lane *lane, const struct facts *facts)
{
	breaker_bad(&lane->breaker, &lane->engine->breaker, facts->digest, loop_now());
	if (!lane->breaker.open)
		return;
	log_event(LOG_WARN, "update breaker open", LOG_STR("schema", lane->name));
	lane->refuses = true;
	board_counted(lane->engine);
	engine_wake(lane->engine, lane->breaker.until);
}

void memory_bad_write(struct lane *lane)
{
	struct engine *e = lane->engine;
	struct flume_err err = {0};
	if (!e->options.state_dir)
		return;
	if (bad_write(e->options.state_dir, "bad", lane->name, &lane->bad, false, &err))
		memory_trouble(e, "what failed here could not be written", &err);
	lane->bad_save = SAVE_DUE;
	lane->bad_save_at = 0;
	engine_wake(e, 0);
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
