#include "agent/cmd/trial.h"

#include "agent/cmd/bench.h"
#include "agent/cmd/cases.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/findings.h"
#include "agent/cmd/store.h"
#include "agent/cmd/switch_store.h"
#include "agent/source/slurp.h"
#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>

#define WHY 256

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

static void say_first(char why[WHY], const flume_report *report)
{
	const struct flume_issue *issue = flume_report_get_issue(report, 0);
	snprintf(why, WHY, "%s", issue && issue->text ? issue->text : "out of memory");
}

/* ---- schemas ---- */

static int run_cases(const struct trial *t, const struct files *files, flume_factory *factory,
		     char why[WHY])
{
	struct cases cases = {0};
	int code = cases_run(&cases, files, factory,
			     &(struct cases_how){.limit_ns = t->case_limit_ns});
	if (!code && cases.failed) {
		code = CMD_NEGATIVE;
		for (size_t i = cases.n; why && i > 0; i--)
			if (cases.all[i - 1].failed)
				snprintf(why, WHY, "%.100s: %.150s", cases.all[i - 1].is.what,
					 cases.all[i - 1].is.why);
		if (!why)
			cases_tell_failed(stderr, &cases);
	}
	cases_fini(&cases);
	return code;
}

/* The switches that it asks have to know its routes, and none may have its name. */
static int check_switches(const struct trial *t, const struct switch_store *store,
			  struct file *f)
{
	const flume_value *shared = flume_value_get(t->conf->root, "components");
	int rc = f->schema ? switch_store_check_schema(store, f->name, f->schema, shared,
						       f->report)
			   : FLUME_OK;
	return rc == FLUME_NOMEM ? out_of_memory() : 0;
}

static int check(const struct trial *t, const struct switch_store *store, struct files *files,
		 struct files *others, char why[WHY])
{
	flume_factory *factory = NULL;
	int code = bench_factory(&factory, NULL, t->conf, BENCH_CHECK);
	if (!code)
		code = bench_check(factory, others);
	if (!code)
		code = bench_check(factory, files);
	if (!code)
		code = check_switches(t, store, &files->all[0]);
	if (!code && bench_findings(files)) {
		if (why)
			say_first(why, files->all[0].report);
		else
			code = bench_print(stderr, files, false);
		code = code ? code : CMD_NEGATIVE;
	} else if (!code) {
		code = run_cases(t, files, factory, why);
	}
	flume_factory_free(factory);
	return code;
}

/* Of what etcd holds; the client is lent. */
static int open_store(const struct trial *t, struct switch_store *store)
{
	*store = (struct switch_store){.prefix = t->prefix, .etcd = t->etcd};
	return switch_store_read(store);
}

static void close_store(struct switch_store *store)
{
	store->etcd = NULL;
	switch_store_fini(store);
}

int trial_schema(const struct trial *t, char why[WHY])
{
	struct switch_store store;
	struct files files = {0}, others = {0};
	struct text key = {0};
	if (why)
		*why = '\0';
	text_addf(&key, "%sschemas/%s", t->prefix, t->name);
	char *path = text_take(&key);
	struct etcd_kv kv = {
		.key = path, .value = (char *)(uintptr_t)t->text, .value_len = t->len};
	int code = open_store(t, &store);
	if (!code && !path)
		code = out_of_memory();
	if (!code)
		code = store_parse(&files, &(struct etcd_result){.kvs = &kv, .n = 1}, t->prefix,
				   NULL);
	if (!code)
		code = store_parse(&others, &store.schemas, t->prefix, &files);
	if (!code)
		code = check(t, &store, &files, &others, why);
	files_fini(&others);
	files_fini(&files);
	close_store(&store);
	free(path);
	return code;
}

/* ---- switches ---- */

static int check_switch(const struct trial *t, struct switch_store *store, char why[WHY])
{
	struct ab_switch *sw = NULL;
	flume_report *report = flume_report_new();
	int rc = report ? ab_parse(&sw, t->name, t->text, t->len, slurp_guess(t->text, t->len),
				   report)
			: FLUME_NOMEM;
	if (!rc)
		rc = switch_store_check(store, sw, report);
	ab_unref(sw);
	if (rc && rc != FLUME_NOMEM && why)
		say_first(why, report);
	else if (rc && rc != FLUME_NOMEM)
		findings_print(stderr, &(struct finding_source){t->name, t->text, t->len},
			       report);
	flume_report_free(report);
	if (rc == FLUME_NOMEM)
		return out_of_memory();
	return rc ? CMD_NEGATIVE : 0;
}

int trial_switch(const struct trial *t, char why[WHY])
{
	struct switch_store store;
	if (why)
		*why = '\0';
	int code = open_store(t, &store);
	if (!code)
		code = check_switch(t, &store, why);
	close_store(&store);
	return code;
}
