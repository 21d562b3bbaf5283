/*
 * Posts share connections, and their callbacks run in deliver(), which may be the end of the pool.
 *
 * A connection of HTTP/2 is shared and lives on when one that used it gives up, so a dead one
 * would be handed out again and again; and none notices that certificates have changed.  When
 * either happens the pool is retired: who is in it stays to the end, who is new takes another.
 *
 * Posts with a connection of their own are in a pool of theirs: libcurl hands out any connection
 * of HTTP/2 that it knows, also one that is to be closed, which then lives on beside the shared
 * one.
 */
#include "agent/etcd/pool.h"

#include "agent/etcd/post.h"

#include <stdlib.h>

enum { STREAMS_MOST = 1000 }; /* of one connection; etcd has a limit of its own */

static void unuse(struct etcd_pool *pool)
{
	if (--pool->users || !pool->retired)
		return;
	web_multi_fini(&pool->multi);
	etcd_identity_unref(pool->identity);
	curl_global_cleanup();
	free(pool);
}

static void deliver(void *arg)
{
	struct etcd_pool *pool = arg;
	struct etcd_post *p;
	CURLMsg *message;
	int left;
	pool->users++;
	while ((p = LIST_FIRST(&pool->readable)))
		etcd_post_readable(p);
	while ((message = curl_multi_info_read(pool->multi.curl, &left))) {
		CURLcode result = message->data.result;
		if (message->msg == CURLMSG_DONE &&
		    !curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&p))
			etcd_post_ended(p, result);
	}
	unuse(pool);
}

/* ---- life ---- */

static struct etcd_pool *new_pool(struct etcd *e)
{
	struct etcd_pool *pool = calloc(1, sizeof *pool);
	if (!pool || curl_global_init(CURL_GLOBAL_DEFAULT)) {
		free(pool);
		return NULL;
	}
	pool->e = e;
	pool->users = 1;
	LIST_INIT(&pool->readable);
	if (e->tls.identity)
		pool->identity = etcd_identity_ref(e->tls.identity);
	if (web_multi_init(&pool->multi, e->loop, deliver, pool)) {
		pool->retired = true;
		unuse(pool);
		return NULL;
	}
	curl_multi_setopt(pool->multi.curl, CURLMOPT_MAXCONNECTS, (long)e->ring.n + 2);
	curl_multi_setopt(pool->multi.curl, CURLMOPT_MAX_CONCURRENT_STREAMS,
			  (long)STREAMS_MOST);
	return pool;
}

void etcd_pool_retire(struct etcd_pool *pool)
{
	if (pool->retired)
		return;
	for (int own = 0; own < 2; own++)
		if (pool->e->pools[own] == pool)
			pool->e->pools[own] = NULL;
	pool->retired = true;
	unuse(pool);
}

static bool retire_all(struct etcd *e)
{
	bool any = false;
	for (int own = 0; own < 2; own++)
		if (e->pools[own]) {
			any = true;
			etcd_pool_retire(e->pools[own]);
		}
	return any;
}

/* 0 or a code. */
static int look_at_certificates(struct etcd *e, struct flume_err *err)
{
	struct flume_err wrong = {0};
	int rc = e->secure ? etcd_tls_look(&e->tls, &wrong) : ETCD_TLS_SAME;
	if (rc == ETCD_TLS_KEPT) {
		char text[400];
		snprintf(text, sizeof text, "%s; the one read before is used on", wrong.text);
		etcd_notice(e, true, text);
	} else if (rc == ETCD_TLS_NEW && retire_all(e)) {
		etcd_notice(e, false, "the certificates for etcd were read again");
	}
	if (rc < 0)
		*err = wrong;
	return rc < 0 ? rc : 0;
}

struct etcd_pool *etcd_pool_take(struct etcd *e, bool own, struct flume_err *err)
{
	if (look_at_certificates(e, err))
		return NULL;
	struct etcd_pool *pool = e->pools[own] ? e->pools[own] : new_pool(e);
	if (!pool) {
		flume_fail(err, FLUME_NOMEM, "out of memory");
		return NULL;
	}
	e->pools[own] = pool;
	pool->users++;
	return pool;
}

void etcd_pool_give(struct etcd_pool *pool)
{
	unuse(pool);
}

void etcd_pool_fini(struct etcd *e)
{
	retire_all(e);
}
