#include "agent/etcd/sync.h"

#include "agent/loop/loop.h"

#include <stdlib.h>

struct etcd_sync {
	struct loop *loop;
	struct etcd *etcd;
	int within_ms;
	bool done;
	struct etcd_result result;
};

struct etcd_sync *etcd_sync_new(const struct etcd_options *options, int within_ms,
				struct flume_err *err)
{
	struct etcd_sync *s = calloc(1, sizeof *s);
	if (!s) {
		flume_fail(err, FLUME_NOMEM, "out of memory");
		return NULL;
	}
	s->within_ms = within_ms;
	s->loop = loop_new();
	if (!s->loop) {
		flume_fail(err, FLUME_NOMEM, "no descriptors or memory to wait with");
		return etcd_sync_free(s);
	}
	s->etcd = etcd_new(s->loop, options, err);
	return s->etcd ? s : etcd_sync_free(s);
}

struct etcd_sync *etcd_sync_free(struct etcd_sync *s)
{
	if (!s)
		return NULL;
	etcd_free(s->etcd);
	loop_free(s->loop);
	free(s);
	return NULL;
}

void etcd_sync_bound(struct etcd_sync *s, int within_ms)
{
	s->within_ms = within_ms;
}

static void on_done(struct etcd_result *r, void *arg)
{
	struct etcd_sync *s = arg;
	s->result = *r;
	*r = (struct etcd_result){0};
	s->done = true;
}

/* `call` was started with on_done. */
static int wait_for(struct etcd_sync *s, struct etcd_call *call, struct etcd_result *out,
		    struct flume_err *err)
{
	if (!call)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	int64_t end = loop_now() + (int64_t)s->within_ms * 1000000;
	s->done = false;
	while (!s->done) {
		int64_t left = end - loop_now();
		if (left <= 0) {
			etcd_cancel(call);
			return flume_fail(err, FLUME_TIMED_OUT,
					  "etcd did not answer within %d ms", s->within_ms);
		}
		loop_step(s->loop, (int)(left / 1000000) + 1);
	}
	int code = s->result.code;
	if (code && err)
		*err = s->result.err;
	if (out && (!code || code == FLUME_CONFLICT))
		*out = s->result;
	else
		etcd_result_fini(&s->result);
	s->result = (struct etcd_result){0};
	return code;
}

int etcd_sync_range(struct etcd_sync *s, const struct etcd_query *q, struct etcd_result *out,
		    struct flume_err *err)
{
	return wait_for(s, etcd_range(s->etcd, q, on_done, s), out, err);
}

int etcd_sync_put(struct etcd_sync *s, const char *key, const char *value, size_t len,
		  int64_t lease, struct etcd_result *out, struct flume_err *err)
{
	return wait_for(s, etcd_put(s->etcd, key, value, len, lease, on_done, s), out, err);
}

int etcd_sync_delete(struct etcd_sync *s, const char *key, struct etcd_result *out,
		     struct flume_err *err)
{
	return wait_for(s, etcd_delete(s->etcd, key, on_done, s), out, err);
}

int etcd_sync_put_if(struct etcd_sync *s, const char *key, const char *value, size_t len,
		     int64_t expected, int64_t lease, struct etcd_result *out,
		     struct flume_err *err)
{
	struct etcd_call *call =
		etcd_put_if(s->etcd, key, value, len, expected, lease, on_done, s);
	return wait_for(s, call, out, err);
}

int etcd_sync_delete_if(struct etcd_sync *s, const char *key, int64_t expected,
			struct etcd_result *out, struct flume_err *err)
{
	return wait_for(s, etcd_delete_if(s->etcd, key, expected, on_done, s), out, err);
}

int etcd_sync_transact(struct etcd_sync *s, const struct etcd_txn *t, struct etcd_result *out,
		       struct flume_err *err)
{
	return wait_for(s, etcd_transact(s->etcd, t, on_done, s), out, err);
}
