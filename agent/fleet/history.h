/*
 * history.h - where records lie in etcd, which changes have one, and the transaction that writes
 * one.  Pure.
 *
 * Of the schema NAME they lie at PREFIXhistory/NAME/NUMBER; of NAME in another folder, switches/,
 * at PREFIXhistory/_switches/NAME/NUMBER: no name begins with '_'.  NUMBER is a revision of the
 * store in 20 digits, so records are in the order of what they tell.
 */
#ifndef FLUME_AGENT_FLEET_HISTORY_H
#define FLUME_AGENT_FLEET_HISTORY_H

#include "agent/etcd/etcd.h"
#include "agent/fleet/record.h"

#define HISTORY_MOST 50 /* records of one name; older ones go */

/* With the '/' behind it; the folder "schemas/" or "switches/".  `name` NULL: of all names.
 * free(3); NULL when out of memory. */
char *history_dup_folder(const char *prefix, const char *folder, const char *name);
char *history_dup_key(const char *records, int64_t number);
/* The number in a key of that folder; 0: it has none. */
int64_t history_number(const char *records, const struct etcd_kv *);

/* What there is of one name: a list of history_dup_folder, with or without values. */
struct history {
	const char *records; /* the folder they lie in */
	const struct etcd_kv *kvs;
	size_t n;
	int64_t revision; /* of the list */
};
/* Of a list of more than one name; lent by both. */
struct history history_of(const struct etcd_result *list, const char *records);
/* Has the change that the store made at `revision` a record? */
bool history_has(const struct history *, int64_t revision);
/* A number for the record of a change that is yet to be made: behind all that there are. */
int64_t history_next(const struct history *);
/* The revision of the change that a record tells of. */
int64_t history_revision(const struct etcd_kv *, const struct record *);

/* One transaction that writes records, only if no other was written since the list, and never over
 * one that is there. */
struct history_write {
	const struct history *history;
	struct etcd_compare compares[4];
	size_t n_compares;
	struct etcd_operation operations[8 + 2 * HISTORY_MOST];
	size_t n_operations;
	struct etcd_operation otherwise;
	char *owned[4];
	size_t n_owned;
	size_t n_records;
};
void history_write_begin(struct history_write *, const struct history *);
/* The document's own key has to be as it was read: put (text), or deleted (NULL). */
void history_write_document(struct history_write *, const char *key, int64_t expected,
			    const char *text, size_t len);
/* A change by hand or program: what was there, if nobody recorded that; what it brings, and who did it.
 * 0 or FLUME_NOMEM. */
struct history_change {
	const char *key;            /* of the document */
	const struct etcd_kv *seen; /* as it was read; NULL: it was not there */
	const char *text;           /* to be put; NULL: it is deleted */
	size_t len;
	int64_t number; /* of the record */
	const struct record *record;
};
int history_write_change(struct history_write *, const struct history_change *);
/* It has to be gone. */
void history_write_absent(struct history_write *, const char *key);
/* 0 or FLUME_NOMEM.  Twice at the most. */
int history_write_record(struct history_write *, int64_t number, const struct record *);
/* Makes room, and gives the whole; it lasts as long as the write. */
struct etcd_txn history_write_end(struct history_write *);
void history_write_fini(struct history_write *);

#endif
