/*
 * Beginning and end of the server, and how many clients there may be.
 *
 * The unix socket has places of its own: a thousand idle clients over TCP must not keep out those on
 * this host that ask whether the node is well, or change it.
 */
#include "agent/serve/serve.h"

#include "agent/serve/inside.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SPARE_FDS ((rlim_t)128) /* for what is no connection: etcd, files, the threads' own */

#define OR(value, otherwise) ((value) ? (value) : (otherwise))
#define LONGEST              (INT64_MAX / 4) /* of a time: it is added to the time that it is */

static const char full[] = "HTTP/1.1 503 Service Unavailable\r\n"
			   "Retry-After: 1\r\n"
			   "Connection: close\r\n"
			   "Content-Length: 0\r\n\r\n";

/* ---- how many ---- */

/* As far as the system grants it, there are descriptors for all of them. */
static void limit_connections(struct serve *s, unsigned connections)
{
	struct rlimit limit;
	rlim_t wanted = 2 * (rlim_t)connections + SPARE_FDS;
	s->most_tcp = s->most_local = connections;
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= wanted)
		return;
	rlim_t there = limit.rlim_cur > 2 * SPARE_FDS ? limit.rlim_cur - SPARE_FDS : SPARE_FDS;
	s->most_tcp = s->most_local = (unsigned)(there / 2);
}

/* What has arrived is read: a close with data unread makes the client lose the answer. */
static void turn_away(struct serve *s, int fd)
{
	char unread[4096];
	ssize_t n = send(fd, full, sizeof full - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0 && !shutdown(fd, SHUT_WR))
		n = recv(fd, unread, sizeof unread, MSG_DONTWAIT);
	(void)n; /* it goes either way */
	close(fd);
	if (s->handler.turned_away)
		s->handler.turned_away(s->handler.arg);
}

void serve_enter(void *arg, int fd, const struct sockaddr *from, socklen_t len)
{
	struct serve *s = arg;
	bool local = len < sizeof from->sa_family || from->sa_family == AF_UNIX;
	atomic_uint *count = local ? &s->local : &s->tcp;
	struct arrival *a = NULL;
	if (atomic_fetch_add(count, 1) < (local ? s->most_local : s->most_tcp))
		a = malloc(sizeof *a);
	if (!a) {
		atomic_fetch_sub(count, 1);
		turn_away(s, fd);
		return;
	}
	struct reactor *r = &s->reactors[atomic_fetch_add(&s->next, 1) % s->threads];
	*a = (struct arrival){.fd = fd, .local = local};
	atomic_fetch_add(&r->fresh, 1);
	pthread_mutex_lock(&r->lock);
	STAILQ_INSERT_TAIL(&r->arrivals, a, link);
	reactor_call(r);
	pthread_mutex_unlock(&r->lock);
}

unsigned serve_connections(const struct serve *s)
{
	return atomic_load(&s->tcp) + atomic_load(&s->local);
}

unsigned serve_fresh(const struct serve *s)
{
	unsigned sum = 0;
	for (unsigned i = 0; i < s->threads; i++)
		sum += atomic_load(&s->reactors[i].fresh);
	return sum;
}

unsigned serve_active(const struct serve *s)
{
	unsigned sum = 0;
	for (unsigned i = 0; i < s->threads; i++)
		sum += atomic_load(&s->reactors[i].active);
	return sum;
}

/* ---- life ---- */

static int64_t bounded(int64_t ns)
{
	return ns < LONGEST ? ns : LONGEST;
}

static struct serve_options with_defaults(const struct serve_options *o)
{
	int64_t idle = bounded(OR(o->idle_ns, 30 * NS_PER_S));
	return (struct serve_options){
		.threads = OR(o->threads, 2U),
		.connections = OR(o->connections, 1024U),
		.max_head = OR(o->max_head, (size_t)16 << 10),
		.max_target = OR(o->max_target, (size_t)8 << 10),
		.max_body = OR(o->max_body, (size_t)1 << 20),
		.idle_ns = idle,
		.head_ns = bounded(OR(o->head_ns, idle)),
		.least_rate = OR(o->least_rate, 1024U),
		.pause_ns = bounded(OR(o->pause_ns, idle < LONGEST / 10 ? 10 * idle : LONGEST)),
	};
}

struct serve *serve_new(const struct serve_options *options,
			const struct serve_handler *handler)
{
	struct serve_options o = with_defaults(options);
	struct serve *s = calloc(1, sizeof *s + o.threads * sizeof *s->reactors);
	sigset_t all, before;
	bool good = true;
	if (!s)
		return NULL;
	s->options = o;
	s->handler = *handler;
	s->limits = (struct head_limits){.head = o.max_head, .target = o.max_target};
	s->threads = o.threads;
	limit_connections(s, o.connections);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; good && i < o.threads; i++)
		good = !reactor_start(&s->reactors[i], s, i);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return good ? s : serve_free(s);
}

void serve_end_connections(struct serve *s)
{
	atomic_store(&s->ending, true);
}

bool serve_is_ending(const struct serve *s)
{
	return atomic_load(&s->ending);
}

void serve_wake_all(struct serve *s)
{
	for (unsigned i = 0; i < s->threads; i++) {
		struct reactor *r = &s->reactors[i];
		pthread_mutex_lock(&r->lock);
		r->wake_all = true;
		reactor_call(r);
		pthread_mutex_unlock(&r->lock);
	}
}

void serve_end_idle(struct serve *s)
{
	for (unsigned i = 0; i < s->threads; i++) {
		struct reactor *r = &s->reactors[i];
		pthread_mutex_lock(&r->lock);
		if (!r->end_idle)
			atomic_fetch_add(&s->ending_idle, 1);
		r->end_idle = true;
		reactor_call(r);
		pthread_mutex_unlock(&r->lock);
	}
}

unsigned serve_ending_idle(const struct serve *s)
{
	return atomic_load(&s->ending_idle);
}

struct serve *serve_free(struct serve *s)
{
	if (!s)
		return NULL;
	for (unsigned i = 0; i < s->threads; i++)
		reactor_stop(&s->reactors[i]);
	free(s);
	return NULL;
}
