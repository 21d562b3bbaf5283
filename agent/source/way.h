/*
 * way.h - inside agent/source: where a path leads, watched step by step.  Any folder on the way may
 * be moved, and any link on it be set to another place.
 */
#ifndef FLUME_AGENT_SOURCE_WAY_H
#define FLUME_AGENT_SOURCE_WAY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/inotify.h>

struct way_step {
	int wd; /* of the folder where the name lies */
	char *name;
};

struct way { /* all zero is an empty one */
	struct way_step *steps;
	size_t n;
};

/* Watches each step as the path leads now.  What cannot be watched is left out.  `own`: a watch that
 * is somebody else's; -1: none.  0 or FLUME_NOMEM. */
int way_watch(struct way *, int inotify, const char *path, int own);
/* May the path lead elsewhere after this? */
bool way_is_turned(const struct way *, const struct inotify_event *);
/* Reads all that waits; `is_wanted` hears of each event.  Was any of them wanted? */
bool way_drain(int inotify, bool (*is_wanted)(void *arg, const struct inotify_event *),
	       void *arg);
void way_fini(struct way *); /* watches stay */

#endif
