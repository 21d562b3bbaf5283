/*
 * workers.h - threads for work that may block, started when there is some.
 */
#ifndef FLUME_AGENT_HTTP_WORKERS_H
#define FLUME_AGENT_HTTP_WORKERS_H

#include <stddef.h>
#include <sys/queue.h>

struct workers;

struct job { /* part of what is worked on; nobody else's until `run` was called */
	void (*run)(void *arg);
	void *arg;
	STAILQ_ENTRY(job) link;
};

/* At most `threads` at a time and `queue` jobs that wait; jobs of one group get at most half of
 * each, but at least one.  NULL when out of memory. */
struct workers *workers_new(unsigned threads, size_t queue);
/* Runs what waits, then ends.  Nobody may push any more.  NULL is fine; returns NULL. */
struct workers *workers_free(struct workers *);
/* Any thread.  Groups take turns, the jobs of one `group` (copied) keep their order.  0;
 * FLUME_LIMITED when the queue is full; FLUME_NOMEM when no thread can be had. */
int workers_push(struct workers *, const char *group, struct job *);
/* The same, but it waits beyond the end of a full queue: for whoever sees to it that there are not
 * many of these. */
int workers_push_anyway(struct workers *, const char *group, struct job *);

#endif
