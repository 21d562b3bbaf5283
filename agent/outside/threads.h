/* threads.h - threads of this room's own, and waiting on CLOCK_MONOTONIC. */
#ifndef FLUME_AGENT_OUTSIDE_THREADS_H
#define FLUME_AGENT_OUTSIDE_THREADS_H

#include <pthread.h>
#include <stdint.h>

/* The thread hears no signal; somebody has to join it.  0 or FLUME_NOMEM. */
int threads_start(pthread_t *out, void *(*run)(void *), void *arg);
void threads_cond_init(pthread_cond_t *);
/* May return sooner.  INT64_MAX: no end. */
void threads_wait(pthread_cond_t *, pthread_mutex_t *, int64_t until_ns);

#endif
