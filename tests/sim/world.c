/*
 * The loop of the agent over virtual time (it stands in for agent/loop/loop.c), and the world's
 * own timers beside it.
 *
 * Each loop keeps its own heap, so that a node that dies takes its timers along.  The world asks
 * all of them for the soonest; at equal times chance decides whose turn it is, for real machines
 * agree on no order either.
 */
#include "tests/sim/sim.h"

#include "agent/loop/timers.h"
#include "lib/flume.h"
#include "tests/sim/nodes.h"
#include "tests/sim/trace.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

#define LOOPS_MOST 16
#define STEPS_MOST 4000000 /* more is a loop that goes round and round */

struct loop_fd {
	struct loop *loop;
	int fd;
	loop_fd_fn *fn;
	void *arg;
	struct loop_timer *ready;
	LIST_ENTRY(loop_fd) link;
};

struct loop {
	struct node *node; /* NULL: the world's */
	struct timers timers;
	LIST_HEAD(, loop_fd) fds;
	LIST_HEAD(, posted) posts;
};

struct posted { /* loop_post, and sim_after */
	struct loop *loop;
	void (*fn)(void *arg);
	void *arg;
	struct loop_timer *timer;
	LIST_ENTRY(posted) link;
};

struct sim sim;
static struct loop *loops[LOOPS_MOST];
static size_t loops_len;
static int fds;

int64_t loop_now(void)
{
	return sim.now;
}

/* ---- clocks that the product asks by itself ---- */

int __wrap_clock_gettime(clockid_t clock, struct timespec *out);
time_t __wrap_time(time_t *out);

int __wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
	int64_t date = SIM_DATE * SIM_SECOND + node_clock_offset() * SIM_SECOND;
	int64_t now = clock == CLOCK_REALTIME ? sim.now - SIM_START + date : sim.now;
	*out = (struct timespec){now / SIM_SECOND, now % SIM_SECOND};
	return 0;
}

time_t __wrap_time(time_t *out)
{
	struct timespec now;
	__wrap_clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

/* ---- loops ---- */

struct loop *loop_new(void)
{
	struct loop *l = loops_len < LOOPS_MOST ? calloc(1, sizeof *l) : NULL;
	if (!l)
		return NULL;
	l->node = sim.node;
	LIST_INIT(&l->fds);
	LIST_INIT(&l->posts);
	loops[loops_len++] = l;
	return l;
}

struct loop *loop_free(struct loop *l)
{
	if (!l)
		return NULL;
	while (!LIST_EMPTY(&l->fds))
		loop_fd_remove(LIST_FIRST(&l->fds));
	struct posted *p;
	while ((p = LIST_FIRST(&l->posts))) {
		LIST_REMOVE(p, link);
		free(p);
	}
	timers_fini(&l->timers);
	size_t at = 0;
	while (loops[at] != l)
		at++;
	for (loops_len--; at < loops_len; at++)
		loops[at] = loops[at + 1];
	free(l);
	return NULL;
}

void loop_run(struct loop *l)
{
	(void)l;
}

void loop_stop(struct loop *l)
{
	(void)l;
}

void loop_step(struct loop *l, int wait_ms)
{
	(void)l, (void)wait_ms;
}

struct loop_timer *loop_timer_new(struct loop *l, loop_timer_fn *fn, void *arg)
{
	return timers_new(&l->timers, fn, arg);
}

struct loop_timer *loop_timer_free(struct loop_timer *t)
{
	return timers_free(t);
}

void loop_timer_arm(struct loop_timer *t, int64_t in_ns)
{
	if (in_ns < 0)
		in_ns = 0;
	timers_arm(t, in_ns > INT64_MAX - sim.now ? INT64_MAX : sim.now + in_ns);
}

void loop_timer_disarm(struct loop_timer *t)
{
	timers_disarm(t);
}

static void run_posted(void *arg)
{
	struct posted p = *(struct posted *)arg;
	struct posted *it = arg;
	LIST_REMOVE(it, link);
	timers_free(it->timer);
	free(it);
	p.fn(p.arg);
}

static int post(struct loop *l, int64_t in_ns, void (*fn)(void *arg), void *arg)
{
	struct posted *p = calloc(1, sizeof *p);
	if (!p)
		return FLUME_NOMEM;
	*p = (struct posted){.loop = l, .fn = fn, .arg = arg};
	p->timer = timers_new(&l->timers, run_posted, p);
	if (!p->timer) {
		free(p);
		return FLUME_NOMEM;
	}
	LIST_INSERT_HEAD(&l->posts, p, link);
	loop_timer_arm(p->timer, in_ns);
	return 0;
}

int loop_post(struct loop *l, loop_post_fn *fn, void *arg)
{
	return post(l, 0, fn, arg);
}

/* ---- descriptors: only such as sim_fd_new made ---- */

static void run_fd(void *arg)
{
	struct loop_fd *w = arg;
	w->fn(w->fd, 1, w->arg);
}

struct loop_fd *loop_fd_add(struct loop *l, int fd, uint32_t events, loop_fd_fn *fn, void *arg)
{
	struct loop_fd *w = calloc(1, sizeof *w);
	(void)events;
	if (!w)
		return NULL;
	*w = (struct loop_fd){.loop = l, .fd = fd, .fn = fn, .arg = arg};
	w->ready = timers_new(&l->timers, run_fd, w);
	if (!w->ready) {
		free(w);
		return NULL;
	}
	LIST_INSERT_HEAD(&l->fds, w, link);
	return w;
}

int loop_fd_change(struct loop_fd *w, uint32_t events)
{
	(void)w, (void)events;
	return 0;
}

void loop_fd_opened(struct loop *l, int fd)
{
	(void)l, (void)fd;
}

struct loop_fd *loop_fd_remove(struct loop_fd *w)
{
	if (w) {
		LIST_REMOVE(w, link);
		timers_free(w->ready);
		free(w);
	}
	return NULL;
}

int sim_fd_new(void)
{
	return 1000000 + fds++;
}

void sim_fd_ready(struct node *node, int fd)
{
	for (size_t i = 0; i < loops_len; i++) {
		struct loop_fd *w;
		LIST_FOREACH(w, &loops[i]->fds, link)
		if (loops[i]->node == node && w->fd == fd)
			loop_timer_arm(w->ready, 0);
	}
}

/* ---- the world ---- */

void sim_open(uint64_t seed)
{
	sim = (struct sim){.seed = seed, .now = SIM_START};
	chance_seed(&sim.network, seed, 1);
	chance_seed(&sim.product, seed, 2);
	chance_seed(&sim.faults, seed, 3);
	fds = 0;
	loop_new();
}

void sim_close(void)
{
	while (loops_len)
		loop_free(loops[loops_len - 1]);
}

void sim_after(int64_t in_ns, void (*fn)(void *arg), void *arg)
{
	if (post(loops[0], in_ns, fn, arg))
		abort();
}

struct loop_timer *sim_timer(void (*fn)(void *arg), void *arg)
{
	return timers_new(&loops[0]->timers, fn, arg);
}

static struct loop *find_next(int64_t *out_due)
{
	struct loop *found = NULL;
	unsigned equal = 0;
	*out_due = INT64_MAX;
	for (size_t i = 0; i < loops_len; i++) {
		int64_t due = timers_next(&loops[i]->timers);
		if (due == INT64_MAX || due > *out_due)
			continue;
		equal = due < *out_due ? 1 : equal + 1;
		*out_due = due;
		if (equal == 1 || chance_in(&sim.network, equal))
			found = loops[i];
	}
	return found;
}

void sim_run(int64_t until)
{
	while (!sim.broken) {
		int64_t due;
		struct loop *l = find_next(&due);
		if (!l || due > until)
			break;
		if (due > sim.now)
			sim.now = due;
		if (++sim.steps > STEPS_MOST)
			promise_broken("the world gets on: it went round and round");
		struct loop_timer *t = timers_take_due(&l->timers, sim.now, UINT64_MAX);
		struct node *before = sim_enter(l->node);
		timers_fire(t);
		sim_leave(before);
	}
	if (!sim.broken && sim.now < until)
		sim.now = until;
}

struct node *sim_enter(struct node *node)
{
	struct node *before = sim.node;
	sim.node = node;
	return before;
}

void sim_leave(struct node *before)
{
	struct node *node = sim.node;
	sim.node = before;
	if (node && node != before)
		node_settle(node);
}
