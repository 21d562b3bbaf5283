/*
 * A thread that waits for its connections.
 *
 * Readiness is told on its edges, so a request costs no call but those that read and write.  Others
 * reach the thread through its inbox.  Deadlines are looked for one by one when the first of them may
 * have come, which is seldom: most move on before they do.
 */
#include "agent/serve/inside.h"
#include "agent/serve/pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS     64
#define LOOK_EVERY (NS_PER_S / 20) /* at the most */
#define NS_PER_MS  1000000

/* ---- time ---- */

static void tell_time(struct reactor *r)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	r->now = t.tv_sec * NS_PER_S + t.tv_nsec;
	if (r->now < r->date_until)
		return;
	struct tm tm;
	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	r->date_until = r->now + NS_PER_S - t.tv_nsec;
	strftime(r->date, sizeof r->date, "\r\nDate: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
}

static void look_at_deadlines(struct reactor *r)
{
	struct conn *c, *next;
	if (r->now < r->look_at)
		return;
	int64_t first = NEVER;
	r->look_at = NEVER;
	for (c = LIST_FIRST(&r->conns); c; c = next) {
		next = LIST_NEXT(c, link);
		if (c->due <= r->now)
			conn_late(c);
		else if (c->due < first)
			first = c->due;
	}
	if (first < r->look_at)
		r->look_at = first;
	if (r->look_at < r->now + LOOK_EVERY)
		r->look_at = r->now + LOOK_EVERY;
}

static int wait_ms(const struct reactor *r)
{
	if (!TAILQ_EMPTY(&r->turns))
		return 0;
	if (r->look_at == NEVER)
		return -1;
	int64_t ms = (r->look_at - r->now) / NS_PER_MS + 1;
	return ms < 0 ? 0 : ms > 60000 ? 60000 : (int)ms;
}

/* ---- the inbox ---- */

void reactor_call(struct reactor *r)
{
	uint64_t one = 1;
	if (r->called)
		return;
	r->called = true;
	ssize_t n = write(r->wake, &one, sizeof one);
	(void)n; /* the counter is 0: there is room */
}

static struct exchange *next_woken(struct reactor *r)
{
	pthread_mutex_lock(&r->lock);
	struct exchange *x = STAILQ_FIRST(&r->woken);
	if (x) {
		STAILQ_REMOVE_HEAD(&r->woken, wake);
		atomic_store(&x->waking, false);
	}
	pthread_mutex_unlock(&r->lock);
	return x;
}

static struct arrival *next_arrival(struct reactor *r)
{
	pthread_mutex_lock(&r->lock);
	struct arrival *a = STAILQ_FIRST(&r->arrivals);
	if (a)
		STAILQ_REMOVE_HEAD(&r->arrivals, link);
	pthread_mutex_unlock(&r->lock);
	return a;
}

static void wake_all(struct reactor *r)
{
	struct conn *c, *next;
	for (c = LIST_FIRST(&r->conns); c; c = next) {
		next = LIST_NEXT(c, link);
		if (c->x && c->x->begun && !c->x->parked)
			conn_woken(c);
	}
}

/* What has come meanwhile is answered first. */
static void end_idle(struct reactor *r)
{
	struct conn *c, *next;
	for (c = LIST_FIRST(&r->conns); c; c = next) {
		next = LIST_NEXT(c, link);
		if (!conn_is_idle(c))
			continue;
		c->readable = true;
		conn_turn(c);
		if (c->fd >= 0 && conn_is_idle(c))
			conn_close(c);
	}
	atomic_fetch_sub(&r->serve->ending_idle, 1);
}

/* False: it is to end. */
static bool open_inbox(struct reactor *r)
{
	uint64_t count;
	ssize_t n = read(r->wake, &count, sizeof count);
	(void)n;
	pthread_mutex_lock(&r->lock);
	bool all = r->wake_all, idle = r->end_idle, stop = r->stop;
	r->called = r->wake_all = r->end_idle = false;
	pthread_mutex_unlock(&r->lock);
	struct exchange *x;
	while ((x = next_woken(r))) {
		x->parked = false;
		conn_woken(x->conn);
	}
	struct arrival *a;
	while ((a = next_arrival(r))) {
		conn_open(r, a->fd, a->local);
		free(a);
	}
	if (all)
		wake_all(r);
	if (idle)
		end_idle(r);
	return !stop;
}

/* ---- the thread ---- */

static void bury(struct reactor *r)
{
	struct conn *c;
	while ((c = LIST_FIRST(&r->dead))) {
		LIST_REMOVE(c, link);
		free(c);
	}
}

static void tell(struct conn *c, uint32_t events)
{
	if (c->fd < 0)
		return;
	if (events & EPOLLRDHUP)
		c->leaves = true;
	if (events & (EPOLLIN | EPOLLRDHUP))
		c->readable = true;
	if (events & (EPOLLHUP | EPOLLERR))
		conn_hung_up(c);
	else
		conn_turn(c);
}

static void take_turns(struct reactor *r)
{
	struct conn *last = TAILQ_LAST(&r->turns, conn_turns), *c = NULL;
	while (c != last && (c = TAILQ_FIRST(&r->turns)))
		conn_turn(c);
}

static void *run(void *arg)
{
	struct reactor *r = arg;
	struct epoll_event events[EVENTS];
	bool goes_on = true;
	tell_time(r);
	while (goes_on) {
		int n = epoll_wait(r->epoll, events, EVENTS, wait_ms(r));
		bool called = false;
		tell_time(r);
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				tell(events[i].data.ptr, events[i].events);
			else
				called = true;
		}
		if (called)
			goes_on = open_inbox(r);
		take_turns(r);
		look_at_deadlines(r);
		bury(r);
	}
	return NULL;
}

/* ---- life ---- */

int reactor_start(struct reactor *r, struct serve *serve, unsigned number)
{
	struct epoll_event event = {.events = EPOLLIN};
	r->serve = serve;
	r->number = number;
	r->look_at = NEVER;
	pthread_mutex_init(&r->lock, NULL);
	STAILQ_INIT(&r->woken);
	STAILQ_INIT(&r->arrivals);
	LIST_INIT(&r->conns);
	LIST_INIT(&r->dead);
	TAILQ_INIT(&r->turns);
	SLIST_INIT(&r->free);
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->epoll < 0 || r->wake < 0 ||
	    epoll_ctl(r->epoll, EPOLL_CTL_ADD, r->wake, &event) ||
	    pthread_create(&r->thread, NULL, run, r))
		return -1;
	r->started = true;
	return 0;
}

static void join(struct reactor *r)
{
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	reactor_call(r);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	r->started = false;
}

void reactor_stop(struct reactor *r)
{
	struct conn *c;
	struct arrival *a;
	if (!r->serve)
		return;
	if (r->started)
		join(r);
	while ((c = LIST_FIRST(&r->conns)))
		conn_close(c);
	bury(r);
	while ((a = next_arrival(r))) {
		close(a->fd);
		free(a);
		atomic_fetch_sub(&r->fresh, 1);
	}
	exchange_drop_free(r);
	while (r->spares)
		free(r->spare[--r->spares]);
	free(r->buffer);
	free(r->out.s);
	free(r->packed.s);
	pack_free(r->pack);
	if (r->epoll >= 0)
		close(r->epoll);
	if (r->wake >= 0)
		close(r->wake);
	pthread_mutex_destroy(&r->lock);
}
