/*
 * report.h - the room's side of a flume_report.
 *
 * A report keeps the first REPORT_MOST findings and says in a last one that there were more;
 * every text is cut at REPORT_TEXT bytes.  So a hostile document cannot make its findings
 * larger than itself.
 */
#ifndef FLUME_BASE_REPORT_H
#define FLUME_BASE_REPORT_H

#include "lib/base/arena.h"
#include "lib/flume.h"

#include <stdarg.h>

#define REPORT_MOST 1000
#define REPORT_TEXT 1000

struct flume_report { /* all zero is an empty one, for rooms that want it on their stack */
	struct arena texts;
	struct flume_issue *issues;
	size_t len, cap;
	size_t lost; /* for want of memory */
	bool more;
};

void report_fini(flume_report *);
/* As flume_report_size, for those that ask at every node. */
static inline size_t report_size(const flume_report *r)
{
	return r ? r->len + r->lost + r->more : 0;
}

/* Findings are sorted by line and column, those of one place in the order they came; line 0, no
 * place, is first.  `hint` may be NULL; a NULL report is fine. */
void report_add_at(flume_report *, const char *code, const char *path, unsigned line,
		   unsigned column, const char *hint, const char *fmt, ...) FLUME_PRINTF(7, 8);
void report_addv_at(flume_report *, const char *code, const char *path, unsigned line,
		    unsigned column, const char *hint, const char *fmt, va_list)
	FLUME_PRINTF(7, 0);
/* Nothing more will be kept (of a NULL report: ever), so there is no need to work out hints. */
bool report_full(const flume_report *);
/* Memory ran out for at least one finding. */
bool report_failed_alloc(const flume_report *);

#endif
