/*
 * metric.h - families of metrics as rows, and how they are written: Prometheus text, version 0.0.4.
 *
 * Each room has a table of what it counts.  A row says all there is to know of a family, and nothing
 * is written that has no row: so HELP, TYPE, the labels, the reference in agent/README.md, and the
 * tests of alerts and dashboards cannot disagree.
 *
 * How many series there are must not be in the hands of clients: values of labels are names of schemas,
 * channels and switches, or words of ours.
 */
#ifndef FLUME_AGENT_METRIC_METRIC_H
#define FLUME_AGENT_METRIC_METRIC_H

#include "lib/base/text.h"

#include <stdint.h>

#define METRIC_LABELS 4 /* at most */

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric { /* a table ends with one without a name */
	const char *name;
	enum metric_type type;
	const char *help; /* a sentence, without line feeds and backslashes */
	const char *labels[METRIC_LABELS + 1]; /* NULL ends them; `le` goes without saying */
};

/* "counter", "gauge", "histogram" */
const char *metric_type_word(enum metric_type);

/* The values of a sample's labels, in the order of the row; NULL stands for a row without labels. */
#define METRIC_OF(...) ((const char *const[METRIC_LABELS]){__VA_ARGS__})

/* HELP and TYPE: once, before the samples of the family, and without any, too. */
void metric_begin(struct text *, const struct metric *);
/* A sample.  Of counters and gauges. */
void metric_add(struct text *, const struct metric *, const char *const *values, int64_t);
/* Likewise, in seconds. */
void metric_add_ns(struct text *, const struct metric *, const char *const *values, int64_t ns);
/* All there is of one histogram of durations.  `most`: the bounds of the buckets in seconds, as text, the
 * last one "+Inf"; `counts`: of each bucket alone. */
void metric_add_histogram(struct text *, const struct metric *, const char *const *values,
			  const char *const *most, const uint64_t *counts, size_t n,
			  uint64_t sum_ns);

#endif
