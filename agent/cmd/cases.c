#include "agent/cmd/cases.h"

#include "agent/cmd/cmd.h"
#include "agent/cmd/findings.h"

#include <stdlib.h>
#include <string.h>

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

static int keep(struct cases *cases, const struct case_result *result)
{
	if (cases->n == cases->cap) {
		size_t cap = cases->cap ? 2 * cases->cap : 32;
		struct case_result *all = realloc(cases->all, cap * sizeof *all);
		if (!all)
			return out_of_memory();
		cases->all = all;
		cases->cap = cap;
	}
	cases->all[cases->n++] = *result;
	cases->failed += result->failed;
	return 0;
}

static void tell_result(FILE *out, const struct case_result *r)
{
	bool colour = wants_colour(out);
	if (r->failed)
		fputs(colour ? "\033[31mFAILED\033[0m " : "FAILED ", out);
	else
		fputs(colour ? "\033[32mok\033[0m " : "ok ", out);
	fprintf(out, "%s: ", r->file->name);
	print_clean(out, r->is.what, strlen(r->is.what));
	if (r->failed) {
		fputs(": ", out);
		print_clean(out, r->is.why, strlen(r->is.why));
	}
	fputc('\n', out);
}

static int run_file(struct cases *cases, const struct file *file, flume_factory *factory,
		    const struct canary_run *how, FILE *tell)
{
	flume_pipeline *pipeline = NULL;
	size_t n = canary_size(file->schema);
	int code = 0;
	if (!n) {
		if (tell)
			fprintf(tell, "%s: no cases\n", file->name);
		return 0;
	}
	if (flume_schema_build(file->schema, factory, &pipeline, NULL))
		return cmd_fail(CMD_NEGATIVE, "%s: it cannot be built", file->path);
	for (size_t i = 0; i < n && !code; i++) {
		struct case_result result = {.file = file};
		int outcome = canary_try(file->schema, i, pipeline, how, &result.is);
		if (outcome == FLUME_NOMEM) {
			code = out_of_memory();
			break;
		}
		result.failed = outcome != 0;
		if (tell)
			tell_result(tell, &result);
		code = keep(cases, &result);
	}
	flume_pipeline_unref(pipeline);
	return code;
}

int cases_run(struct cases *cases, const struct files *files, flume_factory *factory,
	      int64_t limit_ns, FILE *tell)
{
	const struct canary_run how = {.case_limit_ns = limit_ns};
	int code = 0;
	for (size_t i = 0; i < files->n && !code; i++)
		code = run_file(cases, &files->all[i], factory, &how, tell);
	return code;
}

void cases_tell_failed(FILE *out, const struct cases *cases)
{
	for (size_t i = 0; i < cases->n; i++)
		if (cases->all[i].failed)
			tell_result(out, &cases->all[i]);
}

void cases_fini(struct cases *cases)
{
	free(cases->all);
	*cases = (struct cases){0};
}

/* ---- JSON ---- */

static void add_member(struct text *t, const char *name, const char *value)
{
	text_addf(t, "\"%s\":", name);
	text_add_json(t, value, strlen(value));
}

static void add_case(struct text *t, const struct case_result *r)
{
	text_add_char(t, '{');
	add_member(t, "schema", r->file->name);
	text_add_char(t, ',');
	add_member(t, "file", r->file->path);
	text_add_char(t, ',');
	add_member(t, "case", r->is.what);
	text_addf(t, ",\"ok\":%s,\"took_ms\":%.3f", r->failed ? "false" : "true",
		  (double)r->is.took_ns / 1e6);
	if (r->failed) {
		text_add_char(t, ',');
		add_member(t, "error", r->is.why);
	}
	text_add_char(t, '}');
}

int cases_print_json(FILE *out, const struct cases *cases, const struct files *files)
{
	struct text t = {0};
	text_add(&t, "{\"cases\":[");
	for (size_t i = 0; i < cases->n; i++) {
		text_add(&t, i ? ",\n" : "\n");
		add_case(&t, &cases->all[i]);
	}
	text_add(&t, "],\"findings\":[");
	bool comma = false;
	for (size_t i = 0; i < files->n; i++) {
		const struct file *f = &files->all[i];
		findings_add_json(&t, comma, f->path, f->report);
		comma = comma || flume_report_size(f->report);
	}
	text_add(&t, "]}\n");
	char *json = text_take(&t);
	if (!json)
		return out_of_memory();
	fputs(json, out);
	free(json);
	return 0;
}
