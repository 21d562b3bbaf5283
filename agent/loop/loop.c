/*
 * One turn: wait in epoll until something is ready or the next timer is due, run what is ready,
 * then the timers that were due when the turn looked at the clock.  A timer armed during the
 * turn waits for the next one, so a timer that arms itself with 0 cannot starve the
 * descriptors.
 *
 * What epoll hands back is not a pointer but a place in a table and a number that is never used
 * twice.  So an event of a watch that is gone finds nothing: be it that another callback of the
 * same turn removed it, or that its descriptor was closed before (as libcurl does) while a copy
 * of it, in a forked child, keeps it in epoll.
 *
 * The mailbox is one more descriptor: an eventfd that is readable while posts wait.
 */
#include "agent/loop/loop.h"

#include "agent/loop/timers.h"
#include "lib/flume.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

struct loop_fd {
	struct loop *loop;
	int fd;
	uint32_t events, place, number;
	loop_fd_fn *fn;
	void *arg;
};

struct post {
	loop_post_fn *fn;
	void *arg;
	STAILQ_ENTRY(post) link;
};

struct loop {
	int epoll, wake;
	bool running;
	atomic_bool stop;
	struct loop_fd **fds; /* NULL where nobody is */
	uint32_t fds_len, number;
	struct timers timers;
	pthread_mutex_t lock; /* of the mailbox */
	STAILQ_HEAD(, post) mail;
	size_t mail_len;
};

int64_t loop_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool stopping(struct loop *l)
{
	return l->running && atomic_load(&l->stop);
}

/* ---- descriptors ---- */

static uint64_t tag(const struct loop_fd *w)
{
	return (uint64_t)w->number << 32 | w->place;
}

/* NULL when it is gone. */
static struct loop_fd *find(struct loop *l, uint64_t wanted)
{
	uint32_t place = (uint32_t)wanted;
	struct loop_fd *w = place < l->fds_len ? l->fds[place] : NULL;
	return w && tag(w) == wanted ? w : NULL;
}

static int take_place(struct loop *l, struct loop_fd *w)
{
	uint32_t i = 0;
	while (i < l->fds_len && l->fds[i])
		i++;
	if (i == l->fds_len) {
		struct loop_fd **grown = realloc(l->fds, (i + 8) * sizeof *grown);
		if (!grown)
			return FLUME_NOMEM;
		l->fds = grown;
		for (; l->fds_len < i + 8; l->fds_len++)
			l->fds[l->fds_len] = NULL;
	}
	w->place = i;
	w->number = ++l->number;
	l->fds[i] = w;
	return 0;
}

struct loop_fd *loop_fd_add(struct loop *l, int fd, uint32_t events, loop_fd_fn *fn, void *arg)
{
	struct loop_fd *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	*w = (struct loop_fd){.loop = l, .fd = fd, .events = events, .fn = fn, .arg = arg};
	if (take_place(l, w)) {
		free(w);
		return NULL;
	}
	struct epoll_event event = {.events = events, .data.u64 = tag(w)};
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event)) {
		l->fds[w->place] = NULL;
		free(w);
		return NULL;
	}
	return w;
}

int loop_fd_change(struct loop_fd *w, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u64 = tag(w)};
	w->events = events;
	return epoll_ctl(w->loop->epoll, EPOLL_CTL_MOD, w->fd, &event) ? FLUME_IO : 0;
}

void loop_fd_opened(struct loop *l, int fd)
{
	for (uint32_t i = 0; i < l->fds_len; i++) {
		struct loop_fd *w = l->fds[i];
		if (!w || w->fd != fd)
			continue;
		struct epoll_event event = {.events = w->events, .data.u64 = tag(w)};
		epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

struct loop_fd *loop_fd_remove(struct loop_fd *w)
{
	if (!w)
		return NULL;
	epoll_ctl(w->loop->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	w->loop->fds[w->place] = NULL;
	free(w);
	return NULL;
}

/* ---- timers ---- */

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
	int64_t now = loop_now();
	if (in_ns < 0)
		in_ns = 0;
	timers_arm(t, in_ns > INT64_MAX - now ? INT64_MAX : now + in_ns);
}

void loop_timer_disarm(struct loop_timer *t)
{
	timers_disarm(t);
}

/* Milliseconds for epoll, rounded up so that the timer is due when it returns. */
static int patience(struct loop *l, int wait_ms)
{
	int64_t due = timers_next(&l->timers);
	if (due == INT64_MAX)
		return wait_ms;
	int64_t left = due - loop_now();
	int64_t ms = left <= 0 ? 0 : left / 1000000 + 1;
	if (wait_ms >= 0 && ms > wait_ms)
		return wait_ms;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* ---- mailbox ---- */

static void wake(struct loop *l)
{
	uint64_t one = 1;
	ssize_t n = write(l->wake, &one, sizeof one);
	(void)n; /* fails only when the counter is full, and then the loop wakes anyway */
}

static struct post *next_post(struct loop *l)
{
	pthread_mutex_lock(&l->lock);
	struct post *p = STAILQ_FIRST(&l->mail);
	if (p) {
		STAILQ_REMOVE_HEAD(&l->mail, link);
		l->mail_len--;
	}
	pthread_mutex_unlock(&l->lock);
	return p;
}

/* Runs what was waiting when it began; what is posted meanwhile, or left by loop_stop, has the
 * next turn. */
static void read_mail(int fd, uint32_t events, void *arg)
{
	struct loop *l = arg;
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof count);
	(void)n, (void)events;

	pthread_mutex_lock(&l->lock);
	size_t waiting = l->mail_len;
	pthread_mutex_unlock(&l->lock);
	for (; waiting && !stopping(l); waiting--) {
		struct post *p = next_post(l);
		if (!p)
			break;
		loop_post_fn *fn = p->fn;
		void *post_arg = p->arg;
		free(p);
		fn(post_arg);
	}
	if (waiting)
		wake(l);
}

int loop_post(struct loop *l, loop_post_fn *fn, void *arg)
{
	struct post *p = malloc(sizeof *p);
	if (!p)
		return FLUME_NOMEM;
	*p = (struct post){.fn = fn, .arg = arg};
	pthread_mutex_lock(&l->lock);
	STAILQ_INSERT_TAIL(&l->mail, p, link);
	l->mail_len++;
	pthread_mutex_unlock(&l->lock);
	wake(l);
	return 0;
}

/* ---- the loop ---- */

struct loop *loop_new(void)
{
	struct loop *l = calloc(1, sizeof *l);
	if (!l)
		return NULL;
	STAILQ_INIT(&l->mail);
	pthread_mutex_init(&l->lock, NULL);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->epoll < 0 || l->wake < 0 || !loop_fd_add(l, l->wake, EPOLLIN, read_mail, l))
		return loop_free(l);
	return l;
}

struct loop *loop_free(struct loop *l)
{
	if (!l)
		return NULL;
	for (uint32_t i = 0; i < l->fds_len; i++)
		free(l->fds[i]);
	free(l->fds);
	timers_fini(&l->timers);
	struct post *p;
	while ((p = next_post(l)))
		free(p);
	if (l->wake >= 0)
		close(l->wake);
	if (l->epoll >= 0)
		close(l->epoll);
	pthread_mutex_destroy(&l->lock);
	free(l);
	return NULL;
}

static void turn(struct loop *l, int wait_ms)
{
	struct epoll_event ready[64];
	int n = epoll_wait(l->epoll, ready, sizeof ready / sizeof *ready, patience(l, wait_ms));
	for (int i = 0; i < n && !stopping(l); i++) {
		struct loop_fd *w = find(l, ready[i].data.u64);
		if (w)
			w->fn(w->fd, ready[i].events, w->arg);
	}
	int64_t now = loop_now();
	uint64_t last = timers_mark(&l->timers);
	struct loop_timer *t;
	while (!stopping(l) && (t = timers_take_due(&l->timers, now, last)))
		timers_fire(t);
}

void loop_step(struct loop *l, int wait_ms)
{
	turn(l, wait_ms);
}

void loop_run(struct loop *l)
{
	l->running = true;
	while (!atomic_exchange(&l->stop, false))
		turn(l, -1);
	l->running = false;
}

void loop_stop(struct loop *l)
{
	atomic_store(&l->stop, true);
	wake(l);
}
