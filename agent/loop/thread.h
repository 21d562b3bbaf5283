/* thread.h - threads beside the loop that nobody joins. */
#ifndef FLUME_AGENT_LOOP_THREAD_H
#define FLUME_AGENT_LOOP_THREAD_H

#include <stddef.h>

/* Starts one, with all signals blocked: they are the main thread's affair.  `stack` 0: the
 * system's default.  Returns 0 or an errno. */
int thread_start(void *(*fn)(void *arg), void *arg, size_t stack);

#endif
