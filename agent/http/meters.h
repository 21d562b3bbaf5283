/*
 * meters.h - counts of requests and calls, for /metrics.
 *
 * There is one row of counters per binding, and none for names that no binding has, so nobody
 * can make them grow from outside.  Any thread.
 */
#ifndef FLUME_AGENT_HTTP_METERS_H
#define FLUME_AGENT_HTTP_METERS_H

#include "agent/metric/metric.h"
#include "lib/base/text.h"
#include "lib/flume.h"

#include <stdint.h>

struct meters;

/* `lanes` is how many threads count much: each has counters of its own, so that they do not wait for
 * one another.  NULL when out of memory.  The factory outlives it. */
struct meters *meters_new(flume_factory *, unsigned lanes);
struct meters *meters_free(struct meters *);

/* A call of the pipeline that `name` is bound to ended with `result`. */
void meters_call(struct meters *, unsigned lane, const char *name, int result, int64_t took_ns);
/* Of many calls, counted aside and added at once. */
#define METERS_TALLY 32
struct meters_tally { /* all zero: none */
	uint64_t calls, took_ns;
	uint32_t outcomes[METERS_TALLY], buckets[METERS_TALLY];
};
void meters_tally(struct meters_tally *, int result);
/* `n` of them took so long together: all but one count as quick. */
void meters_tally_time(struct meters_tally *, uint32_t n, int64_t took_ns);
/* Calls that take no longer together are all quick. */
#define METERS_QUICK_NS 50000
/* Adds and empties it. */
void meters_add(struct meters *, unsigned lane, const char *name, struct meters_tally *);
void meters_answer(struct meters *, unsigned lane, unsigned status);
/* A stream of lines ended before its time: the code of its last line, or "gone". */
void meters_cut(struct meters *, const char *reason);

extern const struct metric meters_metrics[];
/* Prometheus text. */
void meters_write(struct meters *, struct text *out);

#endif
