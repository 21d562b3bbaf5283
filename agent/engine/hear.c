/*
 * Breakers move seldom and each move is news; so is what a change made a step forget.  What may
 * happen with every call is told to those who look closely.
 */
#include "agent/engine/hear.h"

#include "agent/document/caller.h"
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
	{FLUME_EVENT_RETRY_FAILED, LOG_DEBUG, "attempt failed"},
	{FLUME_EVENT_RATE_LIMITED, LOG_DEBUG, "rate limit met"},
};

static void on_event(const struct flume_event *event, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < sizeof news / sizeof *news; i++) {
		if (news[i].kind != event->kind)
			continue;
		char request[CALLER_SIZE];
		log_event(news[i].level, news[i].message, LOG_STR("schema", event->schema_id),
			  LOG_STR("version", event->version), LOG_STR("step", event->name),
			  LOG_INT("generation", event->generation),
			  LOG_STR("request", caller_name(event->call, request)),
			  LOG_STR("error", event->err ? event->err->text : NULL));
	}
}

int engine_hear(flume_factory *factory)
{
	enum flume_event_kind kinds[sizeof news / sizeof *news];
	for (size_t i = 0; i < sizeof news / sizeof *news; i++)
		kinds[i] = news[i].kind;
	return flume_factory_listen_to(factory, kinds, sizeof news / sizeof *news, on_event,
				       NULL);
}
