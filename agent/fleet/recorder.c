/*
 * One question first: which records are there of the names in doubt?  The keys alone tell.  In most
 * cases that is all, for the change came with its record, or another node was faster.  What is left
 * is worked off one by one: what it was, what was there before, and the transaction.
 *
 * When the transaction fails another record came in between.  Then everything is looked at again
 * after a while; that ends, since each failure means that one more change is recorded.
 *
 * While no agent ran, etcd may have been changed several times: the last one is found, and the
 * deletion of what has records that do not end with one.
 */
#include "agent/fleet/recorder.h"

#include "agent/fleet/doubts.h"
#include "agent/fleet/history.h"
#include "agent/log/log.h"
#include "lib/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS      INT64_C(1000000)
#define RETRY   (500 * MS)   /* after a failure, doubled each time ... */
#define RETRIES (60000 * MS) /* ... up to this                         */

struct recorder {
	struct loop *loop;
	struct etcd *etcd;
	char *prefix, *folder, *node;
	struct sink inner;
	struct loop_timer *timer;
	struct etcd_call *call;
	struct doubts doubts;
	int64_t within, pause;
	bool armed, told; /* told that it may not */

	/* while it works: */
	struct etcd_result list; /* keys of records */
	size_t at;               /* where the look for what is lost has come to */
	struct job {
		char *name, *records, *key;
		struct history history;
		int64_t revision, number;
		struct record record;
		struct etcd_kv text;  /* key NULL: none */
		bool present, absent; /* it is asked for as it is now; it has to be gone */
	} job;
};

static void next(struct recorder *);

static void arm(struct recorder *r, int64_t in)
{
	if (r->armed)
		return;
	r->armed = true;
	loop_timer_arm(r->timer, in);
}

static void job_fini(struct job *job)
{
	free(job->name);
	free(job->records);
	free(job->key);
	free(job->text.key);
	free(job->text.value);
	*job = (struct job){0};
}

static void rest(struct recorder *r)
{
	job_fini(&r->job);
	etcd_result_fini(&r->list);
	r->list = (struct etcd_result){0};
	r->at = 0;
}

/* Everything is looked at again. */
static void try_later(struct recorder *r)
{
	rest(r);
	r->pause = r->pause > RETRIES / 2 ? RETRIES : r->pause ? 2 * r->pause : RETRY;
	arm(r, r->pause / 2 + source_jitter(r->pause));
}

static void fail(struct recorder *r, const struct flume_err *err)
{
	if (err->code != FLUME_REFUSED && err->code != FLUME_LIMITED) {
		try_later(r);
		return;
	}
	if (!r->told)
		log_event(LOG_WARN,
			  "changes that flume did not make are not recorded by this node",
			  LOG_STR("reason", err->text), LOG_STR("prefix", r->prefix));
	r->told = true;
	r->pause = 0;
	doubts_drop(&r->doubts);
	rest(r);
}

static void on_memory(struct recorder *r)
{
	const struct flume_err err = {.code = FLUME_NOMEM};
	fail(r, &err);
}

/* ---- one record ---- */

static void on_written(struct etcd_result *result, void *arg)
{
	struct recorder *r = arg;
	struct job *job = &r->job;
	r->call = NULL;
	if (result->code) {
		fail(r, &result->err);
		return;
	}
	if (!result->succeeded) {
		try_later(r);
		return;
	}
	log_event(LOG_INFO, "a change by an unknown author was recorded",
		  LOG_STR("name", job->name), LOG_STR("action", job->record.action),
		  LOG_STR("change_version", job->record.version.version),
		  LOG_INT("revision", job->revision));
	r->told = false;
	r->pause = 0;
	doubts_settle(&r->doubts, job->name, job->number);
	next(r);
}

static void write_record(struct recorder *r)
{
	struct job *job = &r->job;
	struct history_write w;
	history_write_begin(&w, &job->history);
	if (job->absent)
		history_write_absent(&w, job->key);
	if (!history_write_record(&w, job->number, &job->record)) {
		const struct etcd_txn txn = history_write_end(&w);
		r->call = etcd_transact(r->etcd, &txn, on_written, r);
	}
	history_write_fini(&w);
	if (!r->call)
		on_memory(r);
}

static void on_previous(struct etcd_result *result, void *arg)
{
	struct recorder *r = arg;
	struct record *record = &r->job.record;
	r->call = NULL;
	if (result->code && result->code != FLUME_CONFLICT) {
		fail(r, &result->err);
		return;
	}
	if (!result->code && result->n &&
	    record_version_of(&record->previous, result->kvs[0].value, result->kvs[0].value_len,
			      result->kvs[0].mod_revision)) {
		on_memory(r);
		return;
	}
	write_record(r);
}

static void ask_previous(struct recorder *r)
{
	const struct etcd_query query = {.key = r->job.key, .revision = r->job.revision - 1};
	if (query.revision < 1) {
		write_record(r);
		return;
	}
	r->call = etcd_range(r->etcd, &query, on_previous, r);
	if (!r->call)
		on_memory(r);
}

static int take_text(struct job *job, struct etcd_result *result)
{
	struct record *record = &job->record;
	job->text = result->kvs[0];
	result->kvs[0].key = result->kvs[0].value = NULL;
	record->text = job->text.value;
	record->len = job->text.value_len;
	return record_version_of(&record->version, record->text, record->len, job->revision);
}

static void ask_text(struct recorder *r);

/* What was compacted may still be what is there. */
static void on_text(struct etcd_result *result, void *arg)
{
	struct recorder *r = arg;
	struct job *job = &r->job;
	r->call = NULL;
	if (result->code && result->code != FLUME_CONFLICT) {
		fail(r, &result->err);
		return;
	}
	if (result->code && !job->present) {
		job->present = true;
		ask_text(r);
		return;
	}
	if (!result->code && result->n && result->kvs[0].mod_revision == job->revision &&
	    take_text(job, result)) {
		on_memory(r);
		return;
	}
	if (job->text.key)
		ask_previous(r);
	else { /* nobody knows any more what it was */
		doubts_settle(&r->doubts, job->name, job->number);
		next(r);
	}
}

static void ask_text(struct recorder *r)
{
	const struct etcd_query query = {.key = r->job.key,
					 .revision = r->job.present ? 0 : r->job.revision};
	r->call = etcd_range(r->etcd, &query, on_text, r);
	if (!r->call)
		on_memory(r);
}

/* ---- what there is to do ---- */

/* The records of one name are neighbours in the list. */
static struct history slice(const struct etcd_result *list, const char *records)
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

static bool begin_job(struct recorder *r, const char *name, const char *action)
{
	struct job *job = &r->job;
	struct text key = {0};
	job_fini(job);
	text_addf(&key, "%s%s%s", r->prefix, r->folder, name);
	job->key = text_take(&key);
	job->name = strdup(name);
	job->records = history_dup_folder(r->prefix, r->folder, name);
	if (!job->key || !job->name || !job->records)
		return false;
	job->history = slice(&r->list, job->records);
	job->record.at = stamp_now();
	snprintf(job->record.action, sizeof job->record.action, "%s", action);
	snprintf(job->record.node, sizeof job->record.node, "%s", r->node);
	return true;
}

/* A change that was seen before the list was made.  False: there is none left. */
static bool begin_doubt(struct recorder *r)
{
	struct job *job = &r->job;
	for (size_t i = 0; i < r->doubts.n;) {
		const struct doubt doubt = r->doubts.all[i];
		if (doubt.revision > r->list.revision) {
			i++;
			continue;
		}
		if (!begin_job(r, doubt.name, doubt.deleted ? "delete" : "put")) {
			on_memory(r);
			return true;
		}
		if (history_has(&job->history, doubt.revision)) {
			doubts_settle(&r->doubts, job->name, doubt.revision);
			continue;
		}
		job->revision = job->number = doubt.revision;
		job->record.version.revision = doubt.revision;
		if (doubt.deleted)
			ask_previous(r);
		else
			ask_text(r);
		return true;
	}
	return false;
}

static void on_last(struct etcd_result *result, void *arg)
{
	struct recorder *r = arg;
	struct job *job = &r->job;
	struct record last;
	flume_value *root = NULL;
	r->call = NULL;
	int rc = result->code ? result->code
		 : !result->n ? FLUME_INVALID
			      : record_read(&last, &root, result->kvs[0].value,
					    result->kvs[0].value_len);
	if (result->code) {
		fail(r, &result->err);
		return;
	}
	if (rc == FLUME_NOMEM) {
		on_memory(r);
		return;
	}
	if (rc || record_is_deletion(&last)) {
		flume_value_free(root);
		next(r);
		return;
	}
	job->record.previous = last.version;
	if (!last.version.revision)
		job->record.previous.revision = result->kvs[0].create_revision;
	flume_value_free(root);
	job->revision = job->record.version.revision = job->history.revision;
	job->number = history_next(&job->history);
	job->absent = true;
	write_record(r);
}

/* The name in the key of a record; to be freed.  NULL: it is none, or memory is out. */
static char *dup_name(const struct recorder *r, const struct etcd_kv *kv)
{
	char *all = history_dup_folder(r->prefix, r->folder, NULL);
	size_t len = all ? strlen(all) : 0;
	const char *slash = all && strlen(kv->key) > len ? strchr(kv->key + len, '/') : NULL;
	char *name = slash && !strncmp(kv->key, all, len)
			     ? strndup(kv->key + len, (size_t)(slash - kv->key) - len)
			     : NULL;
	free(all);
	if (name && source_name_good(name))
		return name;
	free(name);
	return NULL;
}

static bool is_last_of_name(const struct etcd_result *list, size_t i)
{
	const char *slash = strrchr(list->kvs[i].key, '/');
	size_t len = slash ? (size_t)(slash - list->kvs[i].key) + 1 : 0;
	return i + 1 == list->n || strncmp(list->kvs[i].key, list->kvs[i + 1].key, len) != 0;
}

/* The last record of a name that the store does not have.  False: there is none left. */
static bool begin_lost(struct recorder *r)
{
	while (r->doubts.lost && r->at < r->list.n) {
		const struct etcd_kv *kv = &r->list.kvs[r->at];
		char *name = is_last_of_name(&r->list, r->at) ? dup_name(r, kv) : NULL;
		bool gone = name && !map_get(&r->doubts.present, name);
		bool good = !gone || begin_job(r, name, "delete");
		free(name);
		r->at++;
		if (good && gone)
			r->call = etcd_range(r->etcd, &(struct etcd_query){.key = kv->key},
					     on_last, r);
		if (gone && !r->call)
			on_memory(r);
		if (gone)
			return true;
	}
	r->doubts.lost = false;
	return false;
}

static void next(struct recorder *r)
{
	if (begin_doubt(r) || begin_lost(r))
		return;
	rest(r);
	r->pause = 0;
	if (r->doubts.n)
		arm(r, source_jitter(r->within));
}

/* ---- the look ---- */

static void on_list(struct etcd_result *result, void *arg)
{
	struct recorder *r = arg;
	r->call = NULL;
	if (result->code) {
		fail(r, &result->err);
		return;
	}
	r->list = *result;
	result->kvs = NULL;
	result->n = 0;
	next(r);
}

/* As the keys below them are: there a '/' follows the name, and '-' and '.' come before that. */
static int compare_folders(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	unsigned char x = (unsigned char)(*a ? *a : '/'), y = (unsigned char)(*b ? *b : '/');
	return x - y;
}

/* From the first name in doubt to the last one; after a list, of all. */
static void name_range(const struct recorder *r, char **from, char **to)
{
	const struct doubts *d = &r->doubts;
	const char *least = NULL, *most = NULL;
	for (size_t i = 0; i < d->n && !d->lost; i++) {
		const char *name = d->all[i].name;
		least = !least || compare_folders(name, least) < 0 ? name : least;
		most = !most || compare_folders(name, most) > 0 ? name : most;
	}
	*from = history_dup_folder(r->prefix, r->folder, least);
	*to = history_dup_folder(r->prefix, r->folder, most);
	if (*to)
		(*to)[strlen(*to) - 1]++;
}

static void look(void *arg)
{
	struct recorder *r = arg;
	r->armed = false;
	if (r->call || !doubts_any(&r->doubts))
		return;
	char *from, *to;
	rest(r);
	name_range(r, &from, &to);
	const struct etcd_query query = {.key = from, .end = to, .keys_only = true};
	if (from && to)
		r->call = etcd_range(r->etcd, &query, on_list, r);
	free(from);
	free(to);
	if (!r->call)
		try_later(r);
}

/* ---- between source and sink ---- */

static int on_batch(void *arg, enum batch_kind kind, const struct change *changes, size_t n,
		    int64_t revision)
{
	struct recorder *r = arg;
	int rc = r->inner.batch(r->inner.arg, kind, changes, n, revision);
	(void)doubts_add(&r->doubts, kind, changes, n); /* what is lost is not recorded */
	if (doubts_any(&r->doubts) && !r->call && !r->pause)
		arm(r, source_jitter(r->within));
	return rc;
}

static void on_proved(void *arg, int64_t revision)
{
	struct recorder *r = arg;
	r->inner.proved(r->inner.arg, revision);
}

static void on_link(void *arg, bool up, const char *why)
{
	struct recorder *r = arg;
	r->inner.link(r->inner.arg, up, why);
}

static void on_reset(void *arg, int64_t revision)
{
	struct recorder *r = arg;
	r->inner.reset(r->inner.arg, revision);
	r->call = etcd_cancel(r->call);
	rest(r);
	r->pause = 0;
	doubts_forget(&r->doubts);
}

struct sink recorder_sink(struct recorder *r, struct sink inner)
{
	r->inner = inner;
	return (struct sink){on_batch, on_proved, on_link, on_reset, r};
}

/* ---- life ---- */

int recorder_new(struct recorder **out, struct loop *loop, struct etcd *etcd,
		 const struct recorder_options *options, struct flume_err *err)
{
	struct recorder *r = calloc(1, sizeof *r);
	if (!r)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	*r = (struct recorder){.loop = loop, .etcd = etcd, .within = options->within_ns};
	r->prefix = strdup(options->prefix);
	r->folder = strdup(options->folder);
	r->node = strdup(options->node);
	r->timer = loop_timer_new(loop, look, r);
	if (!r->prefix || !r->folder || !r->node || !r->timer) {
		recorder_free(r);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	*out = r;
	return 0;
}

struct recorder *recorder_free(struct recorder *r)
{
	if (!r)
		return NULL;
	etcd_cancel(r->call);
	loop_timer_free(r->timer);
	rest(r);
	doubts_fini(&r->doubts);
	free(r->prefix);
	free(r->folder);
	free(r->node);
	free(r);
	return NULL;
}
