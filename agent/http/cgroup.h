/*
 * cgroup.h - how much memory this process and those it started may use, and do: of version 2, as
 * containers and systemd's services have it.
 */
#ifndef FLUME_AGENT_HTTP_CGROUP_H
#define FLUME_AGENT_HTTP_CGROUP_H

#include <stdint.h>

struct cgroup_memory {
	int64_t used;  /* bytes that cannot just be dropped; -1: not known */
	int64_t limit; /* bytes; -1: there is none, or it is not known    */
};

/* `self`: /proc/self/cgroup; `root`: /sys/fs/cgroup. */
struct cgroup_memory cgroup_read_memory(const char *self, const char *root);

#endif
