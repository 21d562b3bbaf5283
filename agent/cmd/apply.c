/*
 * Lint, test, compare and put.  What etcd holds already is read first: schemas may refer to
 * those, and each write demands that its key is still as it was read, so nobody's work is
 * undone unseen.
 */
#include "agent/cmd/agent_options.h"
#include "agent/cmd/change.h"
#include "agent/cmd/clean.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/options.h"
#include "agent/cmd/plan.h"
#include "agent/cmd/store.h"
#include "agent/cmd/switch_store.h"
#include "agent/cmd/wait.h"
#include "agent/source/slurp.h"
#include "lib/base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct apply_options {
	const char *const *files;
	const char *etcd, *prefix, *config, *by, *why;
	struct etcd_how how;
	int64_t timeout, case_limit;
	int output, same_version;
	bool wait, dry_run, force;
};

static const struct conf_option options[] = {
	{"file", 'f', CONF_TEXTS, "FILE|DIR", NULL, NULL, offsetof(struct apply_options, files),
	 "What to apply; may be given again."},
	OPTION_ETCD(apply_options),
	OPTION_PREFIX(apply_options),
	OPTION_WHO(apply_options),
	{"wait", 'w', CONF_FLAG, "", NULL, NULL, offsetof(struct apply_options, wait),
	 "Wait until every live node runs it, or one says why not."},
	{"timeout", 0, CONF_DURATION, "TIME", "60s", NULL,
	 offsetof(struct apply_options, timeout), "How long to wait."},
	{"dry-run", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct apply_options, dry_run),
	 "Do everything but write."},
	{"force", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct apply_options, force),
	 "Although switches in etcd do not fit."},
	{"same-version", 0, CONF_CHOICE, "reject|apply", "reject", "FLUME_SAME_VERSION",
	 offsetof(struct apply_options, same_version),
	 "What to do with another content of a version that etcd holds; agents ask the same."},
	OPTION_CASE_LIMIT(apply_options, CONF_RESTART),
	OPTION_CONFIG(apply_options,
		      "The agent's configuration, for etcd, prefix and components."),
	OPTION_OUTPUT(apply_options),
	{0},
};

struct session {
	const struct apply_options *options;
	struct switch_store store;
	struct plan plan;
	struct wait_name *wanted; /* one for each file, in the plan's order */
	size_t n_wanted;
	struct store_change *changes; /* one for each file that was written */
	size_t n_changes;
	struct text json;
};

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

/* ---- all writes ---- */

static void tell(struct session *s, const struct file *f, const char *word, int64_t revision)
{
	if (s->options->output == OUTPUT_TEXT) {
		printf("%s %s%s\n", f->name, word, s->options->dry_run ? " (dry run)" : "");
		fflush(stdout);
		return;
	}
	const char *version = flume_schema_get_version(f->schema);
	text_add(&s->json, s->json.len ? ",\n{\"name\":" : "\n{\"name\":");
	text_add_json(&s->json, f->name, strlen(f->name));
	text_addf(&s->json, ",\"result\":\"%s\",\"version\":", word);
	text_add_json(&s->json, version, strlen(version));
	text_addf(&s->json, ",\"digest\":\"%s\",\"revision\":%" PRId64 "}",
		  flume_schema_get_digest(f->schema), revision);
}

static int put(struct session *s, const struct file *f, const struct etcd_kv *seen,
	       int64_t *out_revision)
{
	struct store_change *c = &s->changes[s->n_changes++];
	*c = (struct store_change){
		.prefix = s->options->prefix,
		.folder = "schemas/",
		.name = f->name,
		.seen = seen,
		.text = f->text,
		.len = f->len,
		.action = "apply",
		.by = s->options->by,
		.why = s->options->why,
	};
	int code = change_write(s->store.etcd, c);
	if (code)
		s->n_changes--;
	else
		*out_revision = c->revision;
	return code;
}

static int apply_one(struct session *s, const struct file *f)
{
	const struct etcd_kv *kv = switch_store_find_schema(&s->store, f->name);
	bool same = kv && kv->value_len == f->len && !memcmp(kv->value, f->text, f->len);
	int64_t revision = kv ? kv->mod_revision : 0;
	if (!same && !s->options->dry_run) {
		int code = put(s, f, kv, &revision);
		if (code && s->options->output == OUTPUT_JSON)
			tell(s, f, code == CMD_CONFLICT ? "conflict" : "failed", revision);
		if (code)
			return code;
	}
	tell(s, f, same ? "unchanged" : kv ? "configured" : "created", revision);
	s->wanted[s->n_wanted++] = (struct wait_name){FLEET_SCHEMA, f->name, revision};
	return 0;
}

/* False when out of memory. */
static bool print_rows(struct session *s)
{
	char *rows = text_take(&s->json);
	if (!rows)
		return false;
	print_clean_list(rows);
	fflush(stdout);
	free(rows);
	return true;
}

static int apply_all(struct session *s)
{
	int code = 0;
	s->wanted = calloc(s->plan.files.n, sizeof *s->wanted);
	s->changes = calloc(s->plan.files.n, sizeof *s->changes);
	if (!s->wanted || !s->changes)
		return out_of_memory();
	for (size_t i = 0; i < s->plan.files.n; i++) {
		const struct file *f = &s->plan.files.all[s->plan.order[i]];
		if (code)
			tell(s, f, "not-applied", 0);
		else
			code = apply_one(s, f);
	}
	if (s->options->output == OUTPUT_JSON && !print_rows(s) && !code)
		code = out_of_memory();
	return code;
}

/* ---- a version is not used for two contents ---- */

static bool is_reused(const struct file *f, const struct etcd_kv *kv)
{
	flume_schema *old = NULL;
	const char *version = flume_schema_get_version(f->schema);
	if (!kv || flume_schema_parse(&old, kv->value, kv->value_len,
				      slurp_guess(kv->value, kv->value_len), NULL, NULL))
		return false;
	bool same = *version && !strcmp(version, flume_schema_get_version(old));
	bool other = strcmp(flume_schema_get_digest(f->schema), flume_schema_get_digest(old));
	flume_schema_unref(old);
	return same && other;
}

/* Agents would refuse it, each by itself, and the store would hold what runs nowhere. */
static int refuse_reuse(struct session *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->plan.files.n; i++) {
		const struct file *f = &s->plan.files.all[s->plan.order[i]];
		const struct etcd_kv *kv = switch_store_find_schema(&s->store, f->name);
		if (!is_reused(f, kv))
			continue;
		n++;
		cmd_fail(0,
			 "%s: version %s is in etcd with other content: raise `version`, or "
			 "say --same-version apply where the agents do",
			 f->name, flume_schema_get_version(f->schema));
		if (s->options->output == OUTPUT_JSON)
			tell(s, f, "conflict", kv->mod_revision);
	}
	if (n && s->options->output == OUTPUT_JSON)
		print_rows(s);
	return n ? cmd_fail(CMD_CONFLICT, "nothing was applied") : 0;
}

/* ---- the command ---- */

static int read_store(struct session *s)
{
	const struct apply_options *o = s->options;
	int code = switch_store_open(&s->store, o->etcd, &o->how, o->prefix);
	if (!code)
		code = store_parse(&s->plan.others, &s->store.schemas, o->prefix,
				   &s->plan.files);
	s->plan.switches = o->force ? NULL : &s->store;
	return code;
}

static int wait_for_nodes(const struct session *s)
{
	const struct apply_options *o = s->options;
	const struct follow_from from = {
		.endpoints = o->etcd, .prefix = o->prefix, .how = &o->how, .patient = true};
	const struct wait_for what = {
		.names = s->wanted, .n = s->n_wanted, .tell = o->output == OUTPUT_TEXT};
	return wait_fleet(&from, &what, o->timeout, NULL, NULL);
}

static int run(const struct cmd_call *call)
{
	struct session s = {.options = call->options};
	const struct apply_options *o = s.options;
	int code = plan_read(&s.plan, o->files, call->conf);
	if (!code && !o->etcd)
		code = cmd_fail(CMD_USAGE, "apply: where to? --etcd URL or FLUME_ETCD");
	if (!code)
		code = read_store(&s);
	if (!code)
		code = plan_check(&s.plan, call->conf, o->case_limit, o->output == OUTPUT_JSON);
	if (!code && o->same_version == SAME_VERSION_REJECT)
		code = refuse_reuse(&s);
	if (!code)
		code = apply_all(&s);
	if (!code && o->wait && !o->dry_run) {
		code = wait_for_nodes(&s);
		change_note_outcomes(s.store.etcd, s.changes, s.n_changes);
	}
	while (s.n_changes)
		change_fini(&s.changes[--s.n_changes]);
	free(s.changes);
	free(s.wanted);
	text_fini(&s.json);
	plan_fini(&s.plan);
	switch_store_fini(&s.store);
	return code;
}

const struct command command_apply = {
	.name = "apply",
	.usage = "[OPTION...] -f FILE|DIR",
	.about = "Check schemas, try them, and write them to etcd.",
	.details = "Checks the schemas, also against the switches in etcd, runs their canary "
		   "cases, and only if all is well writes them to etcd, each only if nobody "
		   "changed it in the meantime, and with a record of "
		   "who "
		   "did it and why, which 'flume history' shows. The name of a schema is "
		   "that of its file without suffix.",
	.negative = "findings, failed cases, or a node refuses",
	.exits = 1U << CMD_UNREACHABLE | 1U << CMD_CONFLICT | 1U << CMD_NOT_FOUND |
		 1U << CMD_TIMED_OUT | 1U << CMD_NOT_ALLOWED,
	.options = options,
	.size = sizeof(struct apply_options),
	.most = SIZE_MAX,
	.run = run,
};
