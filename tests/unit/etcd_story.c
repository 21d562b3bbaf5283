#include "tests/unit/etcd_story.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct story story;

void story_begin(void)
{
	story.f = (struct etcd_follow){
		.seen = 100,
		.keys = 2,
		.first_ns = 5 * S,
		.prove_ns = 10 * S,
		.behind_ns = 3 * S,
		.backoff = {.least = S / 5, .most = 30 * S},
		.phase = FOLLOW_PAUSED,
		.probe_at = INT64_MAX,
	};
	story.now = 1000 * S;
}

void story_end(void)
{
	etcd_follow_fini(&story.f);
}

/* ---- what happens ---- */

void story_expect(unsigned what)
{
	ck_assert_msg(story.todo.what == what, "to do: %#x, not %#x", story.todo.what, what);
	if (story.todo.what & FOLLOW_DELIVER)
		etcd_follow_drop(&story.f, story.todo.deliver);
}

void story_time_is(int64_t at)
{
	story.now = at;
	story.todo = etcd_follow_time(&story.f, story.now, UINT32_MAX);
}

/* Waits for what is next. */
void story_wake(void)
{
	ck_assert_int_ne(etcd_follow_wake(&story.f), INT64_MAX);
	story_time_is(etcd_follow_wake(&story.f) > story.now ? etcd_follow_wake(&story.f)
							     : story.now);
}

void story_message(struct etcd_message m)
{
	story.todo = etcd_follow_message(&story.f, &m, story.now, UINT32_MAX);
	etcd_message_fini(&m);
}

void story_created(int64_t revision)
{
	story_message(
		(struct etcd_message){.kind = ETCD_MESSAGE_CREATED, .revision = revision});
}

/* The header is always far ahead. */
void story_events(bool fragment, const struct story_change *changes, size_t n)
{
	struct etcd_message m = {.kind = ETCD_MESSAGE_EVENTS, .revision = 9999};
	m.fragment = fragment;
	m.events = calloc(n, sizeof *m.events);
	for (; m.n < n; m.n++) {
		m.events[m.n].deleted = !changes[m.n].version;
		m.events[m.n].kv.mod_revision = changes[m.n].revision;
		m.events[m.n].kv.version = changes[m.n].version;
		m.events[m.n].kv.key = strdup("k");
		m.events[m.n].kv.value = strdup("v");
	}
	story_message(m);
}
void story_progress(int64_t revision)
{
	story_message(
		(struct etcd_message){.kind = ETCD_MESSAGE_PROGRESS, .revision = revision});
}

void story_stream_ends(const char *text)
{
	story.todo = etcd_follow_end(&story.f, FLUME_IO, text, story.now, UINT32_MAX);
}

void story_probed(int64_t revision, int64_t newest, int64_t count)
{
	struct etcd_probed p = {.revision = revision,
				.newest = newest,
				.count = count,
				.cluster_id = 7,
				.raft_term = 3};
	story.todo = etcd_follow_probe(&story.f, &p, story.now, UINT32_MAX);
}

void story_unanswered(void)
{
	struct etcd_probed p = {.code = FLUME_TIMED_OUT, .text = "no answer in time"};
	story.todo = etcd_follow_probe(&story.f, &p, story.now, UINT32_MAX);
}

/* Opened, created, first probe asked. */
void story_come_up(void)
{
	story_wake();
	story_expect(FOLLOW_OPEN);
	story_created(story.f.seen);
	story_expect(FOLLOW_SAY_UP);
	story_wake();
	story_expect(FOLLOW_PROBE);
}

/* ... and answered. */
void story_come_up_proved(void)
{
	story_come_up();
	story_probed(100, 0, 2);
	story_expect(FOLLOW_SAY_PROVED);
}

void story_wants_relist(enum etcd_relist why, int64_t revision)
{
	story_expect(FOLLOW_CLOSE | FOLLOW_RELIST);
	ck_assert_int_eq(story.todo.why, why);
	ck_assert_int_eq(story.todo.revision, revision);
	ck_assert_int_eq(etcd_follow_wake(&story.f), INT64_MAX);
}
