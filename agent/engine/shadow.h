/*
 * shadow.h - what a shadow says of a candidate: a share of the live documents has also gone through
 * it and through what runs, side by side and without effects.  Pure.
 */
#ifndef FLUME_AGENT_ENGINE_SHADOW_H
#define FLUME_AGENT_ENGINE_SHADOW_H

#include "agent/engine/tally.h"

#include <stddef.h>

struct shadow_limits {
	int64_t duration_ns;
	int64_t min_requests; /* fewer documents are no verdict                      */
	int64_t max_rate;     /* differences per document, in parts of RATE_WHOLE */
	double max_ratio;     /* of the times that it takes; 0: any                  */
	bool waits;           /* without a verdict at the end: go on                 */
};

struct shadow_tally {
	uint64_t compared;
	uint64_t differed; /* of them, ended otherwise, or with another document */
	uint64_t slower;   /* of them, took more than max_ratio times as long    */
	int64_t stuck_ns;  /* beyond its time in the call that runs now; 0: it is not */
};

enum shadow_verdict {
	SHADOW_WAIT,
	SHADOW_GOOD,
	SHADOW_NO_VERDICT, /* too few documents: the change goes on */
	SHADOW_DIFFERS,
	SHADOW_SLOW, /* in more than half of the documents, so its median is */
	SHADOW_STUCK,
};

/* More differences than min_requests documents may have are too many, however few there were:
 * nothing that comes could mend that. */
enum shadow_verdict shadow_judge(const struct shadow_limits *, const struct shadow_tally *,
				 int64_t elapsed_ns);
/* Of the three that refuse: "3 of 60 documents differ, 5%; allowed is 0%; the first: total: another
 * number". */
void shadow_explain(enum shadow_verdict, const struct shadow_limits *,
		    const struct shadow_tally *, const char *first, char *out, size_t size);

#endif
