#include "agent/engine/inside.h"

#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

static const char *const words[] = {
#define X(id, word) [OUTCOME_##id] = (word),
	OUTCOMES(X)
#undef X
};

const char *outcome_word(enum outcome outcome)
{
	return words[outcome];
}

static const struct {
	enum log_level level;
	const char *message;
} lines[] = {
	[OUTCOME_APPLIED] = {LOG_INFO, "schema applied"},
	[OUTCOME_UNCHANGED] = {LOG_INFO, "schema unchanged"},
	[OUTCOME_IGNORED] = {LOG_WARN, "change ignored"},
	[OUTCOME_HELD] = {LOG_WARN, "change held"},
	[OUTCOME_WAITING] = {LOG_INFO, "change waits for another schema"},
	[OUTCOME_REJECTED] = {LOG_ERROR, "change rejected"},
	[OUTCOME_SUPERSEDED] = {LOG_INFO, "change superseded"},
	[OUTCOME_PROVEN] = {LOG_INFO, "schema proven"},
	[OUTCOME_INCONCLUSIVE] = {LOG_INFO, "probation inconclusive: the schema stays"},
	[OUTCOME_ROLLED_BACK] = {LOG_ERROR, "schema rolled back"},
	[OUTCOME_REMOVED] = {LOG_INFO, "schema removed"},
};

void lane_say(struct lane *lane, const struct saying *s)
{
	const struct facts *facts = s->facts;
	const char *from = s->from             ? s->from
			   : lane->runs.schema ? lane->runs.facts.version
					       : NULL;
	lane->counts[s->outcome]++;
	log_event(s->quiet ? LOG_DEBUG : lines[s->outcome].level, lines[s->outcome].message,
		  LOG_STR("schema", lane->name), LOG_STR("outcome", words[s->outcome]),
		  LOG_STR("from", s->to ? NULL : from), LOG_STR("version", facts->version),
		  LOG_STR("to", s->to), LOG_STR("digest", facts->digest),
		  LOG_INT("revision", facts->revision), LOG_STR("origin", facts->origin),
		  LOG_STR("stage", s->stage), LOG_STR("reason", s->reason),
		  LOG_STR("direction", s->downgrade ? "downgrade" : NULL),
		  LOG_INT("generation", lane_generation(lane)), LOG_STR("error", s->error));
}

void asker_answer(struct engine *e, struct asker *asker, const struct engine_answer *given)
{
	struct engine_answer full = *given;
	struct asker once = *asker;
	*asker = (struct asker){0};
	if (!once.done)
		return;
	if (e->changed && !e->ending)
		board_flush(e); /* who has the answer may look at the status next */
	full.stage = given->stage ? given->stage : "";
	full.reason = given->reason ? given->reason : "";
	once.done(once.arg, &full);
}

void lane_attempted(struct lane *lane, const struct facts *facts, const char *stage,
		    char *error, flume_report *report)
{
	attempt_set(&lane->attempt, facts, stage, error, report);
	board_changed(lane->engine);
}

void lane_state(struct lane *lane, enum lane_state state, const char *reason)
{
	lane->state = state;
	lane->reason = reason;
	board_changed(lane->engine);
}

void lane_calm(struct lane *lane, const struct facts *facts)
{
	lane_attempted(lane, facts, lane->watched ? "probation" : "", NULL, NULL);
	lane_state(lane, lane->watched ? LANE_PROBATION : LANE_RUNNING, "");
	lane->good = true;
}

void lane_reject_version(struct lane *lane, struct next *next, const struct decision *d)
{
	struct text t = {0};
	const char *place = next->place ? next->place : "";
	text_addf(&t, "%s%sversion %s ", place, *place ? ": " : "", next->facts.version);
	if (d->downgrade)
		text_addf(&t, "is older than %s, which runs", lane->runs.facts.version);
	else
		text_add(&t, "runs already, with other content: raise `version`");
	text_addf(&t, " [%s]", d->reason);
	lane_reject(lane, next, "check", d->reason, text_take(&t), NULL);
}

void lane_reject(struct lane *lane, struct next *next, const char *stage, const char *reason,
		 char *error, flume_report *report)
{
	const char *text = error ? error : "out of memory";
	lane_say(lane, &(struct saying){.outcome = OUTCOME_REJECTED,
					.facts = &next->facts,
					.stage = stage,
					.reason = reason,
					.error = text,
					.downgrade = next->downgrade});
	if (!next->asker.done) {
		lane_state(lane, LANE_REJECTED, reason);
		lane->good = false;
	}
	lane_attempted(lane, &next->facts, stage, error, report);
	asker_answer(lane->engine, &next->asker,
		     &(struct engine_answer){.result = ENGINE_REJECTED,
					     .stage = stage,
					     .reason = text,
					     .report = report});
}
