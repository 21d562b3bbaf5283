/* What the kernel counts against the limit has the cache of files in it, which goes when there is need.
 * So, as Kubernetes does, that part of it which nobody has used of late is taken off. */
#include "agent/http/cgroup.h"

#include "agent/http/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number behind `word` in a file of the folder; -1: there is none, "max" included. */
static int64_t read_number(const char *folder, const char *file, const char *word)
{
	char path[1024], line[128], *end;
	int n = snprintf(path, sizeof path, "%s/%s", folder, file);
	if (n < 0 || (size_t)n >= sizeof path || !lines_find(path, word, line, sizeof line))
		return -1;
	long long value = strtoll(line + strlen(word), &end, 10);
	return end == line + strlen(word) ? -1 : value;
}

struct cgroup_memory cgroup_read_memory(const char *self, const char *root)
{
	struct cgroup_memory memory = {-1, -1};
	char line[512], folder[1024];
	if (!lines_find(self, "0::", line, sizeof line))
		return memory;
	line[strcspn(line, "\n")] = '\0';
	snprintf(folder, sizeof folder, "%s%s", root, line + 3);
	int64_t all = read_number(folder, "memory.current", "");
	int64_t idle = read_number(folder, "memory.stat", "inactive_file ");
	memory.limit = read_number(folder, "memory.max", "");
	if (all >= 0)
		memory.used = idle > 0 && idle < all ? all - idle : all;
	return memory;
}
