/* claim.h - a state folder is one agent's. */
#ifndef FLUME_AGENT_ENGINE_CLAIM_H
#define FLUME_AGENT_ENGINE_CLAIM_H

#include "lib/flume.h"

/* Makes the folder, and claims it until `*out` is closed, or the process ends however it does.
 * FLUME_IN_USE: another process has it, and nothing in it was touched.  A folder that cannot be had,
 * or on a file system without locks, is nobody's: 0, and `*out` may be -1. */
int claim_folder(const char *folder, int *out, struct flume_err *err);

#endif
