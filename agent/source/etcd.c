/*
 * Schemas from etcd, and what stands beside them: a list at a revision, and a watch from the next
 * one.
 *
 * Folders that are neighbours in the store are followed by one list and one watch: a watch is a
 * connection, and a fleet has many nodes.  What one revision changes in several of them comes
 * together, in the order in which the folders were given.
 *
 * The client below promises that a watch is either up to date or says that it is not, so there
 * is little to do here: hand on what it delivers, and list again when it says that the history
 * cannot be followed any more.  After a compaction every node of the fleet is in that place at
 * the same moment, hence the random pause.
 *
 * Two lists of one store can only go forward.  When one does not, or comes from another
 * cluster, the store was wiped or restored, and the revisions of before mean nothing.  One
 * answer is not believed, for it may be that of an endpoint which is not what it was: another
 * one is asked.
 *
 * With a pace the list is simply repeated, and there is no watch.
 */
#include "agent/source/etcd.h"

#include "agent/etcd/etcd.h"
#include "agent/log/log.h"
#include "agent/source/slurp.h"
#include "lib/base/map.h"
#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>

#define MS              INT64_C(1000000)
#define PAUSE_LEAST     (200 * MS) /* before a list that failed is tried again ... */
#define PAUSE_MOST      (30000 * MS)
#define PAUSE_COMPACTED (5000 * MS)
#define COMPLAINTS_MOST 1000

struct source_etcd {
	struct source source;
	struct loop *loop;
	struct etcd *etcd;
	struct part {
		char *key; /* a folder with its '/', or a single key */
		struct sink sink;
	} parts[SOURCE_FOLDERS];
	size_t n_parts;
	char *from, *to; /* the range of them all; `to` NULL: what begins with `from` */
	size_t prefix_len;
	int64_t poll_ns;
	struct etcd_call *list;
	struct etcd_watch *watch;
	struct loop_timer *pause; /* until the next list */
	int64_t bound;            /* of the next pause after a failure */
	int64_t revision;         /* up to which everything was delivered; 0: nothing was */
	uint64_t cluster;
	int64_t reset_at; /* when it last saw the store go back; 0: never */
	bool doubt;       /* the last list went back */
	bool told_link, up;
	struct map passed_over; /* keys that were complained of; the things mean nothing */
};

static void begin_list(void *arg);

static void tell_link(struct source_etcd *s, bool up, const char *why)
{
	if (s->told_link && s->up == up)
		return;
	s->told_link = true;
	s->up = up;
	for (size_t i = 0; i < s->n_parts; i++)
		s->parts[i].sink.link(s->parts[i].sink.arg, up, why);
}

static void tell_proved(struct source_etcd *s, int64_t revision)
{
	for (size_t i = 0; i < s->n_parts; i++)
		s->parts[i].sink.proved(s->parts[i].sink.arg, revision);
}

static void tell_reset(struct source_etcd *s, int64_t revision)
{
	s->reset_at = loop_now();
	for (size_t i = 0; i < s->n_parts; i++)
		s->parts[i].sink.reset(s->parts[i].sink.arg, revision);
}

/* ---- keys ---- */

static bool is_folder(const struct part *part)
{
	return part->key[strlen(part->key) - 1] == '/';
}

/* The name in a key of that part: what follows the folder, or the key itself without the prefix.
 * NULL: it belongs to another part, or to nobody. */
static const char *name_in(const struct source_etcd *s, const struct part *part,
			   const struct etcd_kv *kv)
{
	size_t len = strlen(part->key);
	if (!is_folder(part))
		return !strcmp(kv->key, part->key) ? kv->key + s->prefix_len : NULL;
	return strncmp(kv->key, part->key, len) != 0 ? NULL : kv->key + len;
}

/* NULL as well for what cannot be a name. */
static const char *name_of(struct source_etcd *s, const struct part *part,
			   const struct etcd_kv *kv)
{
	const char *name = memchr(kv->key, 0, kv->key_len) ? NULL : name_in(s, part, kv);
	if (!name || source_name_good(name))
		return name;
	if (s->passed_over.len < COMPLAINTS_MOST && map_add(&s->passed_over, kv->key, s) == 0)
		log_event(LOG_WARN, "key passed over: it cannot be the name of a schema",
			  LOG_STR("key", kv->key));
	return NULL;
}

static bool change_of(struct source_etcd *s, const struct part *part, const struct etcd_kv *kv,
		      bool deleted, struct change *out)
{
	const char *name = name_of(s, part, kv);
	if (!name)
		return false;
	*out = (struct change){
		.name = name,
		.revision = kv->mod_revision,
		.origin = "etcd",
		.place = kv->key,
	};
	if (!deleted) {
		out->text = kv->value;
		out->len = kv->value_len;
		out->format = slurp_guess(kv->value, kv->value_len);
	}
	return true;
}

/* ---- watch ---- */

/* What cannot be handed on must not be lost. */
static void list_once_more(struct source_etcd *s)
{
	s->watch = etcd_watch_free(s->watch);
	log_event(LOG_ERROR, "the schemas are listed again",
		  LOG_STR("reason", "out of memory"));
	loop_timer_arm(s->pause, PAUSE_LEAST);
}

static int hand_on_events(struct source_etcd *s, const struct part *part,
			  const struct etcd_event *events, size_t n, struct change *changes)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += change_of(s, part, &events[i].kv, events[i].deleted, &changes[count]);
	return count ? part->sink.batch(part->sink.arg, BATCH_EVENTS, changes, count,
					s->revision)
		     : 0;
}

static void on_events(const struct etcd_event *events, size_t n, void *arg)
{
	struct source_etcd *s = arg;
	struct change *changes = calloc(n ? n : 1, sizeof *changes);
	int code = 0;
	if (!changes) {
		list_once_more(s);
		return;
	}
	if (n)
		s->revision = events[n - 1].kv.mod_revision;
	for (size_t i = 0; i < s->n_parts; i++) {
		int one = hand_on_events(s, &s->parts[i], events, n, changes);
		code = one ? one : code;
	}
	if (code)
		list_once_more(s);
	free(changes);
}

static void on_proved(int64_t revision, void *arg)
{
	struct source_etcd *s = arg;
	if (revision > s->revision)
		s->revision = revision;
	tell_proved(s, revision);
}

static void on_up(void *arg)
{
	tell_link(arg, true, NULL);
}

static void on_down(const struct flume_err *why, void *arg)
{
	tell_link(arg, false, why ? why->text : "");
}

static void on_relist(enum etcd_relist why, int64_t revision, void *arg)
{
	struct source_etcd *s = arg;
	static const char *const reasons[] = {
		[ETCD_COMPACTED] = "the history behind the watch was compacted",
		[ETCD_RESET] = "the store was wiped or restored",
		[ETCD_LOST] = "an event went missing",
	};
	log_event(LOG_WARN, "the schemas are listed again", LOG_STR("reason", reasons[why]),
		  LOG_INT("revision", revision));
	s->watch = etcd_watch_free(s->watch);
	int64_t most = why == ETCD_COMPACTED ? PAUSE_COMPACTED : PAUSE_LEAST;
	if (why == ETCD_RESET) {
		s->revision = 0;
		s->cluster = 0;
		tell_reset(s, revision);
	}
	loop_timer_arm(s->pause, source_jitter(most));
}

void source_etcd_reset(struct source *source, int64_t revision, int64_t since)
{
	struct source_etcd *s = (struct source_etcd *)source;
	if (s->reset_at > since)
		return;
	s->list = etcd_cancel(s->list);
	on_relist(ETCD_RESET, revision, s);
}

static void begin_watch(struct source_etcd *s, int64_t keys)
{
	static const struct etcd_watch_calls calls = {
		.on_events = on_events,
		.on_proved = on_proved,
		.on_up = on_up,
		.on_down = on_down,
		.on_relist = on_relist,
	};
	const struct etcd_watch_options options = {
		.prefix = s->from,
		.end = s->to,
		.after = s->revision,
		.keys = keys,
	};
	s->watch = etcd_watch_new(s->etcd, &options, &calls, s);
	if (!s->watch)
		loop_timer_arm(s->pause, PAUSE_LEAST);
}

/* ---- list ---- */

static int hand_on_list(struct source_etcd *s, const struct etcd_result *r)
{
	struct change *changes = calloc(r->n ? r->n : 1, sizeof *changes);
	int code = changes ? 0 : FLUME_NOMEM;
	for (size_t p = 0; !code && p < s->n_parts; p++) {
		const struct part *part = &s->parts[p];
		size_t count = 0;
		for (size_t i = 0; i < r->n; i++)
			count += change_of(s, part, &r->kvs[i], false, &changes[count]);
		code = part->sink.batch(part->sink.arg, BATCH_LIST, changes, count,
					r->revision);
	}
	free(changes);
	return code;
}

static void try_later(struct source_etcd *s, const char *why)
{
	tell_link(s, false, why);
	loop_timer_arm(s->pause, source_jitter(s->bound));
	s->bound = s->bound > PAUSE_MOST / 2 ? PAUSE_MOST : s->bound * 2;
}

static void ask_elsewhere(struct source_etcd *s, const struct etcd_result *r)
{
	log_event(LOG_WARN, "a list went back in time: another endpoint is asked",
		  LOG_INT("revision", r->revision), LOG_INT("before", s->revision));
	s->doubt = true;
	etcd_turn(s->etcd);
	loop_timer_arm(s->pause, source_jitter(PAUSE_LEAST));
}

static void on_list(struct etcd_result *r, void *arg)
{
	struct source_etcd *s = arg;
	s->list = NULL;
	if (r->code) {
		try_later(s, r->err.text);
		return;
	}
	s->bound = PAUSE_LEAST;
	tell_link(s, true, NULL);
	bool other = s->cluster && r->cluster_id != s->cluster;
	bool back = other || r->revision < s->revision;
	if (back && !s->doubt) {
		ask_elsewhere(s, r);
		return;
	}
	s->doubt = false;
	if (back) {
		log_event(LOG_ERROR,
			  other ? "etcd is another cluster now" : "etcd went back in time",
			  LOG_INT("revision", r->revision), LOG_INT("before", s->revision));
		tell_reset(s, r->revision);
	}
	if (hand_on_list(s, r)) {
		try_later(s, "out of memory");
		return;
	}
	s->cluster = r->cluster_id;
	s->revision = r->revision;
	tell_proved(s, r->revision);
	if (s->poll_ns > 0)
		loop_timer_arm(s->pause,
			       s->poll_ns - s->poll_ns / 10 + source_jitter(s->poll_ns / 5));
	else
		begin_watch(s, (int64_t)r->n);
}

static void begin_list(void *arg)
{
	struct source_etcd *s = arg;
	const struct etcd_query query = {.key = s->from, .prefix = true, .end = s->to};
	s->list = etcd_range(s->etcd, &query, on_list, s);
	if (!s->list)
		try_later(s, "out of memory");
}

/* ---- life ---- */

static void source_etcd_free(struct source *source)
{
	struct source_etcd *s = (struct source_etcd *)source;
	etcd_cancel(s->list);
	etcd_watch_free(s->watch);
	loop_timer_free(s->pause);
	map_fini(&s->passed_over);
	for (size_t i = 0; i < s->n_parts; i++)
		free(s->parts[i].key);
	free(s->from);
	free(s->to);
	free(s);
}

static char *key_of(const char *prefix, const char *folder)
{
	struct text t = {0};
	text_addf(&t, "%s%s", prefix, folder);
	return text_take(&t);
}

/* Above all that begins with a folder, and above a single key; NULL when out of memory. */
static char *end_of(const struct part *part)
{
	struct text t = {0};
	text_addf(&t, "%s%s", part->key, is_folder(part) ? "" : "!");
	if (!t.failed && is_folder(part))
		t.s[t.len - 1]++;
	return text_take(&t);
}

static bool add_parts(struct source_etcd *s, const char *prefix,
		      const struct source_folder *folders, size_t n)
{
	for (; s->n_parts < n; s->n_parts++) {
		struct part *part = &s->parts[s->n_parts];
		*part = (struct part){key_of(prefix, folders[s->n_parts].folder),
				      folders[s->n_parts].sink};
		if (!part->key)
			return false;
	}
	s->prefix_len = strlen(prefix);
	return true;
}

/* From the first to the last of them, as the store orders them. */
static bool set_range(struct source_etcd *s)
{
	const struct part *first = &s->parts[0], *last = &s->parts[0];
	for (size_t i = 1; i < s->n_parts; i++) {
		const struct part *part = &s->parts[i];
		first = strcmp(part->key, first->key) < 0 ? part : first;
		last = strcmp(part->key, last->key) > 0 ? part : last;
	}
	bool alone = s->n_parts == 1 && is_folder(first);
	s->from = strdup(first->key);
	s->to = alone ? NULL : end_of(last);
	return s->from && (alone || s->to);
}

int source_etcd_new(struct source **out, struct loop *loop, struct etcd *etcd,
		    const char *prefix, const struct source_folder *folders, size_t n,
		    int64_t poll_ns, struct flume_err *err)
{
	struct source_etcd *s = calloc(1, sizeof *s);
	if (!s)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	*s = (struct source_etcd){
		.source.free = source_etcd_free,
		.loop = loop,
		.etcd = etcd,
		.poll_ns = poll_ns,
		.bound = PAUSE_LEAST,
	};
	s->pause = loop_timer_new(loop, begin_list, s);
	if (!add_parts(s, prefix, folders, n) || !set_range(s) || !s->pause) {
		source_etcd_free(&s->source);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	loop_timer_arm(s->pause, 0);
	*out = &s->source;
	return 0;
}
