#include "tests/unit/etcd_follower.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

struct follower follower;

void follower_begin(struct loop *loop, const struct etcd_options *options)
{
	memset(&follower, 0, sizeof follower);
	follower.relist = -1;
	follower.loop = loop;
	follower.etcd = etcd_new(follower.loop, options, NULL);
	ck_assert_ptr_nonnull(follower.etcd);
}

void follower_end(void)
{
	follower.watch = etcd_watch_free(follower.watch);
	follower.etcd = etcd_free(follower.etcd);
	for (int i = 0; i < 10; i++)
		loop_step(follower.loop, 1); /* whoever was talked to there may notice */
	follower.loop = loop_free(follower.loop);
	etcd_result_fini(&follower.result);
}

/* ---- calls ---- */

void follower_done(struct etcd_result *r, void *arg)
{
	(void)arg;
	etcd_result_fini(&follower.result);
	follower.result = *r;
	*r = (struct etcd_result){0};
	follower.answered = true;
}

int64_t follower_answer(struct etcd_call *call)
{
	ck_assert_ptr_nonnull(call);
	follower.answered = false;
	WAIT_UNTIL(follower.answered, "an answer");
	ck_assert_msg(follower.result.code == 0, "%s", follower.result.err.text);
	return follower.result.revision;
}

int64_t follower_put(const char *key, const char *value)
{
	return follower_answer(
		etcd_put(follower.etcd, key, value, strlen(value), 0, follower_done, NULL));
}

int64_t follower_list(void)
{
	struct etcd_query q = {.key = "/w/", .prefix = true};
	return follower_answer(etcd_range(follower.etcd, &q, follower_done, NULL));
}

/* ---- the watch ---- */

static void on_events(const struct etcd_event *events, size_t n, void *arg)
{
	(void)arg;
	follower.batches++;
	for (size_t i = 0; i < n; i++) {
		const struct etcd_kv *kv = &events[i].kv;
		ck_assert_int_eq(kv->mod_revision, events[0].kv.mod_revision);
		follower.len += (size_t)snprintf(
			follower.events + follower.len, sizeof follower.events - follower.len,
			events[i].deleted ? "%s! " : "%s=%.20s ", kv->key, kv->value);
		ck_assert_uint_lt(follower.len, sizeof follower.events);
		follower.n++;
	}
	ck_assert_int_gt(events[0].kv.mod_revision, follower.last);
	follower.last = events[0].kv.mod_revision;
	if (follower.free_it)
		follower.watch = etcd_watch_free(follower.watch);
}

static void on_proved(int64_t revision, void *arg)
{
	(void)arg;
	ck_assert_int_ge(revision, follower.proved);
	follower.proved = revision;
}

static void on_up(void *arg)
{
	(void)arg;
	ck_assert_int_ne(follower.told, 1);
	follower.told = 1;
	follower.ups++;
}

static void on_down(const struct flume_err *why, void *arg)
{
	(void)arg;
	ck_assert_int_ne(follower.told, -1);
	follower.told = -1;
	ck_assert_int_lt(why->code, 0);
	ck_assert_int_eq(strncmp(why->text, "etcd at http://127.0.0.1:", 25), 0);
	snprintf(follower.why, sizeof follower.why, "%s", why->text);
	follower.downs++;
}

static void on_relist(enum etcd_relist why, int64_t revision, void *arg)
{
	(void)arg;
	follower.relist = (int)why;
	follower.relist_revision = revision;
	if (follower.free_it)
		follower.watch = etcd_watch_free(follower.watch);
}

void follower_watch(int64_t after, int64_t keys, int first_ms)
{
	static const struct etcd_watch_calls calls = {
		.on_events = on_events,
		.on_proved = on_proved,
		.on_up = on_up,
		.on_down = on_down,
		.on_relist = on_relist,
	};
	struct etcd_watch_options options = {
		.prefix = "/w/",
		.after = after,
		.keys = keys,
		.first_ms = first_ms ? first_ms : 20000,
		.prove_ms = 200,
		.behind_ms = 10000,
		.pause_min_ms = 20,
		.pause_max_ms = 100,
	};
	follower.watch = etcd_watch_new(follower.etcd, &options, &calls, NULL);
	ck_assert_ptr_nonnull(follower.watch);
}
