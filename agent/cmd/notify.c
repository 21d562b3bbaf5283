/*
 * A datagram of lines to a unix socket, which may have an abstract name ("@...").  Small enough to do without
 * libsystemd, which would come with a dozen libraries.  A manager that does not listen is no reason to fail.
 */
#include "agent/cmd/notify.h"

#include "agent/log/log.h"
#include "agent/loop/loop.h"
#include "lib/base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NS_PER_US 1000

struct notify {
	int fd; /* connected */
	struct loop_timer *alive;
	int64_t pace; /* ns, of the watchdog; 0: there is none */
};

static void send_lines(struct notify *n, const char *lines)
{
	if (send(n->fd, lines, strlen(lines), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_event(LOG_WARN, "the service manager cannot be told",
			  LOG_STR("reason", strerror(errno)), LOG_STR("what", lines));
}

static void on_alive(void *arg)
{
	struct notify *n = arg;
	send_lines(n, "WATCHDOG=1");
	loop_timer_arm(n->alive, n->pace);
}

/* ---- what was asked for ---- */

static int connect_to(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	if ((*path != '/' && *path != '@') || len >= sizeof at.sun_path) {
		errno = EINVAL;
		return -1;
	}
	memcpy(at.sun_path, path, len);
	if (*path == '@')
		at.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (fd < 0 || !connect(fd, (const struct sockaddr *)&at, size))
		return fd;
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

/* Half of the time, as is the custom; 0: nobody asks. */
static int64_t find_pace(void)
{
	const char *time = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	if (!time || (pid && *pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	long long us = strtoll(time, NULL, 10);
	return us > 0 && us < INT64_MAX / NS_PER_US ? us * NS_PER_US / 2 : 0;
}

struct notify *notify_new(struct loop *loop)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct notify *n = NULL;
	if (path && *path) {
		n = calloc(1, sizeof *n);
		if (n)
			*n = (struct notify){.fd = connect_to(path), .pace = find_pace()};
		if (n && n->fd >= 0 && n->pace)
			n->alive = loop_timer_new(loop, on_alive, n);
		if (!n || n->fd < 0 || (n->pace && !n->alive)) {
			log_event(LOG_WARN, "the service manager cannot be told",
				  LOG_STR("socket", path), LOG_STR("reason", strerror(errno)));
			n = notify_free(n);
		}
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return n;
}

struct notify *notify_free(struct notify *n)
{
	if (!n)
		return NULL;
	loop_timer_free(n->alive);
	if (n->fd >= 0)
		close(n->fd);
	free(n);
	return NULL;
}

/* ---- what is told ---- */

void notify_ready(struct notify *n, const char *status)
{
	struct text lines = {0};
	if (!n)
		return;
	text_addf(&lines, "READY=1%s%s", status ? "\nSTATUS=" : "", status ? status : "");
	send_lines(n, lines.failed ? "READY=1" : lines.s);
	text_fini(&lines);
	if (n->alive)
		loop_timer_arm(n->alive, n->pace);
}

void notify_reloading(struct notify *n)
{
	char lines[64];
	if (!n)
		return;
	snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		 loop_now() / NS_PER_US);
	send_lines(n, lines);
}

void notify_stopping(struct notify *n)
{
	if (n)
		send_lines(n, "STOPPING=1");
}
