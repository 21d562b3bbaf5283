/*
 * Nodes write their status when something in it changes, under a lease that ends with them.  So the
 * keys below nodes/ are the live nodes, and following them is enough.  What is wanted lies behind
 * them in the order of keys, so one watch has both, in the order in which they happened.
 */
#include "agent/cmd/follow.h"

#include "agent/cmd/cmd.h"
#include "agent/cmd/store.h"
#include "agent/etcd/etcd.h"
#include "agent/fleet/read.h"
#include "agent/fleet/roster.h"
#include "agent/loop/loop.h"
#include "lib/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY  INT64_C(500000000)
#define GATHER INT64_C(100000000)

struct follow {
	const struct follow_from *from;
	const struct follow_calls *calls;
	struct loop *loop;
	struct etcd *etcd;
	struct fleet_read *read;
	struct etcd_watch *watch;
	struct loop_timer *again, *gather, *deadline;
	struct fleet_roster roster;
	struct fleet_view *view; /* NULL: nothing was read yet */
	char why[512];           /* the last reading failed; "": it did not */
	bool gathering;
	int code;
};

static void stop(struct follow *f, int code)
{
	if (f->code == FOLLOW_ON)
		f->code = code;
}

static void stop_without_memory(struct follow *f)
{
	if (f->code == FOLLOW_ON)
		f->code = cmd_fail(CMD_NEGATIVE, "out of memory");
}

static void look(void *arg)
{
	struct follow *f = arg;
	struct fleet_view *view = NULL;
	if (f->code == FOLLOW_ON)
		view = fleet_roster_view(&f->roster, f->from->only);
	f->gathering = false;
	if (!view) {
		stop_without_memory(f);
		return;
	}
	struct fleet_view *before = f->view;
	f->view = view;
	stop(f, f->calls->look(f->calls->arg, view));
	fleet_view_free(before);
}

static void changed(struct follow *f)
{
	if (f->gathering)
		return;
	f->gathering = true;
	loop_timer_arm(f->gather, GATHER);
}

static void on_deadline(void *arg)
{
	struct follow *f = arg;
	if (!f->view && !*f->why)
		snprintf(f->why, sizeof f->why, "%s has not answered yet", f->from->endpoints);
	if (f->code == FOLLOW_ON)
		stop(f, f->calls->late(f->calls->arg, f->view, f->why));
}

static void tell_link(struct follow *f, const char *why)
{
	if (f->calls->link)
		f->calls->link(f->calls->arg, why);
}

/* ---- the watch ---- */

static int take_event(struct follow *f, const struct etcd_event *event)
{
	const char *name;
	struct fleet_said *said = NULL;
	int key = fleet_key(event->kv.key, strlen(f->from->prefix), &name);
	int64_t revision = event->deleted ? 0 : event->kv.mod_revision;
	f->roster.revision = event->kv.mod_revision;
	if (key < FLEET_KEY_NODE)
		return fleet_roster_want(&f->roster, (enum fleet_kind)key, name, revision);
	if (key == FLEET_KEY_NODE && event->deleted)
		fleet_roster_leave(&f->roster, name);
	if (key != FLEET_KEY_NODE || event->deleted)
		return 0;
	int code = fleet_said_read(&said, name, event->kv.value, event->kv.value_len);
	return code ? code : fleet_roster_say(&f->roster, said);
}

static void on_events(const struct etcd_event *events, size_t n, void *arg)
{
	struct follow *f = arg;
	for (size_t i = 0; i < n; i++)
		if (take_event(f, &events[i]))
			stop_without_memory(f);
	changed(f);
}

static void on_up(void *arg)
{
	tell_link(arg, "");
}

static void on_down(const struct flume_err *err, void *arg)
{
	tell_link(arg, err->text);
}

static void on_relist(enum etcd_relist why, int64_t revision, void *arg)
{
	struct follow *f = arg;
	(void)why, (void)revision;
	f->watch = etcd_watch_free(f->watch);
	loop_timer_arm(f->again, RETRY);
}

static void begin_watch(struct follow *f)
{
	static const struct etcd_watch_calls calls = {
		.on_events = on_events,
		.on_up = on_up,
		.on_down = on_down,
		.on_relist = on_relist,
	};
	struct text first = {0}, last = {0};
	text_addf(&first, "%snodes/", f->from->prefix);
	text_addf(&last, "%sswitches0", f->from->prefix);
	if (!first.failed && !last.failed)
		f->watch = etcd_watch_new(f->etcd,
					  &(struct etcd_watch_options){
						  .prefix = first.s,
						  .end = last.s,
						  .after = f->roster.revision,
						  .keys = -1,
					  },
					  &calls, f);
	text_fini(&first);
	text_fini(&last);
	if (!f->watch)
		stop_without_memory(f);
}

/* ---- reading all of it ---- */

static void on_begin(void *arg)
{
	struct follow *f = arg;
	fleet_roster_fini(&f->roster);
}

static void on_want(void *arg, enum fleet_kind kind, const char *name, int64_t revision)
{
	struct follow *f = arg;
	if (fleet_roster_want(&f->roster, kind, name, revision))
		stop_without_memory(f);
}

static void on_say(void *arg, struct fleet_said *said)
{
	struct follow *f = arg;
	if (fleet_roster_say(&f->roster, said))
		stop_without_memory(f);
}

static void on_failed(struct follow *f, const struct flume_err *err)
{
	snprintf(f->why, sizeof f->why, "%s", err->text);
	if (!f->view && !f->from->patient && f->code == FOLLOW_ON)
		f->code = cmd_fail(cmd_exit_of(err->code), "%s", err->text);
	tell_link(f, err->text);
	loop_timer_arm(f->again, RETRY);
}

static void on_end(void *arg, int64_t revision, const struct flume_err *err)
{
	struct follow *f = arg;
	f->read = NULL;
	if (err) {
		on_failed(f, err);
		return;
	}
	*f->why = '\0';
	f->roster.revision = revision;
	begin_watch(f);
	look(f);
}

static void read_all(void *arg)
{
	static const struct fleet_read_calls calls = {on_begin, on_want, on_say, on_end};
	struct follow *f = arg;
	f->read = fleet_read_new(f->etcd, f->from->prefix, &calls, f);
	if (!f->read)
		stop_without_memory(f);
}

/* ---- the whole ---- */

static int open_all(struct follow *f, struct flume_err *err)
{
	const struct etcd_options options = store_options(f->from->endpoints, f->from->how);
	f->loop = loop_new();
	if (!f->loop)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	f->again = loop_timer_new(f->loop, read_all, f);
	f->gather = loop_timer_new(f->loop, look, f);
	f->deadline = loop_timer_new(f->loop, on_deadline, f);
	if (!f->again || !f->gather || !f->deadline)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	f->etcd = etcd_new(f->loop, &options, err);
	return f->etcd ? 0 : err->code;
}

static void close_all(struct follow *f)
{
	etcd_watch_free(f->watch);
	fleet_read_cancel(f->read);
	etcd_free(f->etcd);
	loop_timer_free(f->again);
	loop_timer_free(f->gather);
	loop_timer_free(f->deadline);
	loop_free(f->loop);
	fleet_roster_fini(&f->roster);
	fleet_view_free(f->view);
}

int follow(const struct follow_from *from, int64_t timeout_ns, const struct follow_calls *calls)
{
	struct follow f = {.from = from, .calls = calls, .code = FOLLOW_ON};
	struct flume_err err = {0};
	int code = cmd_check_prefix(from->prefix);
	if (!code)
		code = store_check(from->how);
	if (code)
		return code;
	code = open_all(&f, &err);
	if (code) {
		f.code = cmd_fail(cmd_exit_of(code), "%s", err.text);
	} else {
		if (timeout_ns)
			loop_timer_arm(f.deadline, timeout_ns);
		loop_timer_arm(f.again, 0);
	}
	while (f.code == FOLLOW_ON) {
		loop_step(f.loop, 100);
		if (f.code == FOLLOW_ON && calls->idle)
			stop(&f, calls->idle(calls->arg));
	}
	close_all(&f);
	return f.code;
}
