#include "agent/switches/inside.h"

#include "agent/log/log.h"

static const struct {
	const char *word;
	enum log_level level;
	const char *message;
} lines[] = {
	[SWITCH_OUTCOME_APPLIED] = {"applied", LOG_INFO, "switch applied"},
	[SWITCH_OUTCOME_UNCHANGED] = {"unchanged", LOG_INFO, "switch unchanged"},
	[SWITCH_OUTCOME_IGNORED] = {"ignored", LOG_WARN, "change of a switch ignored"},
	[SWITCH_OUTCOME_HELD] = {"held", LOG_WARN, "change of a switch held"},
	[SWITCH_OUTCOME_WAITING] = {"waiting", LOG_INFO, "switch waits for a schema"},
	[SWITCH_OUTCOME_REJECTED] = {"rejected", LOG_ERROR, "change of a switch rejected"},
	[SWITCH_OUTCOME_SUPERSEDED] = {"superseded", LOG_INFO, "change of a switch superseded"},
	[SWITCH_OUTCOME_REMOVED] = {"removed", LOG_INFO, "switch removed"},
};

const char *switch_outcome_word(enum switch_outcome outcome)
{
	return lines[outcome].word;
}

void switch_say(struct switch_lane *lane, const struct switch_saying *s)
{
	const struct facts *facts = s->facts;
	const char *from = s->from ? s->from : lane->runs.sw ? lane->runs.facts.version : NULL;
	lane->counts[s->outcome]++;
	log_event(s->quiet ? LOG_DEBUG : lines[s->outcome].level, lines[s->outcome].message,
		  LOG_STR("switch", lane->name), LOG_STR("outcome", lines[s->outcome].word),
		  LOG_STR("from", from), LOG_STR("version", facts->version),
		  LOG_STR("digest", facts->digest), LOG_INT("revision", facts->revision),
		  LOG_STR("origin", facts->origin), LOG_STR("stage", s->stage),
		  LOG_STR("reason", s->reason),
		  LOG_STR("direction", s->downgrade ? "downgrade" : NULL),
		  LOG_INT("generation", lane->generation), LOG_STR("error", s->error));
}

void switch_set_state(struct switch_lane *lane, enum switch_state state, const char *reason)
{
	lane->state = state;
	lane->reason = reason;
	engine_guest_changed(lane->all->engine);
}

void switch_attempted(struct switch_lane *lane, const struct facts *facts, const char *stage,
		      char *error, flume_report *report)
{
	attempt_set(&lane->attempt, facts, stage, error, report);
	engine_guest_changed(lane->all->engine);
}

void switch_calm(struct switch_lane *lane, const struct facts *facts)
{
	switch_attempted(lane, facts, "", NULL, NULL);
	switch_set_state(lane, SWITCH_RUNNING, "");
}
