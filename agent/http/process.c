#include "agent/http/process.h"

#include "agent/http/cgroup.h"
#include "agent/http/lines.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define NS INT64_C(1000000000)

enum { RESIDENT, START_TIME, CPU, OPEN_FDS, MAX_FDS, MEMORY_USED, MEMORY_LIMIT, BUILD };

const struct metric process_metrics[] = {
	[RESIDENT] = {"process_resident_memory_bytes",
		      METRIC_GAUGE,
		      "Resident memory.",
		      {NULL}},
	[START_TIME] = {"process_start_time_seconds",
			METRIC_GAUGE,
			"When the process started, in Unix time.",
			{NULL}},
	[CPU] = {"process_cpu_seconds_total", METRIC_COUNTER, "Processor time spent.", {NULL}},
	[OPEN_FDS] = {"process_open_fds", METRIC_GAUGE, "Open file descriptors.", {NULL}},
	[MAX_FDS] = {"process_max_fds", METRIC_GAUGE, "How many there may be.", {NULL}},
	[MEMORY_USED] =
		{"flume_memory_used_bytes",
		 METRIC_GAUGE,
		 "Memory of the container or service, without idle caches of files; where "
		 "there is cgroup v2.",
		 {NULL}},
	[MEMORY_LIMIT] = {"flume_memory_limit_bytes",
			  METRIC_GAUGE,
			  "How much it may use, where there is a limit.",
			  {NULL}},
	[BUILD] = {"flume_build_info",
		   METRIC_GAUGE,
		   "The version that runs; always 1.",
		   {"version"}},
	{0},
};

/* The word behind `skip` others; "" past the end. */
static const char *nth_word(const char *line, unsigned skip)
{
	for (; skip; skip--) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return line;
}

static int64_t resident_bytes(void)
{
	char line[128];
	lines_find("/proc/self/statm", "", line, sizeof line);
	return strtoll(nth_word(line, 1), NULL, 10) * sysconf(_SC_PAGESIZE);
}

/* In Unix time: when the machine was booted, and the ticks from then. */
static int64_t start_ns(void)
{
	char stat[1024], boot[128];
	lines_find("/proc/self/stat", "", stat, sizeof stat);
	lines_find("/proc/stat", "btime ", boot, sizeof boot);
	const char *behind_name = strrchr(stat, ')');
	if (!behind_name)
		return 0;
	long ticks = sysconf(_SC_CLK_TCK);
	long long booted = strtoll(nth_word(boot, 1), NULL, 10);
	long long since = strtoll(nth_word(behind_name, 20), NULL, 10);
	return (booted + since / ticks) * NS + since % ticks * (NS / ticks);
}

static int64_t cpu_ns(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

/* Without the one that it takes to look; -1 when none can be had. */
static int64_t open_fds(void)
{
	int64_t n = -1;
	DIR *folder = opendir("/proc/self/fd");
	if (!folder)
		return -1;
	for (const struct dirent *e = readdir(folder); e; e = readdir(folder))
		n += *e->d_name != '.';
	closedir(folder);
	return n;
}

static int64_t max_fds(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return -1;
	return (int64_t)limit.rlim_cur;
}

/* Without a sample where the value is not known. */
static void add(struct text *out, int metric, int64_t value)
{
	metric_begin(out, &process_metrics[metric]);
	if (value >= 0)
		metric_add(out, &process_metrics[metric], NULL, value);
}

static void add_ns(struct text *out, int metric, int64_t ns)
{
	metric_begin(out, &process_metrics[metric]);
	metric_add_ns(out, &process_metrics[metric], NULL, ns);
}

void process_write(struct text *out)
{
	struct cgroup_memory memory = cgroup_read_memory("/proc/self/cgroup", "/sys/fs/cgroup");
	add(out, RESIDENT, resident_bytes());
	add_ns(out, START_TIME, start_ns());
	add_ns(out, CPU, cpu_ns());
	add(out, OPEN_FDS, open_fds());
	add(out, MAX_FDS, max_fds());
	add(out, MEMORY_USED, memory.used);
	add(out, MEMORY_LIMIT, memory.limit);
	metric_begin(out, &process_metrics[BUILD]);
	metric_add(out, &process_metrics[BUILD], METRIC_OF(flume_version()), 1);
}
