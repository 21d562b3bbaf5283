#include "agent/cmd/switch_store.h"

#include "agent/split/routes.h"
#include "agent/switches/judge.h"
#include "lib/base/text.h"

#include <string.h>

int switch_store_open(struct switch_store *s, const struct switch_options *o)
{
	s->options = o;
	if (!o->etcd)
		return cmd_fail(CMD_USAGE, "switch: where to? --etcd URL or FLUME_ETCD");
	int code = store_open(&s->etcd, o->etcd, &o->how, o->prefix);
	if (!code)
		code = store_list(s->etcd, o->prefix, SWITCHES, &s->switches);
	if (!code)
		code = store_list(s->etcd, o->prefix, "schemas/", &s->schemas);
	return code ? code : store_parse(&s->parsed, &s->schemas, o->prefix, NULL);
}

void switch_store_fini(struct switch_store *s)
{
	files_fini(&s->parsed);
	etcd_result_fini(&s->switches);
	etcd_result_fini(&s->schemas);
	etcd_sync_free(s->etcd);
}

const struct etcd_kv *switch_store_find(const struct switch_store *s, const char *name)
{
	return store_find(&s->switches, s->options->prefix, SWITCHES, name);
}

static enum engine_presence find_schema(void *arg, const char *name)
{
	const struct switch_store *s = arg;
	return store_find(&s->schemas, s->options->prefix, "schemas/", name) ? ENGINE_RUNS
									     : ENGINE_ABSENT;
}

static int check_routes(void *arg, const struct ab_switch *sw, flume_report *report)
{
	const struct switch_store *s = arg;
	int worst = 0;
	for (size_t i = 0; i < s->parsed.n && worst != FLUME_NOMEM; i++) {
		const struct file *f = &s->parsed.all[i];
		int rc = f->schema ? ab_check_switch(sw, f->name, f->schema, NULL, report) : 0;
		worst = rc ? rc : worst;
	}
	return worst;
}

int switch_store_check(struct switch_store *s, const struct ab_switch *sw, flume_report *report)
{
	const struct judge_world world = {find_schema, check_routes, s, false};
	bool front;
	switch (judge(&world, sw, &front, report)) {
	case JUDGE_GO:
		return 0;
	case JUDGE_NOMEM:
		return FLUME_NOMEM;
	case JUDGE_WAITS:
	case JUDGE_REJECTED:
		break;
	}
	return FLUME_REJECTED;
}

static int is_name(void *arg, const char *name)
{
	return !strcmp(arg, name);
}

const char *switch_store_user(const struct switch_store *s, const char *name)
{
	for (size_t i = 0; i < s->parsed.n; i++) {
		const struct file *f = &s->parsed.all[i];
		if (f->schema &&
		    ab_each_name(f->schema, NULL, is_name, (void *)(uintptr_t)name) > 0)
			return f->name;
	}
	return NULL;
}

char *switch_store_key(const struct switch_store *s, const char *name)
{
	struct text t = {0};
	text_addf(&t, "%s" SWITCHES "%s", s->options->prefix, name);
	return text_take(&t);
}
