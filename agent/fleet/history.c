/*
 * A record and the change it tells of are written by one transaction, so both have one revision:
 * that of the record's creation.  Which number the store will give is not known beforehand, so the
 * key has the first one that it can be.  What nobody recorded gets its record later, and its key
 * the revision of the change itself.
 *
 * Every writer demands that no record of this name came since it looked.  So of a thousand that
 * want to tell the same one does, and the others look again and find it told.
 *
 * It demands, too, that the record's key is free, whatever the list said.  In a store to which the
 * history was copied from another one, records have numbers that the store comes to much later; so
 * a new one goes behind them all.
 */
#include "agent/fleet/history.h"

#include "lib/base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS 20

char *history_dup_folder(const char *prefix, const char *folder, const char *name)
{
	struct text t = {0};
	text_addf(&t, "%shistory/", prefix);
	if (strcmp(folder, "schemas/") != 0)
		text_addf(&t, "_%s", folder);
	if (name)
		text_addf(&t, "%s/", name);
	return text_take(&t);
}

char *history_dup_key(const char *records, int64_t number)
{
	struct text t = {0};
	text_addf(&t, "%s%0*" PRId64, records, DIGITS, number);
	return text_take(&t);
}

int64_t history_number(const char *records, const struct etcd_kv *kv)
{
	size_t len = strlen(records);
	if (kv->key_len != len + DIGITS || strncmp(kv->key, records, len) != 0 ||
	    strspn(kv->key + len, "0123456789") != DIGITS)
		return 0;
	int64_t number = strtoll(kv->key + len, NULL, 10);
	return number < INT64_MAX ? number : 0;
}

/* The records of one name are neighbours. */
struct history history_of(const struct etcd_result *list, const char *records)
{
	struct history h = {.records = records, .revision = list->revision};
	size_t len = strlen(records);
	for (size_t i = 0; i < list->n; i++) {
		if (strncmp(list->kvs[i].key, records, len) != 0)
			continue;
		if (!h.n++)
			h.kvs = &list->kvs[i];
	}
	return h;
}

bool history_has(const struct history *h, int64_t revision)
{
	for (size_t i = h->n; i > 0; i--) {
		const struct etcd_kv *kv = &h->kvs[i - 1];
		int64_t number = history_number(h->records, kv);
		if (number && (number == revision || kv->create_revision == revision))
			return true;
	}
	return false;
}

int64_t history_next(const struct history *h)
{
	int64_t last = h->revision;
	for (size_t i = 0; i < h->n; i++) {
		int64_t number = history_number(h->records, &h->kvs[i]);
		last = number > last ? number : last;
	}
	return last + 1;
}

int64_t history_revision(const struct etcd_kv *kv, const struct record *record)
{
	return record->version.revision ? record->version.revision : kv->create_revision;
}

/* ---- writing ---- */

void history_write_begin(struct history_write *w, const struct history *history)
{
	*w = (struct history_write){.history = history};
	w->compares[w->n_compares++] = (struct etcd_compare){
		.key = history->records,
		.prefix = true,
		.target = ETCD_MOD_REVISION,
		.relation = ETCD_LESS,
		.number = history->revision + 1,
	};
}

void history_write_document(struct history_write *w, const char *key, int64_t expected,
			    const char *text, size_t len)
{
	w->compares[w->n_compares++] = (struct etcd_compare){
		.key = key,
		.target = expected ? ETCD_MOD_REVISION : ETCD_CREATE_REVISION,
		.number = expected,
	};
	w->operations[w->n_operations++] = (struct etcd_operation){
		.action = text ? ETCD_PUT : ETCD_DELETE, .key = key, .value = text, .len = len};
	w->otherwise = (struct etcd_operation){.action = ETCD_RANGE, .key = key};
}

void history_write_absent(struct history_write *w, const char *key)
{
	w->compares[w->n_compares++] =
		(struct etcd_compare){.key = key, .target = ETCD_CREATE_REVISION};
}

int history_write_record(struct history_write *w, int64_t number, const struct record *record)
{
	char *key = history_dup_key(w->history->records, number);
	char *value = record_dup_json(record);
	w->owned[w->n_owned++] = key;
	w->owned[w->n_owned++] = value;
	if (!key || !value)
		return FLUME_NOMEM;
	w->compares[w->n_compares++] =
		(struct etcd_compare){.key = key, .target = ETCD_CREATE_REVISION};
	w->operations[w->n_operations++] = (struct etcd_operation){
		.action = ETCD_PUT, .key = key, .value = value, .len = strlen(value)};
	w->n_records++;
	return 0;
}

/* Beside a longer document there is no room for the text of the one before as well. */
#define DOCUMENT_LONG ((size_t)640 * 1024)

static int write_unrecorded(struct history_write *w, const struct history_change *c)
{
	const struct etcd_kv *seen = c->seen;
	if (!seen || history_has(w->history, seen->mod_revision))
		return 0;
	const struct record r = {.action = "put",
				 .version = c->record->previous,
				 .text = c->len < DOCUMENT_LONG ? seen->value : NULL,
				 .len = seen->value_len};
	return history_write_record(w, seen->mod_revision, &r);
}

int history_write_change(struct history_write *w, const struct history_change *c)
{
	history_write_document(w, c->key, c->seen ? c->seen->mod_revision : 0, c->text, c->len);
	int rc = write_unrecorded(w, c);
	return rc ? rc : history_write_record(w, c->number, c->record);
}

struct etcd_txn history_write_end(struct history_write *w)
{
	const struct history *h = w->history;
	size_t most = sizeof w->operations / sizeof *w->operations;
	for (size_t i = 0; i < h->n && h->n - i + w->n_records > HISTORY_MOST; i++)
		if (w->n_operations < most && history_number(h->records, &h->kvs[i]))
			w->operations[w->n_operations++] = (struct etcd_operation){
				.action = ETCD_DELETE, .key = h->kvs[i].key};
	return (struct etcd_txn){
		.compares = w->compares,
		.n_compares = w->n_compares,
		.success = w->operations,
		.n_success = w->n_operations,
		.failure = &w->otherwise,
		.n_failure = w->otherwise.key ? 1 : 0,
	};
}

void history_write_fini(struct history_write *w)
{
	while (w->n_owned)
		free(w->owned[--w->n_owned]);
}
