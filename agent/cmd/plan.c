#include "agent/cmd/plan.h"

#include "agent/cmd/cases.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/findings.h"
#include "agent/source/source.h"

#include <stdlib.h>
#include <string.h>

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

static void check_names(struct files *files)
{
	for (size_t i = 0; i < files->n; i++)
		if (!source_name_good(files->all[i].name))
			flume_report_add(
				files->all[i].report, "bad-name", "", NULL, NULL,
				"'%s' cannot be the name of a schema: expected a "
				"lower-case letter or a digit, then those, '.', '_' or '-'",
				files->all[i].name);
}

int plan_read(struct plan *plan, const char *const *words, const struct conf *conf)
{
	size_t n = 0, given = 0;
	while (words[given])
		given++;
	if (!given && !conf->n_words)
		return cmd_fail(CMD_USAGE, "apply: nothing to apply; name it with -f FILE|DIR");
	char **all = calloc(given + conf->n_words, sizeof *all);
	if (!all)
		return out_of_memory();
	for (; n < given; n++)
		all[n] = (char *)(uintptr_t)words[n];
	for (size_t i = 0; i < conf->n_words; i++)
		all[n++] = conf->words[i];
	int code = files_read(&plan->files, all, n);
	free((void *)all);
	if (!code && plan->files.passed)
		cmd_fail(0, "%s is left out; 'flume switch set -f %s' writes what is in it",
			 plan->files.passed, plan->files.passed);
	check_names(&plan->files);
	return code;
}

/* In a factory that has only the others, a schema can be set once what it refers to is there. */
static int put_in_order(struct plan *plan, const struct conf *conf)
{
	flume_factory *factory = NULL;
	size_t n = plan->files.n, done = 0, before = 1;
	plan->order = calloc(n ? n : 1, sizeof *plan->order);
	bool *set = calloc(n ? n : 1, sizeof *set);
	if (!plan->order || !set) {
		free(set);
		return out_of_memory();
	}
	int code = bench_factory(&factory, NULL, conf, BENCH_CHECK);
	if (!code)
		code = bench_check(factory, &plan->others);
	while (!code && done < n) {
		/* Without progress the rest goes as it comes. */
		bool any = done == before;
		before = done;
		for (size_t i = 0; i < n; i++) {
			const struct file *f = &plan->files.all[i];
			if (set[i] ||
			    (flume_factory_set_schema(factory, f->name, f->schema, NULL) < 0 &&
			     !any))
				continue;
			set[i] = true;
			plan->order[done++] = i;
		}
	}
	flume_factory_free(factory);
	free(set);
	return code;
}

/* ---- what is wrong, as JSON ---- */

static bool add_failed_cases(struct text *t, const struct file *f, const struct cases *cases)
{
	bool any = false;
	for (size_t i = 0; i < cases->n; i++) {
		const struct case_result *r = &cases->all[i];
		if (!r->failed || r->file != f)
			continue;
		text_add(t, any ? ",\n{\"case\":" : "{\"case\":");
		text_add_json(t, r->is.what, strlen(r->is.what));
		text_add(t, ",\"error\":");
		text_add_json(t, r->is.why, strlen(r->is.why));
		text_add_char(t, '}');
		any = true;
	}
	return any;
}

static void add_file(struct text *t, const struct file *f, const struct cases *cases)
{
	struct text failed = {0};
	bool fails = add_failed_cases(&failed, f, cases);
	text_add(t, "\n{\"name\":");
	text_add_json(t, f->name, strlen(f->name));
	text_addf(t, ",\"result\":\"%s\"",
		  flume_report_size(f->report) ? "rejected"
		  : fails                      ? "failed"
					       : "not-applied");
	if (flume_report_size(f->report)) {
		text_add(t, ",\"findings\":[");
		findings_add_json(t, false, f->path, f->report);
		text_add_char(t, ']');
	}
	if (fails)
		text_addf(t, ",\"cases\":[%s]", failed.s ? failed.s : "");
	t->failed = t->failed || failed.failed;
	text_fini(&failed);
	text_add_char(t, '}');
}

static int print_json(const struct plan *plan, const struct cases *cases)
{
	struct text t = {0};
	for (size_t i = 0; i < plan->files.n; i++) {
		text_add(&t, i ? "," : "");
		add_file(&t, &plan->files.all[i], cases);
	}
	char *rows = text_take(&t);
	if (!rows)
		return out_of_memory();
	printf("[%s\n]\n", rows);
	free(rows);
	return 0;
}

/* ---- checking ---- */

static int run_cases(const struct plan *plan, flume_factory *factory, int64_t limit_ns,
		     bool json)
{
	struct cases cases = {0};
	int code = cases_run(&cases, &plan->files, factory,
			     &(struct cases_how){.limit_ns = limit_ns});
	if (!code && cases.failed) {
		if (json)
			code = print_json(plan, &cases);
		else
			cases_tell_failed(stderr, &cases);
		if (!code)
			code = cmd_fail(CMD_NEGATIVE,
					"nothing was applied, since %zu of %zu cases failed",
					cases.failed, cases.n);
	}
	cases_fini(&cases);
	return code;
}

static int check_switches(struct plan *plan, const struct conf *conf)
{
	const flume_value *shared = flume_value_get(conf->root, "components");
	int rc = 0;
	for (size_t i = 0; plan->switches && i < plan->files.n && rc != FLUME_NOMEM; i++) {
		struct file *f = &plan->files.all[i];
		if (f->schema && !f->is_switch)
			rc = switch_store_check_schema(plan->switches, f->name, f->schema,
						       shared, f->report);
	}
	return rc == FLUME_NOMEM ? out_of_memory() : 0;
}

int plan_check(struct plan *plan, const struct conf *conf, int64_t case_limit_ns, bool json)
{
	flume_factory *factory = NULL;
	int code = bench_factory(&factory, NULL, conf, BENCH_CHECK);
	if (!code)
		code = bench_check(factory, &plan->others);
	if (!code)
		code = bench_check(factory, &plan->files);
	if (!code)
		code = check_switches(plan, conf);
	if (!code && bench_findings(&plan->files)) {
		code = json ? print_json(plan, &(struct cases){0})
			    : bench_print(stderr, &plan->files, false);
		code = code ? code : cmd_fail(CMD_NEGATIVE, "nothing was applied");
	}
	if (!code)
		code = run_cases(plan, factory, case_limit_ns, json);
	if (!code)
		code = put_in_order(plan, conf);
	flume_factory_free(factory);
	return code;
}

void plan_fini(struct plan *plan)
{
	files_fini(&plan->files);
	files_fini(&plan->others);
	free(plan->order);
	*plan = (struct plan){0};
}
