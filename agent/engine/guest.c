#include "agent/engine/guest.h"

#include "agent/engine/inside.h"

/* Whoever the guest refused waits for any word of its; no schema can have that name. */
#define GUEST_WAITED "guest/"

void engine_set_guest(struct engine *e, const struct engine_guest *guest)
{
	e->guest = guest ? *guest : (struct engine_guest){0};
	board_changed(e);
}

void engine_guest_moved(struct engine *e, const char *what)
{
	engine_stir(e, GUEST_WAITED);
	engine_stir(e, what);
	engine_advance(e);
}

void engine_guest_changed(struct engine *e)
{
	board_changed(e);
}

void engine_guest_counted(struct engine *e)
{
	board_counted(e);
}

void engine_guest_trouble(struct engine *e, const char *what, const struct flume_err *err)
{
	memory_trouble(e, what, err);
}

/* ---- what the guest may ask ---- */

enum engine_presence engine_find(const struct engine *e, const char *name)
{
	const struct lane *lane = map_get(&e->lanes, name);
	if (!lane)
		return ENGINE_ABSENT;
	if (lane->runs.schema)
		return ENGINE_RUNS;
	return lane->wants && !lane->leaving ? ENGINE_COMING : ENGINE_ABSENT;
}

bool engine_is_ready(const struct engine *e)
{
	return e->listed && sides_ready(e);
}

uint64_t engine_get_commits(const struct engine *e)
{
	return e->commits;
}

void engine_ask_operators(const struct engine *e, const char *name, int64_t put_at,
			  struct question *q)
{
	const struct note *note = side_note(e, ENGINE_CONFIRMS, name);
	holds_ask(e, name, q);
	if (note && decide_confirmed(note->looked, put_at))
		q->mass_delete = false;
	q->apply_same_version = e->options.apply_same_version;
	q->deny_downgrade = e->options.deny_downgrade;
}

/* ---- what the guest is asked ---- */

void guest_wait(struct waits *w)
{
	waits_for(w, GUEST_WAITED);
}

int guest_check(struct engine *e, const flume_schema *schema, flume_report *report)
{
	return e->guest.check ? e->guest.check(e->guest.arg, schema, report) : 0;
}

bool guest_needs(struct engine *e, const char *name, flume_report *report)
{
	return e->guest.needs && e->guest.needs(e->guest.arg, name, report);
}

void guest_moved(struct engine *e)
{
	if (e->guest.moved)
		e->guest.moved(e->guest.arg);
}

bool guest_is_saved(struct engine *e)
{
	return !e->guest.is_saved || e->guest.is_saved(e->guest.arg);
}

void guest_lost(struct engine *e)
{
	if (e->guest.lost)
		e->guest.lost(e->guest.arg);
}

void guest_add_status(struct engine *e, struct text *t, bool brief)
{
	if (e->guest.add_status)
		e->guest.add_status(e->guest.arg, t, brief);
}

void guest_add_metrics(struct engine *e, struct text *t)
{
	if (e->guest.add_metrics)
		e->guest.add_metrics(e->guest.arg, t);
}
