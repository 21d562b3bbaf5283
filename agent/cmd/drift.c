#include "agent/cmd/drift.h"

#include "agent/cmd/clean.h"
#include "agent/cmd/files.h"
#include "agent/cmd/store.h"
#include "agent/cmd/switch.h"
#include "agent/cmd/unified.h"
#include "agent/source/slurp.h"
#include "lib/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum drift_kind { SAME, FORM, OTHER, NEW };

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

/* FORM: agents would find it unchanged.  Negative: FLUME_NOMEM. */
static int judge(const struct file *f, const struct etcd_kv *kv)
{
	flume_schema *old = NULL;
	if (!kv)
		return NEW;
	if (kv->value_len == f->len && !memcmp(kv->value, f->text, f->len))
		return SAME;
	int rc = flume_schema_parse(&old, kv->value, kv->value_len,
				    slurp_guess(kv->value, kv->value_len), NULL, NULL);
	if (rc == FLUME_NOMEM)
		return rc;
	bool form = old && f->schema &&
		    !strcmp(flume_schema_get_digest(old), flume_schema_get_digest(f->schema));
	flume_schema_unref(old);
	return form ? FORM : OTHER;
}

static int compare(struct text *out, const struct file *f, const struct etcd_kv *kv)
{
	struct text label = {0};
	if (kv)
		text_addf(&label, "etcd %s (revision %" PRId64 ")", kv->key, kv->mod_revision);
	else
		text_add(&label, "/dev/null");
	const struct unified_side old = {label.s, kv ? kv->value : "", kv ? kv->value_len : 0};
	const struct unified_side new = {f->path, f->text, f->len};
	int rc = label.failed ? FLUME_NOMEM : unified_diff(out, &old, &new);
	text_fini(&label);
	return rc;
}

static void add_json(struct text *t, const struct file *f, const struct etcd_kv *kv,
		     enum drift_kind kind, const struct text *diff)
{
	static const char *const names[] = {"same", "form", "different", "new"};
	text_add(t, t->len ? ",\n{\"name\":" : "\n{\"name\":");
	text_add_json(t, f->name, strlen(f->name));
	text_addf(t, ",\"kind\":\"%s\",\"result\":\"%s\",\"revision\":%" PRId64 ",\"diff\":",
		  f->is_switch ? "switch" : "schema", names[kind], kv ? kv->mod_revision : 0);
	text_add_json(t, diff->s ? diff->s : "", diff->len);
	text_add_char(t, '}');
}

struct drift_store {
	struct etcd_result schemas, switches;
};

static int show(const struct drift_options *o, const struct files *files,
		const struct drift_store *store)
{
	struct text json = {0};
	bool any = false;
	int rc = 0;
	for (size_t i = 0; i < files->n && rc >= 0; i++) {
		const struct file *f = &files->all[i];
		const struct etcd_kv *kv =
			f->is_switch
				? store_find(&store->switches, o->prefix, SWITCHES, f->name)
				: store_find(&store->schemas, o->prefix, "schemas/", f->name);
		struct text diff = {0};
		int kind = judge(f, kv);
		rc = kind < 0 ? kind : compare(&diff, f, kv);
		if (rc >= 0)
			add_json(&json, f, kv, (enum drift_kind)kind, &diff);
		if (rc >= 0 && o->output == OUTPUT_TEXT && kind == FORM)
			printf("# %s: only comments, order or format differ: agents will find "
			       "it "
			       "unchanged\n",
			       f->name);
		if (rc >= 0 && o->output == OUTPUT_TEXT)
			fputs(diff.s ? diff.s : "", stdout);
		any = any || kind != SAME;
		text_fini(&diff);
	}
	char *rows = text_take(&json);
	if (rc < 0 || !rows) {
		free(rows);
		return out_of_memory();
	}
	if (o->output == OUTPUT_JSON)
		print_clean_list(rows);
	free(rows);
	return any ? CMD_NEGATIVE : CMD_DONE;
}

int drift(const struct drift_options *o)
{
	struct etcd_sync *etcd = NULL;
	struct drift_store store = {0};
	struct files files = {0};
	size_t n = 0;
	while (o->files[n])
		n++;
	if (!o->etcd)
		return cmd_fail(CMD_USAGE, "diff: from which store? --etcd URL or FLUME_ETCD");
	int code = files_read(&files, (char *const *)(uintptr_t)o->files, n);
	if (!code && files.passed)
		cmd_fail(0, "%s is left out; 'flume diff -f %s' compares what is in it",
			 files.passed, files.passed);
	if (!code)
		code = store_open(&etcd, o->etcd, o->how, o->prefix);
	if (!code)
		code = store_list(etcd, o->prefix, "schemas/", &store.schemas);
	if (!code)
		code = store_list(etcd, o->prefix, SWITCHES, &store.switches);
	if (!code)
		code = show(o, &files, &store);
	files_fini(&files);
	etcd_result_fini(&store.schemas);
	etcd_result_fini(&store.switches);
	etcd_sync_free(etcd);
	return code;
}
