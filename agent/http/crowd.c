/*
 * How many connections there are.
 *
 * The daemon has a limit of its own, but a thread of its pool that reaches it keeps a lock for
 * ever (libmicrohttpd 0.9.75), and with it every connection.  So clients are counted at the
 * door, where one too many can also be told why, and the daemon's limit is never reached: each
 * of its threads has room for twice of what the door lets in.
 */
#include "agent/http/inside.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SPARE_FDS 128 /* for what is no connection of ours: etcd, files, the daemon's own */

static const char full[] = "HTTP/1.1 503 Service Unavailable\r\n"
			   "Retry-After: 1\r\n"
			   "Connection: close\r\n"
			   "Content-Length: 0\r\n\r\n";

/* What has arrived is read: a close with data unread makes the client lose the answer. */
static void turn_away(int fd)
{
	char unread[4096];
	ssize_t n = send(fd, full, sizeof full - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0 && !shutdown(fd, SHUT_WR))
		n = recv(fd, unread, sizeof unread, MSG_DONTWAIT);
	(void)n; /* it goes either way */
	close(fd);
}

/* As far as the system grants it, there are descriptors for all of them. */
static void raise_fds(unsigned connections)
{
	struct rlimit limit;
	rlim_t wanted = (rlim_t)connections + SPARE_FDS;
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	setrlimit(RLIMIT_NOFILE, &limit);
}

void crowd_init(struct crowd *crowd, unsigned most)
{
	crowd->most = most;
	atomic_init(&crowd->count, 0);
	raise_fds(most);
}

unsigned crowd_daemon_limit(const struct crowd *crowd, unsigned threads)
{
	return crowd->most * 2 * threads;
}

void crowd_enter(void *arg, int fd, const struct sockaddr *from, socklen_t len)
{
	struct http *http = arg;
	struct crowd *crowd = &http->crowd;
	if (atomic_fetch_add(&crowd->count, 1) >= crowd->most) {
		atomic_fetch_sub(&crowd->count, 1);
		meters_answer(http->meters, MHD_HTTP_SERVICE_UNAVAILABLE);
		turn_away(fd);
	} else if (MHD_add_connection(http->daemon, fd, from, len) != MHD_YES) {
		atomic_fetch_sub(&crowd->count, 1); /* it was closed, and nobody hears of it */
	}
}

void crowd_leave(void *arg, struct MHD_Connection *connection, void **context,
		 enum MHD_ConnectionNotificationCode what)
{
	struct http *http = arg;
	(void)connection, (void)context;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED)
		atomic_fetch_sub(&http->crowd.count, 1);
}
