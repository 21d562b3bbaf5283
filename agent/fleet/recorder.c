/*
 * One question first: which records are there of the names in doubt?  The keys alone tell.  In most
 * cases that is all, for the change came with its record, or another node was faster.  What is left
 * is worked off one by one.
 *
 * When a transaction fails another record came in between.  Then everything is looked at again
 * after a while; that ends, since each failure means that one more change is recorded.
 *
 * While no agent ran, etcd may have been changed several times: the last one is found, and the
 * deletion of what has records that do not end with one.
 */
#include "agent/fleet/recorder.h"

#include "agent/fleet/doubts.h"
#include "agent/fleet/recording.h"
#include "agent/log/log.h"

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
	struct recording *recording;
	char *name;       /* what it is about ...                              */
	int64_t revision; /* ... and of which change; 0: of one that was lost */
};

static void next(struct recorder *);

static bool is_busy(const struct recorder *r)
{
	return r->call || r->recording;
}

static void arm(struct recorder *r, int64_t in)
{
	if (r->armed)
		return;
	r->armed = true;
	loop_timer_arm(r->timer, in);
}

static void rest(struct recorder *r)
{
	r->call = etcd_cancel(r->call);
	r->recording = recording_cancel(r->recording);
	free(r->name);
	r->name = NULL;
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

/* ---- what there is to do, one after the other ---- */

static void on_recorded(void *arg, enum recording_end how, const struct flume_err *err)
{
	struct recorder *r = arg;
	r->recording = NULL;
	if (how == RECORDING_FAILED) {
		fail(r, err);
		return;
	}
	if (how == RECORDING_LATE) {
		try_later(r);
		return;
	}
	if (how == RECORDING_DONE) {
		r->told = false;
		r->pause = 0;
	}
	if (r->revision)
		doubts_settle(&r->doubts, r->name, r->revision);
	next(r);
}

static void begin(struct recorder *r, const struct recording_of *of)
{
	free(r->name);
	r->name = strdup(of->name);
	r->revision = of->revision;
	if (r->name)
		r->recording = recording_new(r->etcd, of, on_recorded, r);
	if (!r->recording)
		try_later(r);
}

/* False, too, when memory is out: it is asked about then. */
static bool is_recorded(const struct recorder *r, const struct doubt *doubt)
{
	char *records = history_dup_folder(r->prefix, r->folder, doubt->name);
	const struct history history = history_of(&r->list, records ? records : "");
	bool found = records && history_has(&history, doubt->revision);
	free(records);
	return found;
}

/* A change that was seen before the list was made.  False: there is none left. */
static bool begin_doubt(struct recorder *r)
{
	for (size_t i = 0; i < r->doubts.n;) {
		const struct doubt *doubt = &r->doubts.all[i];
		if (doubt->revision > r->list.revision) {
			i++;
		} else if (is_recorded(r, doubt)) {
			doubts_settle(&r->doubts, doubt->name, doubt->revision);
		} else {
			begin(r, &(struct recording_of){.prefix = r->prefix,
							.folder = r->folder,
							.name = doubt->name,
							.node = r->node,
							.list = &r->list,
							.revision = doubt->revision,
							.deleted = doubt->deleted});
			return true;
		}
	}
	return false;
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
		r->at++;
		if (gone)
			begin(r, &(struct recording_of){.prefix = r->prefix,
							.folder = r->folder,
							.name = name,
							.node = r->node,
							.list = &r->list,
							.last = kv});
		free(name);
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
	if (is_busy(r) || !doubts_any(&r->doubts))
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
	if (doubts_any(&r->doubts) && !is_busy(r) && !r->pause)
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
	rest(r);
	loop_timer_free(r->timer);
	doubts_fini(&r->doubts);
	free(r->prefix);
	free(r->folder);
	free(r->node);
	free(r);
	return NULL;
}
