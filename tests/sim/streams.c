/*
 * What ETCD does on a watch: "created", events in batches whose header may be ahead of them,
 * fragments, progress notices, and a cancel that leaves the connection open.
 */
#include "tests/sim/streams.h"

#include "agent/etcd/wire.h"
#include "lib/base/text.h"
#include "tests/sim/gateway.h"
#include "tests/sim/trace.h"
#include "tests/sim/wires.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_MOST 6 /* revisions in a message */

struct stream {
	struct wire *wire;
	struct member *member;
	char *from, *to;
	int64_t next; /* revision, and what of it: */
	size_t item;
	int64_t said; /* where the last message began */
	int64_t progress_at;
	bool progress, fragment, canceled, muted, forgets;
	LIST_ENTRY(stream) link;
};

static void send(struct stream *s, struct text *t)
{
	text_add(t, "}}\n");
	wire_send(s->wire, 200, t->s, t->len);
	text_fini(t);
}

static struct text begin(const struct stream *s, int64_t revision)
{
	struct text t = {0};
	text_add(&t, "{\"result\":{");
	gateway_add_header(&t, s->member, revision);
	return t;
}

/* ---- events ---- */

static void add_event(struct text *t, const struct key *key, const struct version *v)
{
	text_add(t, v->deleted ? "{\"type\":\"DELETE\",\"kv\":" : "{\"kv\":");
	gateway_add_kv(t, key, v, true);
	text_add_char(t, '}');
}

static bool is_watched(const struct stream *s, const struct key *key)
{
	return gateway_in_range(key->name, s->from, s->to);
}

/* What is told of a revision, from the item on that comes next.  Returns how many there were with
 * those before; s->item is where a part of it ended, 0 when it is whole. */
static size_t add_revision(struct stream *s, struct text *t, int64_t revision, size_t before)
{
	const struct revision *r = &cluster.store.log[revision - 2];
	size_t n = before, i = s->item;
	s->item = 0;
	for (; i < r->n; i++) {
		const struct key *key = &cluster.store.keys[r->items[i].key];
		const struct version *v = &key->list[r->items[i].version];
		if (!is_watched(s, key))
			continue;
		if (v->deleted && s->forgets) {
			s->forgets = false;
			trace("etcd %u forgets to tell of a deletion", s->member->index);
			continue;
		}
		text_add(t, n++ ? "," : "\"events\":[");
		add_event(t, key, v);
		if (s->fragment && i + 1 < r->n && chance_in(&sim.network, 3)) {
			s->item = i + 1;
			break;
		}
	}
	return n;
}

/* One message: some revisions, or a part of many. */
static bool send_some(struct stream *s, int64_t until)
{
	struct text events = {0};
	size_t n = 0;
	int64_t end = s->next, begun = s->next;
	int64_t most = chance_span(&sim.network, 1, BATCH_MOST);
	while (end <= until && n < (size_t)most) {
		n = add_revision(s, &events, end, n);
		if (s->item)
			break;
		end++;
	}
	bool more = s->item || (s->fragment && end <= until && chance_in(&sim.network, 2));
	s->next = end;
	if (n) {
		struct text t = begin(s, s->member->applied);
		text_addf(&t, ",%s%s]", more ? "\"fragment\":true," : "", events.s);
		s->said = begun;
		send(s, &t);
	}
	text_fini(&events);
	return end <= until;
}

static void cancel_compacted(struct stream *s)
{
	struct text t = {0};
	text_addf(&t,
		  "{\"result\":{\"header\":{\"cluster_id\":\"1\",\"member_id\":\"%u\","
		  "\"raft_term\":\"%" PRId64
		  "\"},\"canceled\":true,\"compact_revision\":\"%" PRId64 "\"",
		  s->member->index + 1, cluster.term, cluster.store.compacted);
	s->canceled = true;
	send(s, &t);
}

static void pump(struct stream *s)
{
	if (s->canceled || s->muted || s->member->frozen || !s->member->up)
		return;
	if (s->next < cluster.store.compacted && s->next <= s->member->applied) {
		cancel_compacted(s);
		return;
	}
	while (s->next <= s->member->applied && send_some(s, s->member->applied))
		;
}

void streams_pump(struct member *m)
{
	struct stream *s;
	LIST_FOREACH(s, &m->watches, link)
	pump(s);
}

void streams_tick(struct member *m)
{
	struct stream *s;
	LIST_FOREACH(s, &m->watches, link)
	{
		if (s->canceled || s->muted || !s->progress || sim.now < s->progress_at)
			continue;
		s->progress_at = sim.now + cluster.progress_ns;
		if (s->next > s->member->applied) {
			struct text t = begin(s, s->member->applied);
			send(s, &t);
		}
	}
}

/* ---- beginning ---- */

static void refuse(struct stream *s)
{
	struct text t = begin(s, s->member->applied);
	text_addf(&t,
		  ",\"watch_id\":\"-1\",\"created\":true,\"canceled\":true,\"cancel_reason\":"
		  "\"rpc error: code = %s\"",
		  cluster.old_dialect
			  ? "Unauthenticated desc = etcdserver: invalid auth token"
			  : "InvalidArgument desc = etcdserver: user name is empty");
	s->canceled = true;
	send(s, &t);
}

void stream_new(struct wire *w, const struct stream_options *o)
{
	struct stream *s = calloc(1, sizeof *s);
	if (!s)
		abort();
	struct member *m = wire_member(w);
	*s = (struct stream){.wire = w,
			     .member = m,
			     .from = strdup(o->from),
			     .to = strdup(o->to),
			     .next = o->start ? o->start : m->applied + 1,
			     .progress_at = sim.now + cluster.progress_ns,
			     .progress = o->progress,
			     .fragment = o->fragment};
	s->said = s->next;
	LIST_INSERT_HEAD(&m->watches, s, link);
	wire_set_stream(w, s);
	if (cluster.refuses) {
		refuse(s);
		return;
	}
	struct text t = begin(s, m->applied);
	text_add(&t, ",\"created\":true");
	send(s, &t);
	pump(s);
}

void stream_free(struct stream *s)
{
	LIST_REMOVE(s, link);
	free(s->from);
	free(s->to);
	free(s);
}

/* ---- ending ---- */

static void end_all(struct member *m, const char *message, const char *newline)
{
	struct stream *s, *next;
	for (s = LIST_FIRST(&m->watches); s; s = next) {
		struct text t = {0};
		next = LIST_NEXT(s, link);
		struct wire *w = s->wire;
		if (cluster.old_dialect)
			text_addf(&t,
				  "{\"error\":{\"grpc_code\":14,\"http_code\":503,\"message\":"
				  "\"%s\","
				  "\"http_status\":\"Service Unavailable\"}}",
				  message);
		else
			text_addf(&t, "{\"error\":{\"code\":14,\"message\":\"%s\"}}%s", message,
				  newline);
		wire_send(w, 200, t.s, t.len);
		text_fini(&t);
		wire_set_stream(w, NULL);
		stream_free(s);
		wire_end(w, WIRE_ENDS);
	}
}

void streams_unled(struct member *m)
{
	if (!LIST_EMPTY(&m->watches))
		trace("etcd %u ends its watches: no leader", m->index);
	end_all(m, "etcdserver: no leader", "\n");
}

void streams_end(struct member *m, bool well)
{
	if (well)
		end_all(m, "transport is closing", "");
}

/* ---- harm ---- */

void streams_mute(struct member *m)
{
	struct stream *s;
	trace("etcd %u: the watches fall silent", m->index);
	LIST_FOREACH(s, &m->watches, link)
	s->muted = true;
}

void streams_repeat(struct member *m)
{
	struct stream *s;
	trace("etcd %u: the watches repeat themselves", m->index);
	LIST_FOREACH(s, &m->watches, link)
	{
		if (s->said > cluster.store.compacted && !s->canceled && s->said < s->next) {
			s->next = s->said;
			s->item = 0;
		}
		pump(s);
	}
}

void streams_lose_deletion(struct member *m)
{
	struct stream *s;
	LIST_FOREACH(s, &m->watches, link)
	s->forgets = true;
}
