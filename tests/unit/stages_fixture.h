/* stages_fixture.h - a change between its cases and the swap, and documents that are served meanwhile. */
#ifndef FLUME_TESTS_UNIT_STAGES_FIXTURE_H
#define FLUME_TESTS_UNIT_STAGES_FIXTURE_H

#include "tests/unit/engine_fixture.h"

/* Over as soon as there are four documents, however slow the machine is. */
#define QUICK_SHADOW \
	"shadow: {share: 100%, duration: 1ms, min_requests: 4, wait_for_verdict: true}"
#define QUICK_LIVE \
	"live: {share: 50%, by: id, duration: 1ms, min_requests: 4, wait_for_verdict: true}"
#define LONG_SHADOW "shadow: {share: 100%, duration: 1h, min_requests: 4}"
#define LONG_LIVE \
	"live: {share: 50%, by: id, duration: 1h, min_requests: 4, max_error_rate: 25%}"

/* "a" 1.0.0 of mark 1 runs, and 1.1.0 of this mark comes with this canary. */
void stages_offer(const char *canary, int mark);
/* As an agent does that gets a document; returns the version that served. */
const char *stages_serve(const char *name, int id);
/* So many documents of "a".  Returns how many of them 1.1.0 served. */
int stages_serve_ids(int from, int n);

#endif
