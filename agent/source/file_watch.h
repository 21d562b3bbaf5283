/*
 * file_watch.h - a single file that others change: when it may say something else.
 *
 * However it is saved: in place, by a rename, by a ConfigMap's swapped links, or where any link or folder on
 * the way to it is set or moved elsewhere.  One that is being written is waited for, two seconds at the
 * most; one that is gone, for a moment.
 */
#ifndef FLUME_AGENT_SOURCE_FILE_WATCH_H
#define FLUME_AGENT_SOURCE_FILE_WATCH_H

#include "agent/loop/loop.h"

struct file_watch;

/* `fn` runs on the loop when the file has settled after a change: it may say something else, or nothing, or be
 * gone.  NULL when out of memory; where no inotify is to be had, the file is looked at by the clock. */
struct file_watch *file_watch_new(struct loop *, const char *path, void (*fn)(void *arg),
				  void *arg);
/* NULL is fine; returns NULL. */
struct file_watch *file_watch_free(struct file_watch *);

#endif
