#include "agent/cmd/cases.h"
#include "agent/cmd/cmd.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* XML 1.0 has no way to write most control characters at all, nor the last two of the plane. */
static bool has_no_place(const char *s, size_t len)
{
	return !len || (unsigned char)*s < 0x20 ||
	       (len == 3 && (!memcmp(s, "\xef\xbf\xbe", 3) || !memcmp(s, "\xef\xbf\xbf", 3)));
}

static void add_escaped(struct text *t, const char *s)
{
	size_t n = strlen(s);
	for (size_t i = 0; i < n;) {
		size_t step = utf8_length(s + i, n - i);
		if (has_no_place(s + i, step))
			text_add(t, "\xef\xbf\xbd");
		else if (s[i] == '<')
			text_add(t, "&lt;");
		else if (s[i] == '&')
			text_add(t, "&amp;");
		else if (s[i] == '"')
			text_add(t, "&quot;");
		else
			text_add_n(t, s + i, step);
		i += step ? step : 1;
	}
}

static void add_attribute(struct text *t, const char *name, const char *value)
{
	text_addf(t, " %s=\"", name);
	add_escaped(t, value);
	text_add_char(t, '"');
}

static void add_case(struct text *t, const struct case_result *r)
{
	text_add(t, "    <testcase");
	add_attribute(t, "classname", r->file->name);
	add_attribute(t, "name", r->is.what);
	text_addf(t, " time=\"%.6f\"", (double)r->is.took_ns / 1e9);
	if (r->failed) {
		text_add(t, "><failure");
		add_attribute(t, "message", r->is.why);
		text_add(t, "/></testcase>\n");
	} else {
		text_add(t, "/>\n");
	}
}

static void add_finding(struct text *t, const struct file *f, const struct flume_issue *issue)
{
	text_add(t, "    <testcase");
	add_attribute(t, "classname", f->name);
	text_addf(t, " name=\"line %u, column %u\" time=\"0\"><error", issue->line,
		  issue->column);
	add_attribute(t, "type", issue->code);
	add_attribute(t, "message", issue->text);
	text_add(t, "/></testcase>\n");
}

static void add_suite(struct text *t, const struct cases *cases, const struct file *f)
{
	size_t tests = 0, failures = 0, findings = flume_report_size(f->report);
	int64_t took_ns = 0;
	for (size_t i = 0; i < cases->n; i++) {
		const struct case_result *r = &cases->all[i];
		tests += r->file == f;
		failures += r->file == f && r->failed;
		took_ns += r->file == f ? r->is.took_ns : 0;
	}
	text_add(t, "  <testsuite");
	add_attribute(t, "name", f->name);
	add_attribute(t, "file", f->path);
	text_addf(t, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"%.6f\">\n",
		  tests + findings, failures, findings, (double)took_ns / 1e9);
	for (size_t i = 0; i < findings; i++) {
		const struct flume_issue *issue = flume_report_get_issue(f->report, i);
		if (issue)
			add_finding(t, f, issue);
	}
	for (size_t i = 0; i < cases->n; i++)
		if (cases->all[i].file == f)
			add_case(t, &cases->all[i]);
	text_add(t, "  </testsuite>\n");
}

int cases_write_junit(const char *path, const struct cases *cases, const struct files *files)
{
	struct text t = {0};
	text_add(&t,
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"flume\">\n");
	for (size_t i = 0; i < files->n; i++)
		add_suite(&t, cases, &files->all[i]);
	text_add(&t, "</testsuites>\n");
	char *xml = text_take(&t);
	if (!xml)
		return cmd_fail(CMD_NEGATIVE, "out of memory");
	FILE *out = fopen(path, "we");
	bool good = out && fputs(xml, out) >= 0;
	if (out && fclose(out) != 0)
		good = false;
	free(xml);
	return good ? 0 : cmd_fail(CMD_NEGATIVE, "%s: %s", path, strerror(errno));
}
