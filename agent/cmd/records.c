#include "agent/cmd/records.h"

#include "agent/cmd/cmd.h"
#include "agent/cmd/store.h"
#include "agent/fleet/history.h"
#include "agent/fleet/outcome.h"
#include "lib/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

static int read_range(struct etcd_sync *etcd, const char *key, bool prefix,
		      struct etcd_result *out)
{
	struct flume_err err = {0};
	int rc = key ? etcd_sync_range(etcd, &(struct etcd_query){.key = key, .prefix = prefix},
				       out, &err)
		     : FLUME_NOMEM;
	if (!rc)
		return 0;
	return key ? cmd_fail(cmd_exit_of(rc), "%s", err.text) : out_of_memory();
}

static int read_document(struct records *r, struct etcd_sync *etcd, const char *prefix,
			 const char *folder, const char *name)
{
	struct text t = {0};
	text_addf(&t, "%s%s%s", prefix, folder, name);
	char *key = text_take(&t);
	int code = read_range(etcd, key, false, &r->document);
	free(key);
	if (!code && r->document.n)
		r->now = r->document.kvs;
	return code;
}

/* What etcd holds comes before all records when none of them tells of it. */
static int add_unrecorded(struct records *r, const struct history *history)
{
	const struct etcd_kv *now = r->now;
	if (!now || history_has(history, now->mod_revision))
		return 0;
	struct records_one *one = &r->all[r->n];
	*one = (struct records_one){.kv = NULL};
	snprintf(one->record.action, sizeof one->record.action, "put");
	one->record.text = now->value;
	one->record.len = now->value_len;
	if (record_version_of(&one->record.version, now->value, now->value_len,
			      now->mod_revision))
		return out_of_memory();
	r->n++;
	return 0;
}

static int add_record(struct records *r, const struct etcd_kv *kv)
{
	struct records_one *one = &r->all[r->n];
	int rc = record_read(&one->record, &one->root, kv->value, kv->value_len);
	if (rc == FLUME_NOMEM)
		return out_of_memory();
	if (rc) {
		cmd_fail(0, "%s: that is no record; it is left out", kv->key);
		return 0;
	}
	one->record.version.revision = history_revision(kv, &one->record);
	one->kv = kv;
	r->n++;
	return 0;
}

/* Of what is gone, and was there when it was recorded last, nobody knows when it went. */
static void add_unrecorded_deletion(struct records *r)
{
	const struct record *last = r->n ? &r->all[0].record : NULL;
	if (r->now || !last || record_is_deletion(last) ||
	    last->version.revision > r->document.revision)
		return;
	memmove(&r->all[1], &r->all[0], r->n * sizeof *r->all);
	r->all[0] = (struct records_one){.kv = NULL};
	snprintf(r->all[0].record.action, sizeof r->all[0].record.action, "delete");
	r->n++;
}

int records_read(struct records *r, struct etcd_sync *etcd, const char *prefix,
		 const char *folder, const char *name)
{
	char *records = history_dup_folder(prefix, folder, name);
	int code = read_document(r, etcd, prefix, folder, name);
	if (!code)
		code = read_range(etcd, records, true, &r->list);
	r->all = calloc(r->list.n + 1, sizeof *r->all);
	if (!r->all) {
		free(records);
		return out_of_memory();
	}
	const struct history history = {records, r->list.kvs, r->list.n, r->list.revision};
	if (!code)
		code = add_unrecorded(r, &history);
	for (size_t i = r->list.n; !code && i > 0; i--)
		if (history_number(records, &r->list.kvs[i - 1]))
			code = add_record(r, &r->list.kvs[i - 1]);
	if (!code)
		add_unrecorded_deletion(r);
	free(records);
	return code;
}

void records_fini(struct records *r)
{
	for (size_t i = 0; i < r->n; i++)
		flume_value_free(r->all[i].root);
	free(r->all);
	etcd_result_fini(&r->list);
	etcd_result_fini(&r->document);
	*r = (struct records){0};
}

int records_find(struct records *r, struct etcd_sync *etcd, const char *prefix,
		 const char **folder, const char *name)
{
	const char *given = *folder;
	*folder = given ? given : "schemas/";
	int code = records_read(r, etcd, prefix, *folder, name);
	if (!code && !r->n && !given) {
		records_fini(r);
		*folder = "switches/";
		code = records_read(r, etcd, prefix, *folder, name);
	}
	if (code || r->n)
		return code;
	return given ? cmd_fail(CMD_NOT_FOUND, "nothing is known of '%s' below %s%s", name,
				prefix, given)
		     : cmd_fail(CMD_NOT_FOUND,
				"nothing is known of '%s' below %sschemas/ and %sswitches/",
				name, prefix, prefix);
}

/* ---- what the nodes say ---- */

typedef int ask_fn(void *arg, const struct fleet_said *); /* 0 or FLUME_NOMEM */

static int ask_each(struct etcd_sync *etcd, const char *prefix, ask_fn *ask, void *arg)
{
	struct etcd_result nodes = {0};
	int code = store_list(etcd, prefix, "nodes/", &nodes);
	for (size_t i = 0; !code && i < nodes.n; i++) {
		struct fleet_said *said = NULL;
		int rc = fleet_said_read(&said, store_name(&nodes.kvs[i], prefix, "nodes/"),
					 nodes.kvs[i].value, nodes.kvs[i].value_len);
		if (!rc)
			rc = ask(arg, said);
		fleet_said_free(said);
		code = rc ? out_of_memory() : 0;
	}
	etcd_result_fini(&nodes);
	return code;
}

struct becoming {
	struct outcome_of of;
	struct record_outcome outcome;
};

static int ask_outcome(void *arg, const struct fleet_said *said)
{
	struct becoming *b = arg;
	return outcome_add(&b->outcome, &b->of, said);
}

int records_ask_nodes(struct records *r, struct etcd_sync *etcd, const char *prefix,
		      const char *folder, const char *name)
{
	if (!r->n)
		return 0;
	struct becoming b = {.of = {folder, name, &r->all[0].record.version}};
	int code = ask_each(etcd, prefix, ask_outcome, &b);
	outcome_end(&b.outcome, stamp_now());
	if (!code && b.outcome.nodes)
		r->all[0].record.outcome = b.outcome;
	return code;
}

void records_note_outcome(const struct records *r, struct etcd_sync *etcd)
{
	const struct records_one *one = r->n ? &r->all[0] : NULL;
	struct record known;
	flume_value *root = NULL;
	if (!one || !one->kv || !*one->record.outcome.state ||
	    record_read(&known, &root, one->kv->value, one->kv->value_len))
		return;
	flume_value_free(root);
	char *json = *known.outcome.state ? NULL : record_dup_json(&one->record);
	if (json)
		(void)etcd_sync_put_if(etcd, one->kv->key, json, strlen(json),
				       one->kv->mod_revision, 0, NULL, NULL);
	free(json);
}

struct running {
	enum fleet_kind kind;
	const char *name, *digest;
	size_t same, others;
};

static int ask_digest(void *arg, const struct fleet_said *said)
{
	struct running *r = arg;
	const struct fleet_entry *e = fleet_said_find(said, r->kind, r->name);
	bool same = e && !strcmp(e->running.digest, r->digest);
	r->same += same;
	r->others += e && !same;
	return 0;
}

int records_ask_running(bool *out, struct etcd_sync *etcd, const char *prefix,
			const char *folder, const char *name, const char *digest)
{
	struct running r = {!strcmp(folder, "switches/") ? FLEET_SWITCH : FLEET_SCHEMA, name,
			    digest, 0, 0};
	int code = ask_each(etcd, prefix, ask_digest, &r);
	*out = !code && r.same && !r.others;
	return code;
}
