/* The nodes are looked at as they come and let go, so what it takes is not by the size of the fleet. */
#include "agent/cmd/follow.h"

#include "agent/cmd/cmd.h"
#include "agent/cmd/store.h"
#include "agent/fleet/read.h"
#include "agent/loop/loop.h"

#include <stdlib.h>

#define WITHIN INT64_C(60000000000)

struct once {
	const struct follow_from *from;
	struct loop *loop;
	struct fleet_view *view;
	struct flume_err err;
	bool done;
};

static void on_begin(void *arg)
{
	struct once *o = arg;
	fleet_view_free(o->view);
	o->view = fleet_view_new(
		&(struct fleet_view_options){.knows_store = true, .only = o->from->only});
}

static void on_want(void *arg, enum fleet_kind kind, const char *name, int64_t revision)
{
	const struct once *o = arg;
	if (o->view)
		fleet_view_want(o->view, kind, name, revision);
}

static void on_say(void *arg, struct fleet_said *said)
{
	const struct once *o = arg;
	if (o->view)
		fleet_view_add(o->view, said);
	fleet_said_free(said);
}

static void on_end(void *arg, int64_t revision, const struct flume_err *err)
{
	struct once *o = arg;
	o->done = true;
	if (err)
		o->err = *err;
	else if (!o->view || o->view->failed)
		flume_fail(&o->err, FLUME_NOMEM, "out of memory");
	if (o->err.code)
		return;
	o->view->revision = revision;
	fleet_view_end(o->view);
}

static void read_with(struct once *o, struct etcd *etcd)
{
	static const struct fleet_read_calls calls = {on_begin, on_want, on_say, on_end};
	int64_t end = loop_now() + WITHIN;
	struct fleet_read *read = fleet_read_new(etcd, o->from->prefix, &calls, o);
	if (!read)
		flume_fail(&o->err, FLUME_NOMEM, "out of memory");
	while (read && !o->done && loop_now() < end)
		loop_step(o->loop, 100);
	if (read && !o->done) {
		fleet_read_cancel(read);
		flume_fail(&o->err, FLUME_TIMED_OUT, "etcd did not answer within a minute");
	}
}

int follow_once(const struct follow_from *from, struct fleet_view **out)
{
	const struct etcd_options options = store_options(from->endpoints, from->how);
	struct once o = {.from = from};
	int code = cmd_check_prefix(from->prefix);
	if (!code)
		code = store_check(from->how);
	if (code)
		return code;
	o.loop = loop_new();
	struct etcd *etcd = o.loop ? etcd_new(o.loop, &options, &o.err) : NULL;
	if (!o.loop)
		flume_fail(&o.err, FLUME_NOMEM, "out of memory");
	if (etcd)
		read_with(&o, etcd);
	etcd_free(etcd);
	loop_free(o.loop);
	if (!o.err.code) {
		*out = o.view;
		return 0;
	}
	fleet_view_free(o.view);
	return cmd_fail(cmd_exit_of(o.err.code), "%s", o.err.text);
}
