/*
 * Whether a lease is alive only etcd can say: it outlives a restart of etcd with its full time,
 * and a change of leader gives it new time.  So the holder never counts it as gone by the
 * clock; it asks, and believes "gone" alone.
 */
#include "agent/etcd/backoff.h"
#include "agent/etcd/call.h"
#include "agent/etcd/wire.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- calls ---- */

static int read_lease(struct etcd_call *call, const json_t *reply, struct etcd_result *result,
		      void *state)
{
	(void)call, (void)state;
	if (etcd_read_int(reply, "ID", &result->lease) ||
	    etcd_read_int(reply, "TTL", &result->ttl))
		return FLUME_IO;
	return 0;
}

static int read_alive(struct etcd_call *call, const json_t *reply, struct etcd_result *result,
		      void *state)
{
	int rc = read_lease(call, reply, result, state);
	if (!rc && result->ttl <= 0)
		rc = FLUME_NOT_FOUND;
	return rc;
}

static struct etcd_call *lease_call(struct etcd *e, struct etcd_call_options how,
				    const char *field, int64_t number)
{
	struct text body = {0};
	text_addf(&body, "{\"%s\":\"%" PRId64 "\"}", field, number);
	how.body = &body;
	if (!how.timeout_ms)
		how.timeout_ms = e->options.request_ms;
	return etcd_call_new(e, &how);
}

/* Granted twice, one of the two runs out by itself: not a write that must not be repeated. */
struct etcd_call *etcd_lease_grant(struct etcd *e, int64_t ttl_s, etcd_done_fn *done, void *arg)
{
	struct etcd_call_options how = {
		.path = "/v3/lease/grant", .read = read_lease, .done = done, .arg = arg};
	return lease_call(e, how, "TTL", ttl_s);
}

struct etcd_call *etcd_lease_keepalive(struct etcd *e, int64_t lease, int within_ms,
				       etcd_done_fn *done, void *arg)
{
	struct etcd_call_options how = {.path = "/v3/lease/keepalive",
					.timeout_ms = within_ms,
					.read = read_alive,
					.done = done,
					.arg = arg};
	return lease_call(e, how, "ID", lease);
}

struct etcd_call *etcd_lease_revoke(struct etcd *e, int64_t lease, etcd_done_fn *done,
				    void *arg)
{
	struct etcd_call_options how = {.path = "/v3/lease/revoke", .done = done, .arg = arg};
	return lease_call(e, how, "ID", lease);
}

/* ---- the holder ---- */

struct etcd_lease {
	struct etcd *e;
	etcd_held_fn *held;
	void *arg;
	int64_t wanted_s; /* as asked for */
	int64_t ttl_s;    /* as granted   */
	int64_t id;       /* 0: none      */
	struct etcd_call *call;
	struct loop_timer *timer;
	struct etcd_backoff backoff;
};

static int64_t third(const struct etcd_lease *l)
{
	return l->ttl_s * 1000000000 / 3;
}

static void pause_and_try(struct etcd_lease *l)
{
	l->backoff.most = third(l);
	loop_timer_arm(l->timer, etcd_backoff_next(&l->backoff, etcd_random()));
}

static void on_granted(struct etcd_result *r, void *arg)
{
	struct etcd_lease *l = arg;
	l->call = NULL;
	if (r->code || !r->lease) {
		pause_and_try(l);
		return;
	}
	etcd_backoff_reset(&l->backoff);
	l->id = r->lease;
	l->ttl_s = r->ttl > 0 ? r->ttl : l->wanted_s;
	loop_timer_arm(l->timer, third(l));
	l->held(l->id, l->arg); /* the last thing: it may free the lease */
}

static void grant(struct etcd_lease *l)
{
	l->call = etcd_lease_grant(l->e, l->wanted_s, on_granted, l);
	if (!l->call)
		pause_and_try(l);
}

static void on_kept(struct etcd_result *r, void *arg)
{
	struct etcd_lease *l = arg;
	l->call = NULL;
	if (r->code == FLUME_NOT_FOUND) {
		l->id = 0;
		grant(l);
	} else if (r->code) {
		pause_and_try(l);
	} else {
		etcd_backoff_reset(&l->backoff);
		loop_timer_arm(l->timer, third(l));
	}
}

static void on_time(void *arg)
{
	struct etcd_lease *l = arg;
	if (!l->id) {
		grant(l);
		return;
	}
	l->call = etcd_lease_keepalive(l->e, l->id, (int)(third(l) / 1000000), on_kept, l);
	if (!l->call)
		pause_and_try(l);
}

struct etcd_lease *etcd_lease_new(struct etcd *e, int64_t ttl_s, etcd_held_fn *held, void *arg)
{
	struct etcd_lease *l = calloc(1, sizeof *l);
	if (!l)
		return NULL;
	*l = (struct etcd_lease){.e = e,
				 .held = held,
				 .arg = arg,
				 .wanted_s = ttl_s,
				 .ttl_s = ttl_s,
				 .backoff = {.least = 200000000, .most = 200000000}};
	l->timer = loop_timer_new(e->loop, on_time, l);
	if (!l->timer)
		return etcd_lease_free(l);
	loop_timer_arm(l->timer, 0);
	return l;
}

int64_t etcd_lease_id(const struct etcd_lease *l)
{
	return l->id;
}

struct etcd_lease *etcd_lease_free(struct etcd_lease *l)
{
	if (!l)
		return NULL;
	etcd_cancel(l->call);
	loop_timer_free(l->timer);
	free(l);
	return NULL;
}
