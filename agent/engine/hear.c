/*
 * Breakers move seldom and each move is news; so is what a change made a step forget.  What
 * happens with every call (a limit met, a retry) is for the metrics.
 */
#include "agent/engine/hear.h"

#include "agent/log/log.h"

#include <stddef.h>

static const struct news {
	enum flume_event_kind kind;
	enum log_level level;
	const char *message;
} news[] = {
	{FLUME_EVENT_BREAKER_OPENED, LOG_WARN, "circuit-breaker opened"},
	{FLUME_EVENT_BREAKER_HALF_OPENED, LOG_INFO, "circuit-breaker tries"},
	{FLUME_EVENT_BREAKER_CLOSED, LOG_INFO, "circuit-breaker closed"},
	{FLUME_EVENT_STATE_LOST, LOG_WARN, "state lost"},
};

static void on_event(const struct flume_event *event, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < sizeof news / sizeof *news; i++) {
		if (news[i].kind != event->kind)
			continue;
		log_event(news[i].level, news[i].message, LOG_STR("schema", event->schema_id),
			  LOG_STR("version", event->version), LOG_STR("step", event->name),
			  LOG_INT("generation", event->generation),
			  LOG_STR("error", event->err ? event->err->text : NULL));
	}
}

int engine_hear(flume_factory *factory)
{
	return flume_factory_listen(factory, on_event, NULL);
}
