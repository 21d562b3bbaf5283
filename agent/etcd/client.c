#include "agent/etcd/client.h"

#include "agent/etcd/call.h"
#include "agent/etcd/login.h"
#include "agent/etcd/pool.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

uint32_t etcd_random(void)
{
	uint32_t n;
	if (getrandom(&n, sizeof n, GRND_NONBLOCK) != sizeof n)
		n = (uint32_t)loop_now() * 2654435761U;
	return n;
}

void etcd_notice(const struct etcd *e, bool bad, const char *text)
{
	if (e->options.notice)
		e->options.notice(e->options.notice_arg, bad, text);
}

/* ---- endpoints ---- */

void etcd_turn(struct etcd *e)
{
	e->ring.current = (e->ring.current + 1) % e->ring.n;
}

const char *etcd_endpoint(const struct etcd *e, size_t i)
{
	return e->endpoints[i];
}

void etcd_endpoint_failed(struct etcd *e, size_t i)
{
	etcd_ring_failed(&e->ring, i, loop_now(), etcd_random());
}

void etcd_endpoint_worked(struct etcd *e, size_t i)
{
	etcd_ring_worked(&e->ring, i);
}

size_t etcd_endpoint_next(const struct etcd *e, size_t from, uint64_t except)
{
	return etcd_ring_next(&e->ring, from, except, loop_now());
}

/* So that the nodes of a fleet, all told the same, spread over the members, and go on spread
 * when one of these is gone. */
static void shuffle(char **endpoints, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t other = etcd_random() % i;
		char *endpoint = endpoints[i - 1];
		endpoints[i - 1] = endpoints[other];
		endpoints[other] = endpoint;
	}
}

static int take_endpoints(struct etcd *e, const char *given, struct flume_err *err)
{
	int rc = etcd_endpoints_parse(given, &e->endpoints, &e->ring.n, err);
	if (rc)
		return rc;
	shuffle(e->endpoints, e->ring.n);
	for (size_t i = 0; i < e->ring.n; i++)
		e->secure |= !strncasecmp(e->endpoints[i], "https:", 6);
	return 0;
}

/* ---- life ---- */

static int or_default(int wanted, int fallback)
{
	return wanted > 0 ? wanted : fallback;
}

static int at_most(int wanted, int most)
{
	return wanted < most ? wanted : most;
}

/* The limits of silence: a watch is proved every 40 % of it; a proof that gets no answer within
 * 20 % is asked for once more, soon, and no answer to that either is the end: 90 % and a bit. */
static struct etcd_options complete(const struct etcd_options *o)
{
	int silence = or_default(o->silence_ms, 10000);
	return (struct etcd_options){
		.silence_ms = silence,
		.connect_ms = or_default(o->connect_ms, at_most(2000, silence / 5)),
		.request_ms = or_default(o->request_ms, 4000),
		.list_ms = or_default(o->list_ms, 35000),
		.first_ms = or_default(o->first_ms, at_most(5000, silence / 2)),
		.page = o->page ? o->page : 500,
		.reply_max = o->reply_max ? o->reply_max : 16 << 20,
		.notice = o->notice,
		.notice_arg = o->notice_arg,
	};
}

static int begin(struct etcd *e, const struct etcd_options *o, struct flume_err *err)
{
	int rc = take_endpoints(e, o->endpoints, err);
	if (!rc)
		rc = etcd_tls_init(&e->tls, o->ca_file, o->cert_file, o->key_file, err);
	if (!rc && !e->secure && (o->ca_file || o->cert_file))
		rc = flume_fail(
			err, FLUME_INVALID,
			"there are certificates for etcd, but no endpoint with https://");
	if (!rc && o->server_name && *o->server_name) {
		e->server_name = strdup(o->server_name);
		rc = e->server_name ? 0 : flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	return rc ? rc : etcd_login_new(e, o, err);
}

struct etcd *etcd_new(struct loop *loop, const struct etcd_options *options,
		      struct flume_err *err)
{
	struct etcd *e = calloc(1, sizeof *e);
	if (!e) {
		flume_fail(err, FLUME_NOMEM, "out of memory");
		return NULL;
	}
	e->loop = loop;
	e->options = complete(options);
	LIST_INIT(&e->calls);
	LIST_INIT(&e->waiting);
	return begin(e, options, err) ? etcd_free(e) : e;
}

struct etcd *etcd_free(struct etcd *e)
{
	if (!e)
		return NULL;
	while (!LIST_EMPTY(&e->calls))
		etcd_cancel(LIST_FIRST(&e->calls));
	etcd_pool_fini(e);
	etcd_login_free(e);
	etcd_tls_fini(&e->tls);
	etcd_endpoints_free(e->endpoints, e->ring.n);
	free(e->server_name);
	free(e);
	return NULL;
}
