/*
 * Nodes write their status when something in it changes, under a lease that ends with them.  So
 * the keys below nodes/ are the live nodes, and following them is enough: list once, watch from
 * there, and look at everything again after each change.
 */
#include "agent/cmd/follow.h"

#include "agent/cmd/cmd.h"
#include "agent/cmd/store.h"
#include "agent/etcd/etcd.h"
#include "agent/loop/loop.h"
#include "lib/base/map.h"
#include "lib/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRY INT64_C(500000000)

struct follow {
	const struct follow_wanted *wanted;
	size_t n;
	char *prefix; /* with nodes/ */
	struct loop *loop;
	struct etcd *etcd;
	struct etcd_watch *watch;
	struct loop_timer *again, *deadline;
	struct map nodes; /* name to flume_value */
	bool listed, progress;
	int code; /* negative: not decided yet */
};

enum verdict { RUNS, NOT_YET, WILL_NOT };

static const char *text_of(const flume_value *map, const char *key)
{
	const flume_value *v = map ? flume_value_get(map, key) : NULL;
	return v ? flume_value_text(v) : "";
}

static const flume_value *schema_of(const flume_value *status, const char *name)
{
	const flume_value *schemas = flume_value_get(status, "schemas");
	return schemas ? flume_value_get(schemas, name) : NULL;
}

static enum verdict judge(const flume_value *status, const struct follow_wanted *wanted)
{
	const flume_value *schema = schema_of(status, wanted->name);
	if (!schema)
		return NOT_YET;
	if (!strcmp(text_of(flume_value_get(schema, "running"), "digest"), wanted->digest))
		return RUNS;
	const char *state = text_of(schema, "state");
	const char *revision = text_of(flume_value_get(schema, "wanted"), "revision");
	bool ended = !strcmp(state, "rejected") || !strcmp(state, "rolled-back") ||
		     !strcmp(state, "held");
	return ended && strtoll(revision, NULL, 10) >= wanted->revision ? WILL_NOT : NOT_YET;
}

static void tell(const struct follow *f, const char *node, const flume_value *status,
		 const struct follow_wanted *wanted)
{
	const flume_value *schema = schema_of(status, wanted->name);
	const flume_value *attempted = schema ? flume_value_get(schema, "attempted") : NULL;
	const char *words[] = {schema ? text_of(schema, "state") : "not there yet",
			       text_of(schema, "reason"), text_of(attempted, "stage"),
			       text_of(attempted, "error")};
	if (f->progress)
		fputs("\r\033[K", stderr);
	fprintf(stderr, "%s: %s: ", node, wanted->name);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (*words[i])
			fprintf(stderr, "%s%s", i ? ": " : "", words[i]);
	fputc('\n', stderr);
}

/* Tells of every node with this verdict; how many there are. */
static size_t each(const struct follow *f, enum verdict verdict, bool telling)
{
	size_t found = 0;
	for (size_t i = 0; i < f->nodes.len; i++) {
		for (size_t j = 0; j < f->n; j++) {
			const flume_value *status = f->nodes.entries[i].thing;
			if (judge(status, &f->wanted[j]) != verdict)
				continue;
			if (telling)
				tell(f, f->nodes.entries[i].name, status, &f->wanted[j]);
			found++;
		}
	}
	return found;
}

static void decide(struct follow *f)
{
	if (!f->listed || f->code >= 0)
		return;
	size_t refused = each(f, WILL_NOT, true), missing = each(f, NOT_YET, false);
	size_t all = f->nodes.len * f->n;
	if (f->progress && !refused)
		fprintf(stderr, "\r\033[K%zu of %zu", all - missing, all);
	if (refused)
		f->code = CMD_NEGATIVE;
	else if (all && !missing)
		f->code = CMD_DONE;
	if (f->code >= 0)
		loop_stop(f->loop);
}

static void on_deadline(void *arg)
{
	struct follow *f = arg;
	if (f->code >= 0)
		return;
	each(f, NOT_YET, true);
	if (!f->nodes.len)
		cmd_fail(0, "no node has a status below %s", f->prefix);
	f->code = cmd_fail(CMD_TIMED_OUT, "timed out");
	loop_stop(f->loop);
}

/* ---- what etcd says ---- */

static void forget(struct follow *f, const char *key)
{
	flume_value_free(map_remove(&f->nodes, key + strlen(f->prefix)));
}

static void learn(struct follow *f, const struct etcd_kv *kv)
{
	const struct flume_limits limits = {.bytes = 16 << 20, .nodes = 1 << 20};
	flume_value *status = NULL;
	void *old = NULL;
	if (flume_value_parse(&status, kv->value, kv->value_len, FLUME_JSON, &limits, NULL))
		return;
	if (map_put(&f->nodes, kv->key + strlen(f->prefix), status, &old))
		flume_value_free(status);
	flume_value_free(old);
}

static void on_events(const struct etcd_event *events, size_t n, void *arg)
{
	struct follow *f = arg;
	for (size_t i = 0; i < n; i++) {
		if (events[i].deleted)
			forget(f, events[i].kv.key);
		else
			learn(f, &events[i].kv);
	}
	decide(f);
}

static void on_relist(enum etcd_relist why, int64_t revision, void *arg)
{
	struct follow *f = arg;
	(void)why, (void)revision;
	f->watch = etcd_watch_free(f->watch);
	loop_timer_arm(f->again, RETRY);
}

static void forget_all(struct follow *f)
{
	for (size_t i = 0; i < f->nodes.len; i++)
		flume_value_free(f->nodes.entries[i].thing);
	map_fini(&f->nodes);
	f->nodes = (struct map){0};
}

static void on_list(struct etcd_result *r, void *arg)
{
	static const struct etcd_watch_calls calls = {
		.on_events = on_events,
		.on_relist = on_relist,
	};
	struct follow *f = arg;
	if (!r->code) {
		forget_all(f);
		for (size_t i = 0; i < r->n; i++)
			learn(f, &r->kvs[i]);
		f->listed = true;
		f->watch = etcd_watch_new(f->etcd,
					  &(struct etcd_watch_options){.prefix = f->prefix,
								       .after = r->revision,
								       .keys = (int64_t)r->n},
					  &calls, f);
	}
	if (!f->watch)
		loop_timer_arm(f->again, RETRY);
	decide(f);
}

static void list(void *arg)
{
	struct follow *f = arg;
	const struct etcd_query query = {.key = f->prefix, .prefix = true};
	if (!etcd_range(f->etcd, &query, on_list, f))
		loop_timer_arm(f->again, RETRY);
}

/* ---- the whole ---- */

static int open_all(struct follow *f, const struct etcd_options *options, const char *prefix,
		    struct flume_err *err)
{
	struct text t = {0};
	text_addf(&t, "%snodes/", prefix);
	f->prefix = text_take(&t);
	f->loop = loop_new();
	if (!f->prefix || !f->loop)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	f->again = loop_timer_new(f->loop, list, f);
	f->deadline = loop_timer_new(f->loop, on_deadline, f);
	if (!f->again || !f->deadline)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	f->etcd = etcd_new(f->loop, options, err);
	return f->etcd ? 0 : err->code;
}

int follow(const char *endpoints, const struct etcd_how *how, const char *prefix,
	   const struct follow_wanted *wanted, size_t n, int64_t timeout_ns)
{
	struct follow f = {
		.wanted = wanted, .n = n, .code = -1, .progress = isatty(STDERR_FILENO)};
	struct flume_err err = {0};
	const struct etcd_options options = store_options(endpoints, how);
	int code = open_all(&f, &options, prefix, &err);
	if (code) {
		f.code = cmd_fail(cmd_exit_of(code), "%s", err.text);
	} else {
		loop_timer_arm(f.deadline, timeout_ns);
		loop_timer_arm(f.again, 0);
		loop_run(f.loop);
		if (f.progress)
			fputs("\r\033[K", stderr);
	}
	etcd_watch_free(f.watch);
	etcd_free(f.etcd);
	forget_all(&f);
	loop_timer_free(f.again);
	loop_timer_free(f.deadline);
	loop_free(f.loop);
	free(f.prefix);
	return f.code;
}
