/* top_sample.h - inside agent/cmd: what a node says of its pipelines at one moment. */
#ifndef FLUME_AGENT_CMD_TOP_SAMPLE_H
#define FLUME_AGENT_CMD_TOP_SAMPLE_H

#include "lib/flume.h"

#define TOP_BUCKETS 32

struct top_counts { /* of one pipeline, since its node counts */
	char name[129];
	double calls, errors, dropped;
	double took; /* seconds, of all calls together */
	struct top_bucket {
		double most;  /* seconds; the last one is infinite */
		double calls; /* that took no longer */
	} buckets[TOP_BUCKETS];
	size_t n_buckets;
	/* From the status; "" and 0 when that does not say. */
	char state[16], version[64];
	double generation;
};

struct top_sample { /* all zero is an empty one */
	char node[129];
	double at; /* seconds, on a clock that does not jump */
	struct top_counts *all;
	size_t n;
};

/* Both take any text: what is not understood is passed over.  0 or FLUME_NOMEM. */
int top_sample_metrics(struct top_sample *, const char *text, size_t len);
/* After the metrics: pipelines without calls are added. */
int top_sample_status(struct top_sample *, const char *json, size_t len);
void top_sample_fini(struct top_sample *);

#endif
