#include "agent/cmd/bench_switches.h"

#include "agent/cmd/switch_unasked.h"
#include "agent/split/routes.h"
#include "agent/switches/judge.h"

#include <string.h>

static int read_one(const struct files *files, struct file *f)
{
	if (files->board)
		return ab_make(&f->sw, f->name, f->schema, f->report);
	flume_report_add(f->report, "not-a-schema", "", flume_schema_get_root(f->schema),
			 "'flume switch set -f' writes it",
			 "this is an A/B switch, and schemas are wanted here");
	return FLUME_REJECTED;
}

int bench_read_switches(struct files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		struct file *f = &files->all[i];
		if (f->is_switch && f->schema && read_one(files, f) == FLUME_NOMEM)
			return FLUME_NOMEM;
	}
	return FLUME_OK;
}

/* ---- what they expect of each other ---- */

static const struct file *find(const struct files *files, const char *name, bool is_switch)
{
	for (size_t i = 0; i < files->n; i++)
		if (files->all[i].is_switch == is_switch && !strcmp(files->all[i].name, name))
			return &files->all[i];
	return NULL;
}

static const struct ab_switch *find_switch(void *arg, const char *name)
{
	const struct file *f = find(arg, name, true);
	return f ? f->sw : NULL;
}

static enum engine_presence find_schema(void *arg, const char *name)
{
	return find(arg, name, false) ? ENGINE_RUNS : ENGINE_ABSENT;
}

/* That is told where the route stands. */
static int check_no_routes(void *arg, const struct ab_switch *sw, flume_report *report)
{
	(void)arg;
	(void)sw;
	(void)report;
	return FLUME_OK;
}

static struct judge_world world_of(struct files *files)
{
	return (struct judge_world){find_schema, check_no_routes, files, "among the files",
				    false};
}

static int check_switch(struct files *files, struct file *f)
{
	const struct judge_world world = world_of(files);
	bool front;
	if (judge(&world, f->sw, &front, f->report) == JUDGE_NOMEM)
		return FLUME_NOMEM;
	return switchboard_put(files->board, f->sw);
}

int bench_switches(struct files *files)
{
	int rc = bench_read_switches(files);
	for (size_t i = 0; i < files->n && rc != FLUME_NOMEM; i++) {
		struct file *f = &files->all[i];
		if (f->sw)
			rc = check_switch(files, f);
		else if (f->schema && !f->is_switch)
			rc = ab_check_schema(f->schema, files->shared, find_switch, files,
					     f->report);
	}
	return rc == FLUME_NOMEM ? rc : FLUME_OK;
}

/* Where there are none but switches, nothing is known of the schemas. */
static bool has_schemas(const struct files *files)
{
	for (size_t i = 0; i < files->n; i++)
		if (!files->all[i].is_switch)
			return true;
	return false;
}

void bench_tell_unasked(struct files *files)
{
	const struct judge_world world = world_of(files);
	for (size_t i = 0; i < files->n && has_schemas(files); i++)
		if (files->all[i].sw)
			switch_tell_unasked(files->all[i].path, files->all[i].sw, &world,
					    files);
}
