/*
 * recorder.h - what was changed in etcd by other means than flume gets its record, of an unknown
 * author, once over the whole fleet.
 *
 * Lives on the loop's thread, between a source and its sink.  It never holds anything up: what it
 * cannot find out, or may not write, is not recorded.
 */
#ifndef FLUME_AGENT_FLEET_RECORDER_H
#define FLUME_AGENT_FLEET_RECORDER_H

#include "agent/etcd/etcd.h"
#include "agent/source/source.h"

struct recorder;

struct recorder_options {
	const char *prefix, *folder; /* "/flume/", "schemas/" */
	const char *node;
	/* A change is looked at after a time by chance, up to this; so the nodes of a fleet take
	 * turns, and most find it recorded. */
	int64_t within_ns;
};

/* 0 or FLUME_NOMEM.  `etcd` has to outlive it. */
int recorder_new(struct recorder **out, struct loop *, struct etcd *,
		 const struct recorder_options *, struct flume_err *err);
/* A sink that passes on to `inner` whatever it is told, first, and its answer back. */
struct sink recorder_sink(struct recorder *, struct sink inner);
/* What is under way is given up; the source must be gone.  NULL is fine; returns NULL. */
struct recorder *recorder_free(struct recorder *);

#endif
