/* state_fixture.h - steps that remember, and whether they still do. */
#ifndef FLUME_TESTS_UNIT_STATE_FIXTURE_H
#define FLUME_TESTS_UNIT_STATE_FIXTURE_H

#include "tests/unit/fixture.h"

#define MS     INT64_C(1000000)
#define SECOND (1000 * MS)

#define BREAKER(options) \
	"{type: circuit-breaker, " options "failure_threshold: 1, child: {ref: flaky}}"
#define LIMIT(options) "{type: rate-limit, " options ", child: {ref: a}}"

#define TWO(version, odd, even) \
	"{version: '" version "', type: filter, predicate: even, then: " even ", else: " odd "}"

void state_set(const char *yaml); /* of schema "s" */
int state_call(const char *id);
/* One call that fails. */
void state_fails(const char *id);
/* Of schema "s": its breaker is open from now on. */
void state_open_with(const char *yaml);
/* So many calls of "s", of which none had to wait. */
void state_calls_at_once(int n);
/* How often state of this place was lost, and of any. */
size_t state_lost(const char *place);
size_t state_lost_in_all(void);

#endif
