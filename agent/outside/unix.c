/*
 * Lines to a local socket, written by a thread of the channel's own.  A connection that broke is made
 * again, and the line that was under way is sent again from its beginning; lines that the kernel had
 * taken, and the receiver had not read when it ended, are gone.
 */
#include "agent/document/document.h"
#include "agent/outside/kinds.h"
#include "agent/outside/options.h"
#include "agent/outside/unopened.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LOOK_MS 50

static const struct flume_field fields[] = {
	{.name = "path",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "The socket that the receiver listens on."},
	{.name = "type",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = "stream",
	 .about = "stream: lines; datagram: a datagram each, without its newline."},
	QUEUE_FIELDS,
	{0},
};

struct local {
	const char *path; /* lent by the declaration */
	int type;
	int fd; /* -1: not connected */
};

static void hang_up(struct local *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

static int fail(struct local *l, const char *what, struct verdict *verdict)
{
	int error = errno;
	snprintf(verdict->why, sizeof verdict->why, "%.150s: %s%s", l->path, what,
		 strerror(error));
	hang_up(l);
	errno = error;
	return -1;
}

/* A socket that is not there yet, or no more, costs one try. */
static int dial(struct local *l, struct verdict *verdict)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (l->fd >= 0)
		return 0;
	memcpy(address.sun_path, l->path, strlen(l->path) + 1);
	l->fd = socket(AF_UNIX, l->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0 || connect(l->fd, (struct sockaddr *)&address, sizeof address))
		return fail(l, "", verdict);
	return 0;
}

static bool wait_for_room(const struct local *l, struct queue *queue)
{
	struct pollfd room = {.fd = l->fd, .events = POLLOUT};
	while (poll(&room, 1, LOOK_MS) <= 0)
		if (queue_ends(queue))
			return false;
	return true;
}

static int send_all(struct local *l, struct queue *queue, const char *s, size_t len,
		    struct verdict *verdict)
{
	while (len) {
		ssize_t n = send(l->fd, s, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR && errno != EAGAIN && errno != ENOBUFS)
			return fail(l, "", verdict);
		if (n < 0 && !wait_for_room(l, queue)) {
			errno = EAGAIN;
			return fail(l, "the receiver is too slow: ", verdict);
		}
		if (n > 0) {
			s += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* A datagram that is too long for the socket will be so for ever. */
static void judge(const struct local *l, struct verdict *verdict, int error)
{
	bool too_long = l->type == SOCK_DGRAM && error == EMSGSIZE;
	verdict->outcome = too_long ? CARRY_REFUSED : CARRY_LATER;
}

static void carry(void *arg, struct queue *queue, const struct load *load,
		  struct verdict *verdict)
{
	struct local *l = arg;
	const char *line = load->text;
	verdict->outcome = CARRY_DONE;
	for (verdict->lines = 0; verdict->lines < load->lines; verdict->lines++) {
		const char *end = memchr(line, '\n', load->len - (size_t)(line - load->text));
		size_t len = (size_t)(end - line) + (l->type == SOCK_STREAM);
		if (dial(l, verdict) || send_all(l, queue, line, len, verdict)) {
			judge(l, verdict, errno);
			return;
		}
		line = end + 1;
	}
}

static void free_local(void *arg)
{
	hang_up(arg);
	free(arg);
}

static int check(const flume_value *decl, const char *path, int *out_type, flume_report *report)
{
	static const char *const words[] = {"stream", "datagram", NULL};
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
	char place[512];
	int type = option_word(fields, decl, "type", words, path, report);
	const flume_value *at = flume_value_get(decl, "path");
	size_t most = sizeof((struct sockaddr_un *)0)->sun_path - 1;
	size_t len = strlen(flume_value_text(at));
	if (!len || len > most) {
		snprintf(place, sizeof place, "%s.path", path);
		flume_report_add(report, "bad-value", place, at, NULL,
				 "the path of a socket has 1 to %zu bytes, not %zu", most, len);
		type = -1;
	}
	if (type < 0)
		return FLUME_REJECTED;
	*out_type = types[type];
	return FLUME_OK;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	int type = 0;
	(void)scope;
	if (check(decl, path, &type, report))
		return FLUME_REJECTED;
	struct queue *queue = NULL;
	struct local *l = malloc(sizeof *l);
	if (!l)
		return FLUME_NOMEM;
	*l = (struct local){flume_value_text(flume_value_get(decl, "path")), type, -1};
	struct queue_options options = option_queue(fields, decl, "unix", out->name);
	if (type == SOCK_DGRAM)
		options.batch = 1; /* so that one which is too long takes no others with it */
	const struct carrier carrier = {carry, free_local, l};
	if (queue_new(&queue, &options, &carrier)) {
		free_local(l);
		return FLUME_NOMEM;
	}
	out->send = queue_send;
	out->arg = queue;
	out->done = queue_free;
	out->blocks = true;
	return FLUME_OK;
}

static int make_unopened(const flume_value *decl, const char *path, flume_scope *scope,
			 struct flume_component *out, flume_report *report)
{
	int type = 0;
	if (check(decl, path, &type, report))
		return FLUME_REJECTED;
	return unopened_make(decl, path, scope, out, report);
}

#define ROW(how)                                                                        \
	{                                                                               \
		.of = FLUME_CHANNEL, .kind = "unix",                                    \
		.about = "Writes documents to a unix socket, from a queue in memory.",  \
		.example = "{kind: unix, path: /run/collector.sock}", .fields = fields, \
		.local = true, .make = (how),                                           \
	}

const struct flume_maker kind_unix = ROW(make);
const struct flume_maker kind_unix_unopened = ROW(make_unopened);
