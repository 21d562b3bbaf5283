#include "agent/fleet/outcome.h"

#include "agent/fleet/judge.h"
#include "lib/base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What is held says nothing of its content. */
static bool is_held(const struct fleet_judgement *judgement)
{
	static const char *const reasons[] = {"pinned", "frozen", "update-breaker"};
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (!strcmp(judgement->reason, reasons[i]))
			return !strcmp(judgement->state, "held");
	return false;
}

static int refuse(struct record_outcome *o, const struct fleet_said *said,
		  const struct fleet_entry *entry, const struct fleet_judgement *judgement,
		  struct fleet_store store)
{
	struct text why = {0};
	bool held = is_held(judgement), told = held ? o->refused > 0 : o->refused > o->held;
	o->refused++;
	o->held += held;
	if (told)
		return 0;
	text_addf(&why, "%s: %s: ", said->node, judgement->state);
	fleet_why(&why, judgement, entry, store, said->proved_revision);
	if (!why.failed)
		snprintf(o->why, sizeof o->why, "%s", why.s);
	utf8_mend(o->why);
	int rc = why.failed ? FLUME_NOMEM : 0;
	text_fini(&why);
	return rc;
}

int outcome_add(struct record_outcome *o, const struct outcome_of *is,
		const struct fleet_said *said)
{
	enum fleet_kind kind = !strcmp(is->folder, "switches/") ? FLEET_SWITCH : FLEET_SCHEMA;
	const struct fleet_entry *entry = fleet_said_find(said, kind, is->name);
	const struct fleet_store store = {.known = true,
					  .there = *is->version->digest != '\0',
					  .revision = is->version->revision};
	struct fleet_judgement judgement;
	o->nodes++;
	if (!fleet_judge(&judgement, store, said, entry) || judgement.verdict == FLEET_WELL)
		o->running++;
	else if (judgement.verdict == FLEET_ASTRAY)
		return refuse(o, said, entry, &judgement, store);
	return 0;
}

void outcome_end(struct record_outcome *o, int64_t now)
{
	const char *state = !o->nodes                ? "no-nodes"
			    : o->refused > o->held   ? "refused"
			    : o->held                ? "held"
			    : o->running == o->nodes ? "running"
						     : "pending";
	snprintf(o->state, sizeof o->state, "%s", state);
	o->at = now;
}

void outcome_line(const struct record_outcome *o, char out[OUTCOME_LINE])
{
	bool runs = strcmp(o->state, "refused") != 0 && strcmp(o->state, "held") != 0;
	int64_t n = runs ? o->running : o->refused;
	if (!o->nodes)
		snprintf(out, OUTCOME_LINE, "%s", o->state);
	else
		snprintf(out, OUTCOME_LINE, "%s %" PRId64 " of %" PRId64 "%s%s", o->state, n,
			 o->nodes, *o->why ? ": " : "", o->why);
}
