/*
 * Of a change that was seen: what it was, what was there before, and the transaction.  Of what is gone, and
 * nobody saw when: whether its last record says so already, and the transaction, which holds only while it
 * is gone.
 */
#include "agent/fleet/recording.h"

#include "agent/log/log.h"
#include "lib/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct recording {
	struct etcd *etcd;
	recording_fn *done;
	void *arg;
	struct etcd_call *call;
	char *name, *records, *key; /* of the document */
	struct history history;
	int64_t revision, number;
	struct record record;
	struct etcd_kv text;  /* key NULL: none */
	bool present, absent; /* it is asked for as it is now; it has to be gone */
};

static void recording_free(struct recording *r)
{
	free(r->name);
	free(r->records);
	free(r->key);
	free(r->text.key);
	free(r->text.value);
	free(r);
}

static void end(struct recording *r, enum recording_end how, const struct flume_err *err)
{
	recording_fn *done = r->done;
	void *arg = r->arg;
	recording_free(r);
	done(arg, how, err);
}

static void end_without_memory(struct recording *r)
{
	const struct flume_err err = {.code = FLUME_NOMEM};
	end(r, RECORDING_FAILED, &err);
}

/* ---- the record ---- */

static void on_written(struct etcd_result *result, void *arg)
{
	struct recording *r = arg;
	r->call = NULL;
	if (result->code) {
		end(r, RECORDING_FAILED, &result->err);
		return;
	}
	if (result->succeeded)
		log_event(LOG_INFO, "a change by an unknown author was recorded",
			  LOG_STR("name", r->name), LOG_STR("action", r->record.action),
			  LOG_STR("change_version", r->record.version.version),
			  LOG_INT("revision", r->revision));
	end(r, result->succeeded ? RECORDING_DONE : RECORDING_LATE, NULL);
}

static void write_record(struct recording *r)
{
	struct history_write w;
	history_write_begin(&w, &r->history);
	if (r->absent)
		history_write_absent(&w, r->key);
	if (!history_write_record(&w, r->number, &r->record)) {
		const struct etcd_txn txn = history_write_end(&w);
		r->call = etcd_transact(r->etcd, &txn, on_written, r);
	}
	history_write_fini(&w);
	if (!r->call)
		end_without_memory(r);
}

/* ---- what was there before ---- */

static void on_previous(struct etcd_result *result, void *arg)
{
	struct recording *r = arg;
	struct record_version *previous = &r->record.previous;
	r->call = NULL;
	if (result->code && result->code != FLUME_CONFLICT)
		end(r, RECORDING_FAILED, &result->err);
	else if (!result->code && result->n &&
		 record_version_of(previous, result->kvs[0].value, result->kvs[0].value_len,
				   result->kvs[0].mod_revision))
		end_without_memory(r);
	else
		write_record(r);
}

/* False when out of memory. */
static bool ask_previous(struct recording *r)
{
	const struct etcd_query query = {.key = r->key, .revision = r->revision - 1};
	r->call = etcd_range(r->etcd, &query, on_previous, r);
	return r->call;
}

/* ---- what it was ---- */

static int take_document(struct recording *r, struct etcd_result *result)
{
	struct record *record = &r->record;
	r->text = result->kvs[0];
	result->kvs[0].key = result->kvs[0].value = NULL;
	record->text = r->text.value;
	record->len = r->text.value_len;
	return record_version_of(&record->version, record->text, record->len, r->revision);
}

static bool ask_text(struct recording *);

/* What was compacted may still be what is there. */
static void on_text(struct etcd_result *result, void *arg)
{
	struct recording *r = arg;
	bool past = result->code == FLUME_CONFLICT, good = true;
	r->call = NULL;
	if (result->code && !past) {
		end(r, RECORDING_FAILED, &result->err);
		return;
	}
	if (past && !r->present) {
		r->present = true;
		good = ask_text(r);
	} else if (!past && result->n && result->kvs[0].mod_revision == r->revision) {
		good = !take_document(r, result) && ask_previous(r);
	} else {
		end(r, RECORDING_NEEDLESS, NULL);
		return;
	}
	if (!good)
		end_without_memory(r);
}

static bool ask_text(struct recording *r)
{
	const struct etcd_query query = {.key = r->key,
					 .revision = r->present ? 0 : r->revision};
	r->call = etcd_range(r->etcd, &query, on_text, r);
	return r->call;
}

/* ---- what is gone, and nobody saw when ---- */

static void on_last(struct etcd_result *result, void *arg)
{
	struct recording *r = arg;
	struct record last;
	flume_value *root = NULL;
	r->call = NULL;
	if (result->code) {
		end(r, RECORDING_FAILED, &result->err);
		return;
	}
	const struct etcd_kv *kv = result->n ? result->kvs : NULL;
	int rc = kv ? record_read(&last, &root, kv->value, kv->value_len) : FLUME_INVALID;
	flume_value_free(root);
	if (rc == FLUME_NOMEM) {
		end_without_memory(r);
		return;
	}
	if (rc || record_is_deletion(&last)) {
		end(r, RECORDING_NEEDLESS, NULL);
		return;
	}
	r->record.previous = last.version;
	if (!last.version.revision)
		r->record.previous.revision = kv->create_revision;
	write_record(r);
}

static bool ask_last(struct recording *r, const struct etcd_kv *last)
{
	r->revision = r->record.version.revision = r->history.revision;
	r->number = history_next(&r->history);
	r->absent = true;
	r->call = etcd_range(r->etcd, &(struct etcd_query){.key = last->key}, on_last, r);
	return r->call;
}

/* ---- life ---- */

static bool describe(struct recording *r, const struct recording_of *of)
{
	struct text key = {0};
	text_addf(&key, "%s%s%s", of->prefix, of->folder, of->name);
	r->key = text_take(&key);
	r->name = strdup(of->name);
	r->records = history_dup_folder(of->prefix, of->folder, of->name);
	if (!r->key || !r->name || !r->records)
		return false;
	r->history = history_of(of->list, r->records);
	r->revision = r->number = r->record.version.revision = of->revision;
	r->record.at = stamp_now();
	snprintf(r->record.action, sizeof r->record.action, "%s",
		 of->last || of->deleted ? "delete" : "put");
	snprintf(r->record.node, sizeof r->record.node, "%s", of->node);
	return true;
}

struct recording *recording_new(struct etcd *etcd, const struct recording_of *of,
				recording_fn *done, void *arg)
{
	struct recording *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	*r = (struct recording){.etcd = etcd, .done = done, .arg = arg};
	bool good = describe(r, of) && (of->last      ? ask_last(r, of->last)
					: of->deleted ? ask_previous(r)
						      : ask_text(r));
	if (good)
		return r;
	recording_free(r);
	return NULL;
}

struct recording *recording_cancel(struct recording *r)
{
	if (r) {
		etcd_cancel(r->call);
		recording_free(r);
	}
	return NULL;
}
