#include "agent/engine/attempt.h"

#include "agent/engine/json.h"

#include <stdlib.h>
#include <string.h>

void attempt_fini(struct attempt *a)
{
	free(a->error);
	flume_report_free(a->report);
	*a = (struct attempt){0};
}

void attempt_set(struct attempt *a, const struct facts *facts, const char *stage, char *error,
		 flume_report *report)
{
	const struct facts own = *facts; /* which may be in there */
	attempt_fini(a);
	a->facts = own;
	a->error = error;
	a->report = report;
	memccpy(a->stage, stage, '\0', sizeof a->stage - 1);
	a->at = *facts->digest ? stamp_now() : 0;
}

char *first_finding(const flume_report *report, const char *place, const char *otherwise)
{
	const struct flume_issue *first = flume_report_get_issue(report, 0);
	struct text t = {0};
	text_add(&t, place);
	bool placed = first && first->line;
	if (placed)
		text_addf(&t, "%s%u:%u", *place ? ":" : "", first->line, first->column);
	text_addf(&t, "%s%s", *place || placed ? ": " : "", first ? first->text : otherwise);
	if (first)
		text_addf(&t, " [%s]", first->code);
	return text_take(&t);
}

/* ---- in the status ---- */

void facts_write(const struct facts *facts, struct text *t)
{
	add_text(t, "version", facts->version);
	add_text(t, "digest", facts->digest);
}

void wanted_write(const struct facts *facts, bool leaving, struct text *t)
{
	add_key(t, "wanted");
	text_add_char(t, '{');
	if (leaving)
		add_truth(t, "deleted", true);
	else
		facts_write(facts, t);
	add_number(t, "revision", facts->revision);
	text_add_char(t, '}');
}

static void add_issue(struct text *t, const struct flume_issue *issue, size_t most)
{
	text_add(t, "{");
	add_text(t, "code", issue->code);
	add_cut(t, "path", issue->path, most);
	add_number(t, "line", issue->line);
	add_number(t, "column", issue->column);
	add_cut(t, "message", issue->text, most);
	if (issue->hint)
		add_cut(t, "hint", issue->hint, most);
	text_add_char(t, '}');
}

static void add_issues(struct text *t, const flume_report *report,
		       const struct attempt_detail *d)
{
	size_t n = flume_report_size(report);
	add_key(t, "errors");
	text_add_char(t, '[');
	for (size_t i = 0; i < n && i < d->findings; i++) {
		text_add(t, i ? ", " : "");
		add_issue(t, flume_report_get_issue(report, i), d->text);
	}
	text_add_char(t, ']');
}

void attempt_write(const struct attempt *a, struct text *t, const struct attempt_detail *d)
{
	add_key(t, "attempted");
	text_add_char(t, '{');
	facts_write(&a->facts, t);
	add_number(t, "revision", a->facts.revision);
	if (*a->stage)
		add_text(t, "stage", a->stage);
	if (a->error)
		add_cut(t, "error", a->error, d->text);
	if (flume_report_size(a->report))
		add_issues(t, a->report, d);
	add_stamp(t, "at", a->at);
	text_add_char(t, '}');
}
