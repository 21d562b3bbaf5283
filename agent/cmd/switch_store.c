#include "agent/cmd/switch_store.h"

#include "agent/cmd/switch_unasked.h"
#include "agent/source/slurp.h"
#include "agent/split/routes.h"
#include "agent/switches/judge.h"
#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

static char *join(const char *before, const char *prefix, const char *folder, const char *name)
{
	struct text t = {0};
	text_addf(&t, "%s%s%s%s", before, prefix, folder, name);
	return text_take(&t);
}

static int parse_switches(struct switch_store *s)
{
	size_t n = s->switches.n;
	s->all = calloc(n ? n : 1, sizeof *s->all);
	int rc = s->all ? 0 : FLUME_NOMEM;
	for (size_t i = 0; i < n && rc != FLUME_NOMEM; i++) {
		const struct etcd_kv *kv = &s->switches.kvs[i];
		rc = ab_parse(&s->all[i], store_name(kv, s->prefix, SWITCHES), kv->value,
			      kv->value_len, slurp_guess(kv->value, kv->value_len), NULL);
	}
	return rc == FLUME_NOMEM ? out_of_memory() : 0;
}

int switch_store_open(struct switch_store *s, const char *endpoints, const struct etcd_how *how,
		      const char *prefix)
{
	s->prefix = prefix;
	if (!endpoints)
		return cmd_fail(CMD_USAGE, "switch: where to? --etcd URL or FLUME_ETCD");
	int code = store_open(&s->etcd, endpoints, how, prefix);
	return code ? code : switch_store_read(s);
}

int switch_store_read(struct switch_store *s)
{
	const char *prefix = s->prefix;
	int code = store_list(s->etcd, prefix, SWITCHES, &s->switches);
	if (!code)
		code = store_list(s->etcd, prefix, "schemas/", &s->schemas);
	if (!code)
		code = store_parse(&s->parsed, &s->schemas, prefix, NULL);
	if (!code)
		code = parse_switches(s);
	if (!code)
		s->where = join("below ", prefix, "schemas/", "");
	return code || s->where ? code : out_of_memory();
}

void switch_store_fini(struct switch_store *s)
{
	for (size_t i = 0; s->all && i < s->switches.n; i++)
		ab_unref(s->all[i]);
	free((void *)s->all);
	free(s->where);
	files_fini(&s->parsed);
	etcd_result_fini(&s->switches);
	etcd_result_fini(&s->schemas);
	etcd_sync_free(s->etcd);
}

const struct etcd_kv *switch_store_find(const struct switch_store *s, const char *name)
{
	return store_find(&s->switches, s->prefix, SWITCHES, name);
}

const struct etcd_kv *switch_store_find_schema(const struct switch_store *s, const char *name)
{
	return store_find(&s->schemas, s->prefix, "schemas/", name);
}

static enum engine_presence find_schema(void *arg, const char *name)
{
	return switch_store_find_schema(arg, name) ? ENGINE_RUNS : ENGINE_ABSENT;
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

static struct judge_world world_of(const struct switch_store *s)
{
	return (struct judge_world){find_schema, check_routes, (void *)(uintptr_t)s, s->where,
				    false};
}

int switch_store_check(struct switch_store *s, const struct ab_switch *sw, flume_report *report)
{
	const struct judge_world world = world_of(s);
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

void switch_store_tell_unasked(const struct switch_store *s, const struct ab_switch *sw)
{
	const struct judge_world world = world_of(s);
	switch_tell_unasked(ab_name(sw), sw, &world, &s->parsed);
}

static const struct ab_switch *find_switch(void *arg, const char *name)
{
	const struct switch_store *s = arg;
	const struct etcd_kv *kv = switch_store_find(s, name);
	return kv ? s->all[kv - s->switches.kvs] : NULL;
}

int switch_store_check_schema(const struct switch_store *s, const char *name,
			      const flume_schema *schema, const flume_value *shared,
			      flume_report *report)
{
	bool taken = switch_store_find(s, name);
	int rc = ab_check_schema(schema, shared, find_switch, (void *)(uintptr_t)s, report);
	if (taken)
		flume_report_add(report, "name-taken", "", flume_schema_get_root(schema), NULL,
				 "there is a switch '%s' below %s" SWITCHES
				 ": a schema must have a name of its own",
				 name, s->prefix);
	return rc ? rc : taken ? FLUME_REJECTED : FLUME_OK;
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

const char *switch_store_sender(const struct switch_store *s, const char *schema)
{
	const struct judge_world world = world_of(s);
	const char *missing;
	for (size_t i = 0; i < s->switches.n; i++) {
		const struct ab_switch *sw = s->all[i];
		if (sw && ab_find(sw, schema) >= 0 &&
		    judge_front(&world, sw, &missing) == JUDGE_FRONT)
			return ab_name(sw);
	}
	return NULL;
}

char *switch_store_key(const struct switch_store *s, const char *name)
{
	return join("", s->prefix, SWITCHES, name);
}
