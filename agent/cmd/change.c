/*
 * A write whose answer got lost may have happened.  Then the record is read: it is ours, or it is
 * not there.
 */
#include "agent/cmd/change.h"

#include "agent/cmd/cmd.h"
#include "agent/cmd/store.h"
#include "agent/fleet/history.h"
#include "agent/fleet/outcome.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRIES 8 /* each time somebody else wrote a record in between */

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

/* ---- the record ---- */

static void name_author(const struct store_change *c, char out[RECORD_WHO])
{
	const struct passwd *user = c->by ? NULL : getpwuid(geteuid());
	char host[65] = "";
	if (gethostname(host, sizeof host - 1))
		*host = '\0';
	if (c->by)
		snprintf(out, RECORD_WHO, "%s", c->by);
	else
		snprintf(out, RECORD_WHO, "%s@%s", user ? user->pw_name : "unknown", host);
	utf8_mend(out);
}

static int describe(struct store_change *c)
{
	struct record *r = &c->record;
	int rc = 0;
	*r = (struct record){.at = stamp_now(), .to = c->to, .text = c->text, .len = c->len};
	name_author(c, r->who);
	snprintf(r->why, sizeof r->why, "%s", c->why ? c->why : "");
	utf8_mend(r->why);
	snprintf(r->action, sizeof r->action, "%s", c->action);
	if (c->text)
		rc = record_version_of(&r->version, c->text, c->len, 0);
	if (!rc && c->seen)
		rc = record_version_of(&r->previous, c->seen->value, c->seen->value_len,
				       c->seen->mod_revision);
	return rc;
}

/* ---- one write ---- */

struct attempt {
	struct store_change *change;
	char *records, *key; /* of all records of this name; of the document */
	struct etcd_result list;
	struct history history;
	int64_t number;
};

static int list_records(struct etcd_sync *etcd, struct attempt *a, struct flume_err *err)
{
	etcd_result_fini(&a->list);
	a->list = (struct etcd_result){0};
	int rc = etcd_sync_range(
		etcd,
		&(struct etcd_query){.key = a->records, .prefix = true, .keys_only = true},
		&a->list, err);
	a->history = (struct history){a->records, a->list.kvs, a->list.n, a->list.revision};
	a->number = history_next(&a->history);
	return rc;
}

/* FLUME_CONFLICT: the document is another.  FLUME_EXISTS: only a record came in between. */
static int attempt_once(struct etcd_sync *etcd, struct attempt *a, struct flume_err *err)
{
	struct store_change *c = a->change;
	struct history_write w;
	struct etcd_result r = {0};
	int64_t expected = c->seen ? c->seen->mod_revision : 0;
	const struct history_change change = {.key = a->key,
					      .seen = c->seen,
					      .text = c->text,
					      .len = c->len,
					      .number = a->number,
					      .record = &c->record};
	history_write_begin(&w, &a->history);
	int rc = history_write_change(&w, &change);
	if (rc) {
		flume_fail(err, rc, "out of memory");
	} else {
		const struct etcd_txn txn = history_write_end(&w);
		rc = etcd_sync_transact(etcd, &txn, &r, err);
	}
	if (!rc && r.succeeded)
		c->revision = r.revision;
	else if (!rc)
		rc = (r.n ? r.kvs[0].mod_revision : 0) == expected ? FLUME_EXISTS
								   : FLUME_CONFLICT;
	history_write_fini(&w);
	etcd_result_fini(&r);
	return rc;
}

/* 0 when the record is there, and ours. */
static int look_again(struct etcd_sync *etcd, struct attempt *a)
{
	struct etcd_result r = {0};
	char *key = history_dup_key(a->records, a->number);
	char *wanted = record_dup_json(&a->change->record);
	int rc = key && wanted
			 ? etcd_sync_range(etcd, &(struct etcd_query){.key = key}, &r, NULL)
			 : FLUME_NOMEM;
	bool ours = !rc && r.n == 1 && !strcmp(r.kvs[0].value, wanted);
	if (ours)
		a->change->revision = r.kvs[0].create_revision;
	etcd_result_fini(&r);
	free(wanted);
	free(key);
	return ours ? 0 : FLUME_NOT_FOUND;
}

static int attempt_all(struct etcd_sync *etcd, struct attempt *a, struct flume_err *err)
{
	int rc = FLUME_EXISTS;
	for (int i = 0; i < TRIES && rc == FLUME_EXISTS; i++) {
		rc = list_records(etcd, a, err);
		if (!rc)
			rc = attempt_once(etcd, a, err);
		if ((rc == FLUME_IO || rc == FLUME_TIMED_OUT) && !look_again(etcd, a))
			rc = 0;
	}
	return rc;
}

static int explain(const struct store_change *c, int rc, const struct flume_err *err)
{
	switch (rc) {
	case 0:
		return 0;
	case FLUME_EXISTS:
		return cmd_fail(
			CMD_CONFLICT,
			"%s: others write its history all the time; nothing was written",
			c->name);
	case FLUME_CONFLICT:
		return cmd_fail(
			CMD_CONFLICT,
			"%s: somebody else changed it since it was read; nothing was written",
			c->name);
	case FLUME_REFUSED:
		return cmd_fail(CMD_NOT_ALLOWED,
				"%s: %s (it takes the right to write %s%s and %shistory/)",
				c->name, err->text, c->prefix, c->folder, c->prefix);
	default:
		return cmd_fail(cmd_exit_of(rc), "%s: %s", c->name, err->text);
	}
}

int change_write(struct etcd_sync *etcd, struct store_change *c)
{
	struct attempt a = {.change = c};
	struct flume_err err = {0};
	struct text key = {0};
	text_addf(&key, "%s%s%s", c->prefix, c->folder, c->name);
	a.key = text_take(&key);
	a.records = history_dup_folder(c->prefix, c->folder, c->name);
	int code = a.key && a.records && !describe(c) ? 0 : out_of_memory();
	if (!code)
		code = explain(c, attempt_all(etcd, &a, &err), &err);
	if (!code)
		c->key = history_dup_key(a.records, a.number);
	free(a.key);
	free(a.records);
	etcd_result_fini(&a.list);
	return code;
}

void change_fini(struct store_change *c)
{
	free(c->key);
	c->key = NULL;
}

/* ---- what became of it ---- */

static int ask_node(struct store_change *c, const struct fleet_said *said)
{
	struct record_version version = c->record.version;
	version.revision = c->revision;
	return outcome_add(&c->record.outcome,
			   &(struct outcome_of){c->folder, c->name, &version}, said);
}

static void note(struct etcd_sync *etcd, struct store_change *c)
{
	outcome_end(&c->record.outcome, stamp_now());
	char *json = record_dup_json(&c->record);
	if (json && c->key)
		(void)etcd_sync_put_if(etcd, c->key, json, strlen(json), c->revision, 0, NULL,
				       NULL);
	free(json);
}

void change_note_outcomes(struct etcd_sync *etcd, struct store_change *all, size_t n)
{
	struct etcd_result nodes = {0};
	int rc = 0;
	if (!n || store_list(etcd, all->prefix, "nodes/", &nodes))
		return;
	for (size_t i = 0; !rc && i < nodes.n; i++) {
		struct fleet_said *said = NULL;
		rc = fleet_said_read(&said, store_name(&nodes.kvs[i], all->prefix, "nodes/"),
				     nodes.kvs[i].value, nodes.kvs[i].value_len);
		for (size_t j = 0; !rc && j < n; j++)
			rc = ask_node(&all[j], said);
		fleet_said_free(said);
	}
	n = rc ? 0 : n;
	for (size_t j = 0; j < n; j++)
		note(etcd, &all[j]);
	etcd_result_fini(&nodes);
}
