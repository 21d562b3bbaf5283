/* clock.h - whether a time has come, for those who ask often. */
#ifndef FLUME_BASE_CLOCK_H
#define FLUME_BASE_CLOCK_H

#include "lib/flume.h"

/* Is it at_ns, or later?  Of the real clock it costs a fifth of reading it while that is far off. */
bool clock_has_come(const struct flume_clock *, int64_t at_ns);

#endif
