/* options.h - what declarations of this room have in common, beyond settings.h. */
#ifndef FLUME_AGENT_OUTSIDE_OPTIONS_H
#define FLUME_AGENT_OUTSIDE_OPTIONS_H

#include "agent/outside/queue.h"

/* The place of one of `words` (NULL at the end), or -1 and a finding. */
int option_word(const struct flume_field *, const flume_value *decl, const char *name,
		const char *const *words, const char *path, flume_report *);

/* The rows of a queue, for a table of a channel. */
/* clang-format off */
#define QUEUE_FIELDS                                                                              \
	{.name = "queue", .type = FLUME_FIELD_COUNT, .fallback = "10000", .min = 1, .max = 10000000, \
	 .about = "How many documents may wait in memory."},                                       \
	{.name = "queue_bytes", .type = FLUME_FIELD_COUNT, .fallback = "16777216", .min = 1024,    \
	 .max = INT64_C(1) << 34, .about = "How many bytes of them."},                             \
	{.name = "flush", .type = FLUME_FIELD_DURATION, .fallback = "3s",                          \
	 .about = "How long the end of the agent waits for what is in the queue."},                \
	{.name = "backoff", .type = FLUME_FIELD_DURATION, .fallback = "30s",                       \
	 .about = "The longest pause between two tries; the first one is 100ms."}
/* clang-format on */
struct queue_options option_queue(const struct flume_field *, const flume_value *decl,
				  const char *kind, const char *name);

#endif
