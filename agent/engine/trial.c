/*
 * A case may hang for ever, and C cannot take a thread back.  So the verdict is never the
 * thread's alone.  It notes when it began which case; the loop looks now and then, and when a
 * case is overdue it gives the verdict and lets the thread go.  A lost thread owns what it
 * touches (schemas, pipelines, the desk where results are left) and clears up if it ever ends.
 *
 * Lost threads do not take the place of healthy ones, or a bad document could stop the trials
 * of all others; but there is a bound to them too, and beyond it candidates wait.
 */
#include "agent/engine/trial.h"

#include "agent/engine/canary.h"
#include "agent/engine/tryout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define MS       INT64_C(1000000)
#define AT_ONCE  32
#define LOST     32
#define LOOK     (50 * MS)   /* between looks at the clock of what runs */
#define GRACE    (500 * MS)  /* for coming back after the limit         */
#define FAREWELL (1000 * MS) /* for coming back when the agent ends     */

struct trial {
	struct trials *trials;
	struct tryout *tryout;
	bool running;
	struct trial_calls calls;
};

struct trials {
	struct desk *desk;
	struct loop_fd *watch;
	struct loop_timer *look;
	struct trial **list; /* in the order they came */
	size_t n, cap, running;
};

static bool start(const struct trial *t)
{
	if (!tryout_may_start(t->tryout, LOST))
		return false;
	if (t->calls.begin)
		t->calls.begin(t->calls.arg);
	return tryout_start(t->tryout);
}

static void start_queued(struct trials *ts)
{
	for (size_t i = 0; i < ts->n && ts->running < AT_ONCE; i++) {
		struct trial *t = ts->list[i];
		if (t->running)
			continue;
		if (!start(t))
			break;
		t->running = true;
		ts->running++;
	}
	if (ts->n)
		loop_timer_arm(ts->look, LOOK);
	else
		loop_timer_disarm(ts->look);
}

static bool add(struct trials *ts, struct trial *t)
{
	if (ts->n == ts->cap) {
		size_t cap = ts->cap ? ts->cap * 2 : 8;
		struct trial **grown = reallocarray(ts->list, cap, sizeof *grown);
		if (!grown)
			return false;
		ts->list = grown;
		ts->cap = cap;
	}
	ts->list[ts->n++] = t;
	return true;
}

static void drop(struct trial *t)
{
	struct trials *ts = t->trials;
	size_t at = 0;
	while (ts->list[at] != t)
		at++;
	ts->n--;
	memmove(&ts->list[at], &ts->list[at + 1], (ts->n - at) * sizeof *ts->list);
	ts->running -= t->running;
	tryout_let_go(t->tryout);
	tryout_unref(t->tryout);
	free(t);
}

static struct trial *next_verdict(struct trials *ts, struct flume_err *out)
{
	for (size_t i = 0; i < ts->n; i++)
		if (ts->list[i]->running && tryout_has_verdict(ts->list[i]->tryout, GRACE, out))
			return ts->list[i];
	return NULL;
}

/* `done` may start and cancel others, so each round looks afresh. */
static void look(void *arg)
{
	struct trials *ts = arg;
	for (;;) {
		struct flume_err err = {0};
		struct trial *t = next_verdict(ts, &err);
		if (!t)
			break;
		const struct trial_calls calls = t->calls;
		drop(t);
		calls.done(calls.arg, err.code ? &err : NULL);
	}
	start_queued(ts);
}

static void on_wake(int fd, uint32_t events, void *arg)
{
	eventfd_t count;
	(void)events;
	(void)eventfd_read(fd, &count);
	look(arg);
}

struct trials *trials_new(struct loop *loop, struct flume_err *err)
{
	struct trials *ts = calloc(1, sizeof *ts);
	if (!ts) {
		flume_fail(err, FLUME_NOMEM, "out of memory");
		return NULL;
	}
	ts->desk = desk_new();
	ts->look = loop_timer_new(loop, look, ts);
	if (ts->desk && ts->desk->wake >= 0)
		ts->watch = loop_fd_add(loop, ts->desk->wake, EPOLLIN, on_wake, ts);
	if (ts->watch && ts->look)
		return ts;
	flume_fail(err, FLUME_NOMEM, "no room for canaries: %s", strerror(errno));
	return trials_free(ts);
}

struct trials *trials_free(struct trials *ts)
{
	if (!ts)
		return NULL;
	while (ts->n)
		drop(ts->list[ts->n - 1]);
	loop_fd_remove(ts->watch);
	loop_timer_free(ts->look);
	if (ts->desk) {
		desk_close(ts->desk, loop_now() + FAREWELL);
		desk_unref(ts->desk);
	}
	free(ts->list);
	free(ts);
	return NULL;
}

bool trial_needed(flume_change *change)
{
	flume_schema *schema;
	for (size_t i = 0; (schema = flume_change_get_schema(change, i)); i++)
		if (canary_size(schema))
			return true;
	return false;
}

struct trial *trial_start(struct trials *ts, flume_change *change,
			  const struct trial_limits *limits, const struct trial_calls *calls)
{
	struct trial *t = calloc(1, sizeof *t);
	struct tryout *tryout = t ? tryout_new(ts->desk, change, limits) : NULL;
	if (!tryout || !add(ts, t)) {
		if (tryout)
			tryout_unref(tryout);
		free(t);
		return NULL;
	}
	*t = (struct trial){.trials = ts, .tryout = tryout, .calls = *calls};
	start_queued(ts);
	return t;
}

struct trial *trial_cancel(struct trial *t)
{
	if (t) {
		struct trials *ts = t->trials;
		drop(t);
		start_queued(ts);
	}
	return NULL;
}
