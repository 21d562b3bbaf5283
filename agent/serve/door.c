/*
 * A thread of its own lets clients in, so that the end is simple: it is joined, the sockets are
 * closed, and the server goes on with the connections it has.
 *
 * Whoever has connected may have sent a request already, and closing the socket in front of which he waits would
 * reset him.  So at the end nobody new may come to wait, those who wait are let in, and then it is closed.
 * TCP has no call for that: a filter drops what asks for a new connection, and lets through what completes
 * one.  Who is dropped asks again after a second, by himself.
 */
#include "agent/serve/door.h"

#include "agent/serve/host.h"

#include <errno.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PAUSE_MS 50 /* when descriptors or memory are short */
#define LAST_MS  3  /* for connections that are half made when the door closes */

#define FLAGS_AT 13 /* in a TCP header */
#define SYN      0x02

enum { TCP, LOCAL, WAKE, FDS };

struct door {
	int fds[FDS];
	struct sockaddr_un local; /* sun_path is "" when there was none; others read it */
	bool linked;              /* the socket is there still */
	int port;
	bool public;
	bool open;
	pthread_t thread;
	door_fn *fn;
	void *arg;
};

/* ---- TCP ---- */

static int listen_at(const struct addrinfo *info)
{
	int one = 1, zero = 0;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	/* Those who are let in have it as well.  What goes out is gathered: to wait for more would only keep the end
	 * of a stream back, until the client's system confirms what came before. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
	if (!bind(fd, info->ai_addr, info->ai_addrlen) && !listen(fd, SOMAXCONN))
		return fd;
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static union address address_of(int fd)
{
	union address at = {.v6 = {.sin6_port = 0}};
	socklen_t len = sizeof at;
	(void)getsockname(fd, &at.any, &len); /* cannot fail on a socket of ours */
	return at;
}

static int port_of(int fd)
{
	union address at = address_of(fd);
	return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}

static bool is_loopback(int fd)
{
	union address at = address_of(fd);
	if (at.any.sa_family != AF_INET6)
		return ntohl(at.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&at.v6.sin6_addr) ||
	       (IN6_IS_ADDR_V4MAPPED(&at.v6.sin6_addr) &&
		at.v6.sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
}

static int listen_tcp(struct door *d, const char *text, struct flume_err *err)
{
	const char *host, *port;
	char name[256];
	size_t len = host_split(text, &host, &port);
	if ((!len && *text != ':') || !*port || strtoul(port, NULL, 10) > UINT16_MAX ||
	    len >= sizeof name)
		return flume_fail(err, FLUME_INVALID, "'%s' is not HOST:PORT", text);
	memcpy(name, host, len);
	name[len] = '\0';

	struct addrinfo *found,
		hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	int r = getaddrinfo(len ? name : NULL, port, &hints, &found);
	if (r)
		return flume_fail(err, FLUME_INVALID, "'%s': %s", text, gai_strerror(r));
	for (struct addrinfo *at = found; at && d->fds[TCP] < 0; at = at->ai_next)
		d->fds[TCP] = listen_at(at);
	int why = errno;
	freeaddrinfo(found);
	if (d->fds[TCP] < 0)
		return flume_fail(err, why == EADDRINUSE ? FLUME_EXISTS : FLUME_IO,
				  "cannot listen on '%s': %s", text, strerror(why));
	d->port = port_of(d->fds[TCP]);
	d->public = !is_loopback(d->fds[TCP]);
	return 0;
}

/* ---- unix socket ---- */

/* A socket whose server was killed is still there, but nobody answers.  (Nobody answers at a
 * file either, and that is not ours to remove.) */
static void remove_stale(const struct sockaddr_un *at)
{
	struct stat info;
	if (lstat(at->sun_path, &info) || !S_ISSOCK(info.st_mode))
		return;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)at, sizeof *at) && errno == ECONNREFUSED)
		unlink(at->sun_path);
	close(fd);
}

/* Owner and group may connect, and nobody before that is so.  -1 with errno. */
static int listen_local(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	bool bound = !bind(fd, (const struct sockaddr *)at, sizeof *at);
	if (bound && !chmod(at->sun_path, 0660) && !listen(fd, SOMAXCONN))
		return fd;
	int why = errno;
	if (bound)
		unlink(at->sun_path);
	close(fd);
	errno = why;
	return -1;
}

int door_add_local(struct door *d, const char *path, struct flume_err *err)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	if (!len || len >= sizeof at.sun_path)
		return flume_fail(err, FLUME_INVALID, "'%s' is not a path for a socket", path);
	memcpy(at.sun_path, path, len + 1);
	remove_stale(&at);
	d->fds[LOCAL] = listen_local(&at);
	if (d->fds[LOCAL] < 0)
		return flume_fail(err, errno == EADDRINUSE ? FLUME_EXISTS : FLUME_IO,
				  "cannot listen on '%s': %s", path, strerror(errno));
	d->local = at;
	d->linked = true;
	return 0;
}

/* ---- the thread ---- */

/* 0, or why nobody came in. */
static int take_in(struct door *d, int fd)
{
	struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof from;
	int client = accept4(fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (client < 0)
		return errno;
	d->fn(d->arg, client, (struct sockaddr *)&from, len);
	return 0;
}

/* What the system has none of at the moment; or the socket was shut. */
static bool is_short(int why)
{
	return why == EMFILE || why == ENFILE || why == ENOBUFS || why == ENOMEM ||
	       why == EINVAL;
}

/* Best effort: without it only the moment between the last look and the close is open. */
static void turn_away_new(struct door *d)
{
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS_AT),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SYN, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog filter = {.len = sizeof steps / sizeof *steps, .filter = steps};
	if (d->fds[TCP] >= 0)
		(void)setsockopt(d->fds[TCP], SOL_SOCKET, SO_ATTACH_FILTER, &filter,
				 sizeof filter);
	if (d->fds[LOCAL] >= 0)
		(void)shutdown(d->fds[LOCAL], SHUT_RD); /* those who wait stay */
}

static void *let_in_the_last(struct door *d)
{
	turn_away_new(d);
	for (int i = 0; i < WAKE; i++) {
		for (int n = 0; d->fds[i] >= 0 && n < SOMAXCONN; n++) {
			struct pollfd more = {.fd = d->fds[i], .events = POLLIN};
			if (poll(&more, 1, i == TCP ? LAST_MS : 0) <= 0)
				break;
			int why = take_in(d, d->fds[i]);
			/* One that was shut is always ready. */
			if (why == EAGAIN || is_short(why))
				break;
		}
		if (d->fds[i] >= 0)
			close(d->fds[i]);
		d->fds[i] = -1;
	}
	return NULL;
}

static void *stand(void *arg)
{
	struct door *d = arg;
	struct pollfd polled[FDS]; /* poll leaves out the negative ones */
	for (int i = 0; i < FDS; i++)
		polled[i] = (struct pollfd){.fd = d->fds[i], .events = POLLIN};
	for (;;) {
		if (poll(polled, FDS, -1) < 0)
			continue;
		if (polled[WAKE].revents)
			return let_in_the_last(d);
		for (int i = 0; i < WAKE; i++)
			if (polled[i].revents && is_short(take_in(d, d->fds[i])))
				poll(&polled[WAKE], 1, PAUSE_MS);
	}
}

/* ---- life ---- */

int door_new(struct door **out, const char *listen, struct flume_err *err)
{
	struct door *d = calloc(1, sizeof *d);
	if (!d)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	d->fds[TCP] = d->fds[LOCAL] = -1;
	d->fds[WAKE] = eventfd(0, EFD_CLOEXEC);
	int r = d->fds[WAKE] < 0
			? flume_fail(err, FLUME_IO, "no descriptor: %s", strerror(errno))
			: 0;
	if (!r && listen)
		r = listen_tcp(d, listen, err);
	if (r)
		door_free(d);
	else
		*out = d;
	return r;
}

int door_open(struct door *d, door_fn *fn, void *arg)
{
	d->fn = fn;
	d->arg = arg;
	if (pthread_create(&d->thread, NULL, stand, d))
		return FLUME_NOMEM;
	d->open = true;
	return 0;
}

void door_close(struct door *d)
{
	if (d->open) {
		uint64_t one = 1;
		ssize_t n = write(d->fds[WAKE], &one, sizeof one);
		(void)n; /* the counter is 0: there is room */
		pthread_join(d->thread, NULL);
		d->open = false;
	}
	for (int i = 0; i < FDS; i++) {
		if (d->fds[i] >= 0)
			close(d->fds[i]);
		d->fds[i] = -1;
	}
	if (d->linked)
		unlink(d->local.sun_path);
	d->linked = false;
}

struct door *door_free(struct door *d)
{
	if (d) {
		door_close(d);
		free(d);
	}
	return NULL;
}

int door_port(const struct door *d)
{
	return d->port;
}

bool door_is_public(const struct door *d)
{
	return d->public;
}

const char *door_path(const struct door *d)
{
	return d->local.sun_path;
}
