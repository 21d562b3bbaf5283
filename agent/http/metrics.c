/* GET /metrics: what the engine pinned up, what this room and the switches counted, and the process itself. */
#include "agent/http/inside.h"
#include "agent/outside/counts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The first line of a file of /proc that begins with `start`; "" when there is none. */
static void read_line(const char *path, const char *start, char *out, size_t size)
{
	bool found = false;
	FILE *file = fopen(path, "re");
	while (file && !found && fgets(out, (int)size, file))
		found = !strncmp(out, start, strlen(start));
	if (file)
		fclose(file);
	if (!found)
		*out = '\0';
}

/* The word behind `skip` others; "" past the end. */
static const char *nth_word(const char *line, unsigned skip)
{
	for (; skip; skip--) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return line;
}

static uint64_t resident_bytes(void)
{
	char line[128];
	read_line("/proc/self/statm", "", line, sizeof line);
	return strtoull(nth_word(line, 1), NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* In Unix time: when the machine was booted, and the ticks from then. */
static double start_time(void)
{
	char stat[1024], boot[128];
	read_line("/proc/self/stat", "", stat, sizeof stat);
	read_line("/proc/stat", "btime ", boot, sizeof boot);
	const char *behind_name = strrchr(stat, ')');
	if (!behind_name)
		return 0;
	return strtod(nth_word(boot, 1), NULL) +
	       strtod(nth_word(behind_name, 20), NULL) / (double)sysconf(_SC_CLK_TCK);
}

static double cpu_seconds(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void write_process(struct text *out)
{
	text_addf(out,
		  "# HELP process_resident_memory_bytes Resident memory.\n"
		  "# TYPE process_resident_memory_bytes gauge\n"
		  "process_resident_memory_bytes %" PRIu64 "\n"
		  "# HELP process_start_time_seconds When the process started, in Unix time.\n"
		  "# TYPE process_start_time_seconds gauge\n"
		  "process_start_time_seconds %.2f\n"
		  "# HELP process_cpu_seconds_total Processor time spent.\n"
		  "# TYPE process_cpu_seconds_total counter\n"
		  "process_cpu_seconds_total %.6f\n"
		  "# HELP flume_build_info The version that runs.\n"
		  "# TYPE flume_build_info gauge\n"
		  "flume_build_info{version=\"%s\"} 1\n",
		  resident_bytes(), start_time(), cpu_seconds(), flume_version());
}

static void run(struct request *r)
{
	struct text out = {0};
	const struct page *page = board_take(r->http->board);
	text_add(&out, page->metrics);
	board_release(r->http->board, page);
	meters_write(r->http->meters, &out);
	if (r->http->switches)
		switches_write_counts(r->http->switches, &out);
	counts_write(&out);
	write_process(&out);
	answer_take_text(&r->answer, HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", &out);
}

const struct http_resource resource_metrics = {
	"/metrics",
	NULL,
	{{.name = "GET", .compressed = true, .run = run}},
};
