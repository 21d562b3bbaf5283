/* cancel.h - sleeping until a time or a cancel, whichever comes first. */
#ifndef FLUME_BASE_CANCEL_H
#define FLUME_BASE_CANCEL_H

#include "lib/flume.h"

/* FLUME_OK at `until_ns` of CLOCK_MONOTONIC, FLUME_CANCELLED when `cancel` (may be NULL) was
 * requested before. */
int cancel_sleep(int64_t until_ns, flume_cancel *cancel);

#endif
