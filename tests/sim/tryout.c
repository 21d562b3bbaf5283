/*
 * Canary cases in virtual time; it stands in for agent/engine/tryout.c.  What a candidate does is
 * what its draft says: it passes, fails, takes its time, hangs, or takes the agent with it.
 *
 * A thread that hangs is lost for good, or until it is told to stop, whichever its draft likes.
 */
#include "agent/engine/tryout.h"

#include "agent/engine/canary.h"
#include "tests/sim/drafts.h"
#include "tests/sim/nodes.h"
#include "tests/sim/promises.h"
#include "tests/sim/sim.h"
#include "tests/sim/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct thread {               /* a tryout, and what runs it */
	struct tryout tryout; /* first */
	struct node *node;
	struct loop_timer *timer;
	bool running, hangs;
	LIST_ENTRY(thread) link;
};

static LIST_HEAD(, thread) threads = LIST_HEAD_INITIALIZER(threads);

/* ---- the desk ---- */

struct desk *desk_new(void)
{
	struct desk *d = calloc(1, sizeof *d);
	if (d)
		*d = (struct desk){.refs = 1, .wake = sim_fd_new()};
	return d;
}

struct desk *desk_unref(struct desk *d)
{
	if (!--d->refs)
		free(d);
	return NULL;
}

static void end_thread(struct thread *);

void desk_close(struct desk *d, int64_t until_ns)
{
	struct thread *t, *next;
	(void)until_ns;
	d->wake = -1;
	for (t = LIST_FIRST(&threads); t; t = next) {
		next = LIST_NEXT(t, link);
		if (t->tryout.desk == d && t->running)
			end_thread(t);
	}
}

/* ---- its life ---- */

static void run(void *arg);

struct tryout *tryout_new(struct desk *d, flume_change *change,
			  const struct trial_limits *limits)
{
	struct thread *t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	t->node = sim.node;
	t->timer = sim_timer(run, t);
	t->tryout = (struct tryout){
		.desk = d, .limits = *limits, .cancel = flume_cancel_new(), .refs = 1};
	d->refs++;
	while (flume_change_get_pipeline(change, t->tryout.n))
		t->tryout.n++;
	t->tryout.list = calloc(t->tryout.n + 1, sizeof *t->tryout.list);
	if (!t->tryout.list)
		abort();
	for (size_t i = 0; i < t->tryout.n; i++)
		t->tryout.list[i] = (struct candidate){
			.id = strdup(flume_change_get_id(change, i)),
			.schema = flume_schema_ref(flume_change_get_schema(change, i)),
			.pipeline = flume_pipeline_ref(flume_change_get_pipeline(change, i)),
		};
	LIST_INSERT_HEAD(&threads, t, link);
	return &t->tryout;
}

struct tryout *tryout_unref(struct tryout *tryout)
{
	struct thread *t = (struct thread *)tryout;
	if (--tryout->refs)
		return NULL;
	for (size_t i = 0; i < tryout->n; i++) {
		free(tryout->list[i].id);
		flume_schema_unref(tryout->list[i].schema);
		flume_pipeline_unref(tryout->list[i].pipeline);
	}
	free(tryout->list);
	flume_cancel_free(tryout->cancel);
	desk_unref(tryout->desk);
	loop_timer_free(t->timer);
	LIST_REMOVE(t, link);
	free(t);
	return NULL;
}

/* ---- on the thread ---- */

static void end_thread(struct thread *t)
{
	struct desk *d = t->tryout.desk;
	loop_timer_disarm(t->timer);
	t->running = false;
	t->tryout.ended = true;
	d->threads--;
	d->lost -= t->tryout.lost;
	if (d->wake >= 0)
		sim_fd_ready(t->node, d->wake);
	tryout_unref(&t->tryout);
}

static struct draft *draft_of(const struct thread *t, size_t i)
{
	return draft_by_digest(flume_schema_get_digest(t->tryout.list[i].schema));
}

static bool has_next(const struct thread *t)
{
	return t->tryout.at < t->tryout.n;
}

static void skip_without_cases(struct thread *t)
{
	while (has_next(t) && !canary_size(t->tryout.list[t->tryout.at].schema))
		t->tryout.at++;
}

static void pass(struct thread *t)
{
	for (size_t i = 0; i < t->tryout.n; i++)
		if (draft_of(t, i))
			promise_passes(t->node, draft_of(t, i));
}

/* The case that has taken its time ends. */
static bool fails(struct thread *t, const struct draft *d)
{
	bool broken =
		t->tryout.at && draft_of(t, 0) && draft_of(t, 0)->trait == DRAFT_BREAKS_USERS;
	if (d->trait != DRAFT_FAILS_CANARY && !broken)
		return false;
	promise_fails(t->node, broken ? draft_of(t, 0) : d);
	flume_fail(&t->tryout.err, FLUME_FAILED, "case 'one': it does not fit");
	return true;
}

static void begin(struct thread *t)
{
	const struct draft *d = draft_of(t, t->tryout.at);
	int64_t takes = chance_span(&sim.faults, SIM_MS, 30 * SIM_MS);
	if (d->trait == DRAFT_SLOW)
		takes = chance_span(&sim.faults, 200 * SIM_MS, 950 * SIM_MS);
	t->tryout.begun = true;
	t->tryout.begun_at = sim.now;
	t->tryout.limit_ns = t->tryout.limits.case_ns;
	snprintf(t->tryout.what, sizeof t->tryout.what, "case 'one'");
	t->hangs = d->trait == DRAFT_HANGS_CANARY;
	if (!t->hangs)
		loop_timer_arm(t->timer, takes);
	else
		promise_fails(t->node, d);
}

static void run(void *arg)
{
	struct thread *t = arg;
	if (!t->tryout.begun) {
		skip_without_cases(t);
		if (has_next(t)) {
			begin(t);
			return;
		}
		if (!t->tryout.lost)
			pass(t);
		end_thread(t);
		return;
	}
	const struct draft *d = draft_of(t, t->tryout.at);
	if (d->trait == DRAFT_CRASHES_CANARY) {
		struct node *before = sim_enter(t->node);
		if (!t->tryout
			     .lost) /* nobody waits for it any more, and it is not written down */
			promise_crashes(t->node, d);
		node_doom(t->node, DOOM_CRASH);
		sim_leave(before);
		return;
	}
	if (t->tryout.lost || fails(t, d)) {
		end_thread(t);
		return;
	}
	t->tryout.begun = false;
	t->tryout.at++;
	run(t);
}

/* ---- on the loop ---- */

bool tryout_may_start(struct tryout *tryout, size_t most_lost)
{
	return tryout->desk->lost < most_lost;
}

bool tryout_start(struct tryout *tryout)
{
	struct thread *t = (struct thread *)tryout;
	tryout->refs++;
	tryout->desk->threads++;
	tryout->started_at = sim.now;
	t->running = true;
	for (size_t i = 0; i < tryout->n; i++)
		if (draft_of(t, i))
			promise_tries(t->node, draft_of(t, i), i == 0);
	loop_timer_arm(t->timer, 0);
	return true;
}

void tryout_let_go(struct tryout *tryout)
{
	struct thread *t = (struct thread *)tryout;
	flume_cancel_request(tryout->cancel);
	if (!t->running || tryout->lost)
		return;
	tryout->lost = true;
	tryout->desk->lost++;
	const struct draft *d = t->hangs ? draft_of(t, tryout->at) : NULL;
	if (d && d->number % 2)
		loop_timer_arm(t->timer, 10 * SIM_MS);
}

/* The words are those of the product. */
bool tryout_has_verdict(struct tryout *t, int64_t grace_ns, struct flume_err *out)
{
	int64_t took = sim.now - t->begun_at;
	if (t->ended) {
		*out = t->err;
	} else if (t->begun && took - t->limit_ns > grace_ns) {
		flume_fail(out, FLUME_FAILED, "%s: has not come back", t->what);
	} else if (sim.now - t->started_at > t->limits.all_ns) {
		flume_fail(out, FLUME_FAILED, "the cases took too long together");
	} else {
		return false;
	}
	if (out->code && t->at)
		snprintf(out->path, sizeof out->path, "%s", t->list[t->at].id);
	return true;
}
