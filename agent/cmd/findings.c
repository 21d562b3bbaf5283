#include "agent/cmd/findings.h"

#include "agent/cmd/clean.h"
#include "lib/base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WIDTH 120 /* of a source line; a longer one is shown around the place that is meant */

bool wants_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	return isatty(fileno(out)) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}

static void print_text(FILE *out, const char *s)
{
	print_clean(out, s, strlen(s));
}

/* ---- the source line ---- */

struct line {
	const char *s;
	size_t n;
};

static bool find_line(const struct finding_source *src, unsigned number, struct line *out)
{
	const char *at = src->text, *end = src->text + src->len;
	for (; at && number > 1; number--) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	if (!at || at >= end)
		return false;
	const char *stop = memchr(at, '\n', (size_t)(end - at));
	*out = (struct line){at, (size_t)((stop ? stop : end) - at)};
	if (out->n && out->s[out->n - 1] == '\r')
		out->n--;
	return true;
}

/* Bytes of the first `count` characters. */
static size_t span(const struct line *l, size_t count)
{
	size_t at = 0;
	for (; count && at < l->n; count--) {
		size_t n = utf8_length(l->s + at, l->n - at);
		at += n ? n : 1;
	}
	return at;
}

static void print_line(FILE *out, const struct finding_source *src, unsigned number,
		       unsigned column, bool colour)
{
	struct line line;
	if (!src->text || !number || !column || !find_line(src, number, &line))
		return;
	size_t skip = column > WIDTH - 20 ? column - WIDTH / 2 : 0;
	size_t cut = span(&line, skip);
	line.s += cut;
	line.n -= cut;
	column -= (unsigned)skip;
	size_t shown = span(&line, WIDTH);
	print_clean(out, line.s, shown);
	fputc('\n', out);
	/* Tabs below tabs, so that the caret stands where it should. */
	for (unsigned i = 1; i < column; i++) {
		size_t at = span(&line, i - 1);
		fputc(at < shown && line.s[at] == '\t' ? '\t' : ' ', out);
	}
	fputs(colour ? "\033[1;32m^\033[0m\n" : "^\n", out);
}

/* ---- findings ---- */

static void print_one(FILE *out, const struct finding_source *src,
		      const struct flume_issue *issue, bool colour)
{
	fputs(colour ? "\033[1m" : "", out);
	print_text(out, src->file);
	if (issue->line)
		fprintf(out, ":%u:%u", issue->line, issue->column);
	fputs(colour ? ": \033[31merror:\033[0m " : ": error: ", out);
	if (!issue->line && *issue->path) {
		print_text(out, issue->path);
		fputs(": ", out);
	}
	print_text(out, issue->text);
	fprintf(out, " [%s]\n", issue->code);
	print_line(out, src, issue->line, issue->column, colour);
	if (issue->hint) {
		fputs("hint: ", out);
		print_text(out, issue->hint);
		fputc('\n', out);
	}
}

void findings_print(FILE *out, const struct finding_source *src, const flume_report *report)
{
	bool colour = wants_colour(out);
	for (size_t i = 0; i < flume_report_size(report); i++) {
		const struct flume_issue *issue = flume_report_get_issue(report, i);
		if (issue)
			print_one(out, src, issue, colour);
	}
}

static void add_member(struct text *t, const char *name, const char *value)
{
	text_addf(t, ",\"%s\":", name);
	text_add_json(t, value, strlen(value));
}

void findings_add_json(struct text *t, bool comma, const char *file, const flume_report *report)
{
	for (size_t i = 0; i < flume_report_size(report); i++) {
		const struct flume_issue *issue = flume_report_get_issue(report, i);
		if (!issue)
			continue;
		text_add(t, comma ? ",\n{\"file\":" : "\n{\"file\":");
		comma = true;
		text_add_json(t, file, strlen(file));
		if (issue->line)
			text_addf(t, ",\"line\":%u,\"column\":%u", issue->line, issue->column);
		add_member(t, "code", issue->code);
		add_member(t, "path", issue->path);
		add_member(t, "message", issue->text);
		if (issue->hint)
			add_member(t, "hint", issue->hint);
		text_add_char(t, '}');
	}
}
