#include "agent/etcd/client.h"

#include "agent/etcd/call.h"

#include <stdlib.h>
#include <sys/random.h>

uint32_t etcd_random(void)
{
	uint32_t n;
	if (getrandom(&n, sizeof n, GRND_NONBLOCK) != sizeof n)
		n = (uint32_t)loop_now() * 2654435761U;
	return n;
}

void etcd_turn(struct etcd *e)
{
	e->current = (e->current + 1) % e->endpoints_len;
}

const char *etcd_endpoint(const struct etcd *e, size_t i)
{
	return e->endpoints[i % e->endpoints_len];
}

static int or_default(int wanted, int fallback)
{
	return wanted > 0 ? wanted : fallback;
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
	e->options = (struct etcd_options){
		.connect_ms = or_default(options->connect_ms, 2000),
		.request_ms = or_default(options->request_ms, 4000),
		.list_ms = or_default(options->list_ms, 35000),
		.first_ms = or_default(options->first_ms, 5000),
		.page = options->page ? options->page : 500,
		.reply_max = options->reply_max ? options->reply_max : 16 << 20,
	};
	LIST_INIT(&e->calls);
	if (etcd_endpoints_parse(options->endpoints, &e->endpoints, &e->endpoints_len, err))
		goto err1;
	if (etcd_transport_init(e, err))
		goto err2;
	e->current = etcd_random() % e->endpoints_len;
	return e;
err2:
	etcd_endpoints_free(e->endpoints, e->endpoints_len);
err1:
	free(e);
	return NULL;
}

struct etcd *etcd_free(struct etcd *e)
{
	if (!e)
		return NULL;
	while (!LIST_EMPTY(&e->calls))
		etcd_cancel(LIST_FIRST(&e->calls));
	etcd_transport_fini(e);
	etcd_endpoints_free(e->endpoints, e->endpoints_len);
	free(e);
	return NULL;
}
