/*
 * What keeps a watch honest.
 *
 * Where to go on.  `seen` moves to the revision of an event when all events of that revision
 * are here, and to that of a progress notice; never to the revision in the header of an event
 * message, which may be far ahead of the events, and never to that of another connection.  A
 * fragmented message holds many revisions: all but its last are complete.
 *
 * Silence.  A stream that says nothing may be idle, hung, cut off or forgotten, and the default
 * etcd speaks once in ten minutes.  So now and then a linearizable read (the probe) asks at
 * which revision the store is, which key of the prefix changed last, and how many keys there
 * are.  If what was delivered fits that, the prefix at that revision is what the owner has:
 * proved.  If not, the events are on their way, and if they do not come, the stream is dead and
 * is opened again.  If that does not bring them either, or the stream has passed that revision
 * without bringing them, they are lost and the owner lists.
 *
 * Another store.  A wiped or restored etcd has the same name and cluster id.  It shows as a
 * lower revision or raft term on a linearizable read; two in a row are asked for, as an old
 * leader waking up can give one.  A watch on a revision that store has not reached would be
 * silent for ever; its "created" tells, and starts the probing.
 */
#include "agent/etcd/follow.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	PATIENCE = 2,   /* failures in a row that are believed                             */
	HEALTHY = 10,   /* times the bound of the next pause, and that begins anew         */
	LEADERLESS = 8, /* failures in a row, of members in an election: it is over soon   */
	BRIEF = 500000000
};

static const int64_t never = INT64_MAX;
static const int64_t second = 1000000000;

static int64_t soon(const struct etcd_follow *f, int64_t now)
{
	int64_t quarter = f->prove_ns / 4;
	return now + (quarter < second ? quarter : second);
}

static void drop_held(struct etcd_follow *f)
{
	etcd_events_free(f->held, f->held_len);
	f->held = NULL;
	f->held_len = 0;
}

static bool healthy(const struct etcd_follow *f, int64_t now)
{
	int64_t enough = f->backoff.bound > f->backoff.most / HEALTHY
				 ? f->backoff.most
				 : f->backoff.bound * HEALTHY;
	return f->phase == FOLLOW_UP && now - f->up_since >= enough;
}

static int64_t pause(struct etcd_follow *f, const char *why, uint32_t random)
{
	int64_t most = f->backoff.most < BRIEF ? f->backoff.most : BRIEF;
	struct etcd_backoff brief = {.least = most, .most = most};
	bool soon_over = etcd_without_leader(why) && f->leaderless < LEADERLESS;
	f->leaderless += soon_over;
	return etcd_backoff_next(soon_over ? &brief : &f->backoff, random);
}

/* The reason lies in todo->err. */
static void fail(struct etcd_follow *f, struct etcd_todo *todo, int64_t now, uint32_t random)
{
	if (healthy(f, now))
		etcd_backoff_reset(&f->backoff);
	f->phase = FOLLOW_PAUSED;
	f->retry_at = now + pause(f, todo->err.text, random);
	f->proving = false;
	f->misses = 0;
	if (!f->doubts)
		f->probe_at = never;
	drop_held(f);
	todo->what |= FOLLOW_CLOSE;
	if (f->told != -1)
		todo->what |= FOLLOW_SAY_DOWN;
	f->told = -1;
}

static void relist(struct etcd_follow *f, struct etcd_todo *todo, enum etcd_relist why,
		   int64_t revision)
{
	f->phase = FOLLOW_OVER;
	f->proving = false;
	f->probe_at = never;
	drop_held(f);
	todo->what |= FOLLOW_CLOSE | FOLLOW_RELIST;
	todo->why = why;
	todo->revision = revision;
}

/* Does what was delivered fit what the probe saw?  `complete`: there is nothing more to come up
 * to that revision. */
static void settle(struct etcd_follow *f, struct etcd_todo *todo, bool complete)
{
	if (!f->proving)
		return;
	bool counted = f->keys < 0 || f->count < 0 || f->keys == f->count;
	bool same = counted && f->seen >= f->newest;
	if (!same && !complete)
		return;
	f->proving = false;
	if (!same) {
		relist(f, todo, ETCD_LOST, f->proof);
		return;
	}
	f->restarts = 0;
	etcd_backoff_reset(&f->backoff); /* whatever was wrong is mended */
	todo->what |= FOLLOW_SAY_PROVED;
	todo->revision = f->proof;
}

/* ---- time ---- */

int64_t etcd_follow_wake(const struct etcd_follow *f)
{
	int64_t at = f->probing || f->phase == FOLLOW_OVER ? never : f->probe_at;
	if (f->phase == FOLLOW_PAUSED && f->retry_at < at)
		at = f->retry_at;
	if (f->phase == FOLLOW_OPENING && f->open_by < at)
		at = f->open_by;
	if (f->phase == FOLLOW_UP && f->proving && f->prove_by < at)
		at = f->prove_by;
	return at;
}

static void fell_behind(struct etcd_follow *f, struct etcd_todo *todo, int64_t now,
			uint32_t random)
{
	if (++f->restarts >= PATIENCE) {
		relist(f, todo, ETCD_LOST, f->proof);
		return;
	}
	flume_fail(&todo->err, FLUME_TIMED_OUT,
		   "the watch fell silent: the store is at revision %" PRId64
		   ", the watch at %" PRId64,
		   f->proof, f->seen);
	fail(f, todo, now, random);
}

struct etcd_todo etcd_follow_time(struct etcd_follow *f, int64_t now, uint32_t random)
{
	struct etcd_todo todo = {0};
	if (f->phase == FOLLOW_OPENING && now >= f->open_by) {
		flume_fail(&todo.err, FLUME_TIMED_OUT, "no answer to a watch within %d ms",
			   (int)(f->first_ns / 1000000));
		fail(f, &todo, now, random);
	} else if (f->phase == FOLLOW_UP && f->proving && now >= f->prove_by) {
		fell_behind(f, &todo, now, random);
	}

	if (f->phase == FOLLOW_PAUSED && now >= f->retry_at) {
		f->phase = FOLLOW_OPENING;
		f->open_by = now + f->first_ns;
		todo.what |= FOLLOW_OPEN;
	}
	if (f->phase != FOLLOW_OVER && !f->probing && now >= f->probe_at) {
		f->probing = true;
		f->probe_at = never;
		f->asked_at = f->seen;
		todo.what |= FOLLOW_PROBE;
	}
	return todo;
}

/* A backlog on a slow line is not silence. */
void etcd_follow_heard(struct etcd_follow *f, int64_t now)
{
	if (f->proving && f->prove_by < now + f->behind_ns)
		f->prove_by = now + f->behind_ns;
}

/* ---- the stream ---- */

static void created(struct etcd_follow *f, struct etcd_todo *todo, const struct etcd_message *m,
		    int64_t now, uint32_t random)
{
	if (m->revision < f->seen) {
		flume_fail(&todo->err, FLUME_IO,
			   "this member is at revision %" PRId64 ", behind the %" PRId64
			   " seen before",
			   m->revision, f->seen);
		fail(f, todo, now, random);
		f->probe_at = now;
		return;
	}
	f->phase = FOLLOW_UP;
	f->leaderless = 0;
	f->up_since = f->probe_at = now;
	if (f->told != 1) {
		f->told = 1;
		todo->what |= FOLLOW_SAY_UP;
	}
}

/* What is known already is dropped: some etcds repeat themselves.  Returns 0, FLUME_NOMEM or
 * FLUME_IO (not in order). */
static int hold(struct etcd_follow *f, struct etcd_message *m)
{
	struct etcd_event *all = realloc(f->held, (f->held_len + m->n) * sizeof *all);
	if (!all)
		return FLUME_NOMEM;
	f->held = all;
	for (size_t i = 0; i < m->n; i++) {
		int64_t revision = m->events[i].kv.mod_revision;
		if (revision <= f->seen)
			continue;
		if (f->held_len && revision < all[f->held_len - 1].kv.mod_revision)
			return FLUME_IO;
		all[f->held_len++] = m->events[i];
		m->events[i] = (struct etcd_event){0};
	}
	return 0;
}

/* How many of the held events are of revisions that are complete. */
static size_t complete(const struct etcd_follow *f, bool fragment)
{
	size_t n = f->held_len;
	if (fragment && n) {
		int64_t last = f->held[n - 1].kv.mod_revision;
		while (n && f->held[n - 1].kv.mod_revision == last)
			n--;
	}
	return n;
}

static void events(struct etcd_follow *f, struct etcd_todo *todo, struct etcd_message *m,
		   int64_t now, uint32_t random)
{
	if (f->phase != FOLLOW_UP) {
		flume_fail(&todo->err, FLUME_IO, "events of a watch that was not created");
		fail(f, todo, now, random);
		return;
	}
	int rc = hold(f, m);
	if (rc) {
		flume_fail(&todo->err, rc,
			   rc == FLUME_NOMEM ? "out of memory" : "events out of order");
		fail(f, todo, now, random);
		return;
	}
	size_t n = complete(f, m->fragment);
	for (size_t i = 0; i < n; i++) {
		const struct etcd_event *event = &f->held[i];
		if (event->kv.mod_revision > f->proof)
			settle(f, todo, true);
		if (f->phase == FOLLOW_OVER)
			return;
		if (event->kv.mod_revision > f->seen)
			f->seen = event->kv.mod_revision;
		if (f->keys >= 0)
			f->keys += event->deleted ? -1 : event->kv.version == 1;
	}
	settle(f, todo, f->seen >= f->proof);
	if (n && f->phase == FOLLOW_UP) {
		todo->what |= FOLLOW_DELIVER;
		todo->deliver = n;
	}
}

static void progress(struct etcd_follow *f, struct etcd_todo *todo, int64_t revision)
{
	if (f->phase != FOLLOW_UP || f->held_len || revision <= f->seen)
		return;
	f->seen = revision;
	settle(f, todo, f->seen >= f->proof);
}

struct etcd_todo etcd_follow_message(struct etcd_follow *f, struct etcd_message *m, int64_t now,
				     uint32_t random)
{
	struct etcd_todo todo = {0};
	if (f->phase != FOLLOW_OPENING && f->phase != FOLLOW_UP)
		return todo;
	switch (m->kind) {
	case ETCD_MESSAGE_FAILED:
	case ETCD_MESSAGE_CANCELED:
		flume_fail(&todo.err, m->code, "%s", m->text);
		fail(f, &todo, now, random);
		break;
	case ETCD_MESSAGE_COMPACTED:
		relist(f, &todo, ETCD_COMPACTED, m->revision);
		break;
	case ETCD_MESSAGE_CREATED:
		if (f->phase == FOLLOW_OPENING)
			created(f, &todo, m, now, random);
		break;
	case ETCD_MESSAGE_EVENTS:
		events(f, &todo, m, now, random);
		break;
	case ETCD_MESSAGE_PROGRESS:
		progress(f, &todo, m->revision);
		break;
	case ETCD_MESSAGE_OTHER:
		break;
	}
	return todo;
}

struct etcd_todo etcd_follow_end(struct etcd_follow *f, int code, const char *text, int64_t now,
				 uint32_t random)
{
	struct etcd_todo todo = {0};
	if (f->phase != FOLLOW_OPENING && f->phase != FOLLOW_UP)
		return todo;
	if (code == FLUME_LIMITED) { /* it would be too big the next time, too */
		relist(f, &todo, ETCD_LOST, f->seen);
		return todo;
	}
	flume_fail(&todo.err, code, "%s", text);
	fail(f, &todo, now, random);
	return todo;
}

/* ---- the probe ---- */

static bool another_store(const struct etcd_follow *f, const struct etcd_probed *p)
{
	return p->revision < f->asked_at || p->raft_term < f->raft_term ||
	       (f->cluster_id && p->cluster_id != f->cluster_id);
}

static void unanswered(struct etcd_follow *f, struct etcd_todo *todo,
		       const struct etcd_probed *p, int64_t now, uint32_t random)
{
	if (f->phase == FOLLOW_UP && ++f->misses >= PATIENCE) {
		flume_fail(&todo->err, p->code, "%s", p->text);
		fail(f, todo, now, random);
	} else if (f->phase == FOLLOW_UP || f->doubts) {
		f->probe_at = soon(f, now);
	}
}

struct etcd_todo etcd_follow_probe(struct etcd_follow *f, const struct etcd_probed *p,
				   int64_t now, uint32_t random)
{
	struct etcd_todo todo = {0};
	f->probing = false;
	if (f->phase == FOLLOW_OVER)
		return todo;
	if (p->code) {
		unanswered(f, &todo, p, now, random);
		return todo;
	}
	f->misses = 0;
	if (another_store(f, p)) {
		if (++f->doubts >= PATIENCE)
			relist(f, &todo, ETCD_RESET, p->revision);
		else
			f->probe_at = soon(f, now);
		return todo;
	}
	f->doubts = 0;
	f->cluster_id = p->cluster_id;
	f->raft_term = p->raft_term;
	if (f->phase != FOLLOW_UP)
		return todo;
	f->probe_at = now + f->prove_ns / 10 * 9 + (f->prove_ns / 5 >> 16) * (random >> 16);
	f->proving = true;
	f->proof = p->revision;
	f->newest = p->newest;
	f->count = f->seen > p->revision ? -1 : p->count;
	f->prove_by = now + f->behind_ns;
	settle(f, &todo, f->seen >= f->proof);
	return todo;
}

void etcd_follow_drop(struct etcd_follow *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(f->held[i].kv.key), free(f->held[i].kv.value);
	f->held_len -= n;
	memmove(f->held, f->held + n, f->held_len * sizeof *f->held);
	if (!f->held_len)
		drop_held(f);
}

void etcd_follow_fini(struct etcd_follow *f)
{
	drop_held(f);
}
