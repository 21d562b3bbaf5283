#include "lib/base/report.h"

#include "lib/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct flume_issue lost_issue = {
	"no-memory", "", "a finding was lost: out of memory", NULL, 0, 0,
};

static const struct flume_issue more_issue = {
	"too-many-findings", "", "there are more findings, not listed here", NULL, 0, 0,
};

flume_report *flume_report_new(void)
{
	return calloc(1, sizeof(flume_report));
}

flume_report *flume_report_free(flume_report *r)
{
	if (r) {
		report_fini(r);
		free(r);
	}
	return NULL;
}

void report_fini(flume_report *r)
{
	if (!r->cap && !r->lost)
		return;
	arena_fini(&r->texts);
	free(r->issues);
}

size_t flume_report_size(const flume_report *r)
{
	return report_size(r);
}

const struct flume_issue *flume_report_get_issue(const flume_report *r, size_t i)
{
	if (i >= flume_report_size(r))
		return NULL;
	if (i < r->len)
		return &r->issues[i];
	return i < r->len + r->lost ? &lost_issue : &more_issue;
}

bool report_full(const flume_report *r)
{
	return !r || r->len + r->lost >= REPORT_MOST;
}

bool report_failed_alloc(const flume_report *r)
{
	return r && r->lost > 0;
}

static bool reserve(flume_report *r)
{
	if (r->len < r->cap)
		return true;
	size_t cap = r->cap ? r->cap * 2 : 8;
	struct flume_issue *grown = reallocarray(r->issues, cap, sizeof *grown);
	if (!grown)
		return false;
	r->issues = grown;
	r->cap = cap;
	return true;
}

/* NULL when out of memory. */
static const char *keep(flume_report *r, const char *s)
{
	static const char mark[] = "\xE2\x80\xA6";
	size_t n = strnlen(s, REPORT_TEXT + 1);
	if (n <= REPORT_TEXT)
		return arena_copy(&r->texts, s, n);
	n = utf8_floor(s, REPORT_TEXT);
	char *copy = arena_get_text(&r->texts, n + sizeof mark - 1);
	if (copy) {
		memcpy(copy, s, n);
		memcpy(copy + n, mark, sizeof mark);
	}
	return copy;
}

static void insert(flume_report *r, struct flume_issue issue)
{
	size_t at = r->len;
	for (; at > 0; at--) {
		const struct flume_issue *before = &r->issues[at - 1];
		if (before->line < issue.line ||
		    (before->line == issue.line && before->column <= issue.column))
			break;
	}
	memmove(&r->issues[at + 1], &r->issues[at], (r->len - at) * sizeof issue);
	r->issues[at] = issue;
	r->len++;
}

void report_addv_at(flume_report *r, const char *code, const char *path, unsigned line,
		    unsigned column, const char *hint, const char *fmt, va_list args)
{
	if (!r)
		return;
	if (report_full(r)) {
		r->more = true;
		return;
	}
	char text[REPORT_TEXT + 16]; /* some more, so that keep() sees it was cut */
	if (vsnprintf(text, sizeof text, fmt, args) < 0)
		text[0] = '\0';
	utf8_mend(text);
	struct flume_issue issue = {
		.code = keep(r, code),
		.path = keep(r, path),
		.text = keep(r, text),
		.hint = hint ? keep(r, hint) : NULL,
		.line = line,
		.column = column,
	};
	if (issue.code && issue.path && issue.text && (!hint || issue.hint) && reserve(r))
		insert(r, issue);
	else
		r->lost++;
}

void report_add_at(flume_report *r, const char *code, const char *path, unsigned line,
		   unsigned column, const char *hint, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	report_addv_at(r, code, path, line, column, hint, fmt, args);
	va_end(args);
}
