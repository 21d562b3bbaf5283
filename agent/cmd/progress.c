#include "agent/cmd/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct line {
	char *out;
	size_t size, len;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *l, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(l->out + l->len, l->size - l->len, fmt, args);
	va_end(args);
	if (n > 0)
		l->len += (size_t)n < l->size - l->len ? (size_t)n : l->size - l->len - 1;
}

static void add_time(struct line *l, double seconds)
{
	if (seconds < 90)
		add(l, ", %.0f s left", seconds);
	else if (seconds < 5400)
		add(l, ", %.0f min left", seconds / 60);
	else
		add(l, ", %.1f h left", seconds / 3600);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the line writes to it */
void progress_tell(struct progress *p, struct progress_mark now, uint64_t total, char *out,
		   size_t size)
{
	struct line l = {out, size, 0};
	struct progress_mark since = now;
	if (p->n)
		since = p->marks[p->n < PROGRESS_MARKS ? 0 : p->n % PROGRESS_MARKS];
	p->marks[p->n++ % PROGRESS_MARKS] = now;
	double seconds = (double)(now.at_ns - since.at_ns) / 1e9;
	double bytes = seconds > 0 ? (double)(now.bytes - since.bytes) / seconds : 0;
	add(&l, "%" PRIu64 " documents", now.documents);
	if (seconds > 0)
		add(&l, ", %.0f/s, %.1f MB/s",
		    (double)(now.documents - since.documents) / seconds, bytes / 1e6);
	if (!total)
		return;
	uint64_t left = now.bytes < total ? total - now.bytes : 0;
	add(&l, ", %.0f %%", 100 * (double)(total - left) / (double)total);
	if (bytes > 0)
		add_time(&l, (double)left / bytes);
}
