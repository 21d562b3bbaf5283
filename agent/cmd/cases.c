#include "agent/cmd/cases.h"

#include "agent/cmd/bench.h"
#include "agent/cmd/clean.h"
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

/* ---- what runs ---- */

/* NULL: it is not named. */
static const struct file *find_running(const struct files *against, const struct files *files,
				       const struct file *file)
{
	if (against && against->n == 1 && files->n == 1)
		return &against->all[0];
	for (size_t i = 0; against && i < against->n; i++)
		if (!strcmp(against->all[i].name, file->name))
			return &against->all[i];
	return NULL;
}

/* 0 or an exit code; nothing is built when the schema does not compare, or with nothing. */
static int build_running(const struct cases_how *how, const struct files *files,
			 const struct file *file, flume_factory *factory, flume_pipeline **out)
{
	if (!canary_compares(file->schema))
		return 0;
	const struct file *running = find_running(how->against, files, file);
	if (!running) {
		if (how->skips)
			fprintf(how->skips,
				"SKIPPED %s: compare: name what runs with --against\n",
				file->name);
		return 0;
	}
	flume_report *report = flume_report_new();
	int rc = running->schema ? flume_schema_build(running->schema, factory, out, report)
				 : FLUME_SYNTAX;
	const struct flume_issue *first =
		flume_report_get_issue(running->schema ? report : running->report, 0);
	if (rc)
		rc = cmd_fail(CMD_NEGATIVE, "%s: %s", running->path,
			      first ? first->text : flume_code_text(rc));
	flume_report_free(report);
	return rc;
}

/* ---- the cases ---- */

static int run_cases(struct cases *cases, const struct file *file, flume_pipeline *pipeline,
		     const struct canary_run *run, FILE *tell)
{
	size_t n = canary_size(file->schema);
	int code = 0;
	for (size_t i = 0; i < n && !code; i++) {
		struct case_result result = {.file = file};
		int outcome = canary_try(file->schema, i, pipeline, run, &result.is);
		if (outcome == FLUME_NOMEM)
			return out_of_memory();
		result.failed = outcome != 0;
		if (tell)
			tell_result(tell, &result);
		code = keep(cases, &result);
	}
	return code;
}

static int run_file(struct cases *cases, const struct files *files, const struct file *file,
		    flume_factory *factory, const struct cases_how *how)
{
	struct canary_run run = {.case_limit_ns = how->limit_ns};
	flume_pipeline *pipeline = NULL;
	if (!canary_size(file->schema)) {
		if (how->tell)
			fprintf(how->tell, "%s: no cases\n", file->name);
		return 0;
	}
	int code = bench_build_file(factory, file, &pipeline);
	if (!code)
		code = build_running(how, files, file, factory, &run.running);
	if (!code)
		code = run_cases(cases, file, pipeline, &run, how->tell);
	flume_pipeline_unref(run.running);
	flume_pipeline_unref(pipeline);
	return code;
}

int cases_run(struct cases *cases, const struct files *files, flume_factory *factory,
	      const struct cases_how *how)
{
	int code = 0;
	for (size_t i = 0; i < files->n && !code; i++)
		code = run_file(cases, files, &files->all[i], factory, how);
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
