/*
 * Bare watches: so many connections to etcd's JSON gateway that each watch one key and do nothing
 * with what they hear.  Driven by fleet_1000.py.
 *
 *     fleet_1000 PORT COUNT BASE64_OF_KEY
 *
 * Prints "ready" when etcd has said of each that it is created, and then for each event a line:
 * its number, and when the first, the middle and the last of them heard it, in ns of
 * CLOCK_MONOTONIC.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MOST 1024

struct word { /* looked for in a stream, piece by piece; begins and ends with its only quotes */
	const char *text;
	size_t at;
};

struct watch {
	int fd;
	struct word created, events;
	unsigned heard;
};

struct heard { /* of one event */
	unsigned count;
	int64_t first, middle, last;
};

static struct heard heard[EVENTS_MOST];
static unsigned total, created;

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Was that its last letter? */
static bool advance(struct word *w, char c)
{
	if (c != w->text[w->at])
		w->at = c == *w->text;
	else if (!w->text[++w->at]) {
		w->at = 0;
		return true;
	}
	return false;
}

static void note_event(struct watch *w, int64_t now)
{
	struct heard *h = &heard[w->heard++ % EVENTS_MOST];
	if (!h->count++)
		h->first = now;
	if (h->count == (total + 1) / 2)
		h->middle = now;
	if (h->count < total)
		return;
	h->last = now;
	printf("%u %lld %lld %lld\n", w->heard, (long long)h->first, (long long)h->middle,
	       (long long)h->last);
	*h = (struct heard){0};
}

static void hear(struct watch *w)
{
	static char piece[65536];
	ssize_t n = read(w->fd, piece, sizeof piece);
	int64_t now = now_ns();
	if (n <= 0)
		die("read");
	for (ssize_t i = 0; i < n; i++) {
		if (advance(&w->created, piece[i]) && ++created == total)
			puts("ready");
		if (advance(&w->events, piece[i]))
			note_event(w, now);
	}
}

static int open_watch(uint16_t port, const char *key)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	char body[512], text[1024];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to))
		die("connect");
	int len = snprintf(body, sizeof body, "{\"create_request\":{\"key\":\"%s\"}}", key);
	int n = snprintf(text, sizeof text,
			 "POST /v3/watch HTTP/1.1\r\nHost: 127.0.0.1\r\n"
			 "Content-Length: %d\r\n\r\n%s",
			 len, body);
	if (write(fd, text, (size_t)n) != n)
		die("write");
	return fd;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	total = (unsigned)strtoul(argv[2], NULL, 10);
	struct watch *watches = calloc(total, sizeof *watches);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!watches || epoll < 0)
		die("begin");
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned i = 0; i < total; i++) {
		struct watch *w = &watches[i];
		*w = (struct watch){
			.fd = open_watch((uint16_t)strtoul(argv[1], NULL, 10), argv[3]),
			.created = {"\"created\"", 0},
			.events = {"\"events\"", 0}};
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = w};
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, w->fd, &event))
			die("epoll_ctl");
	}
	for (;;) {
		struct epoll_event events[256];
		int n = epoll_wait(epoll, events, 256, -1);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++)
			hear(events[i].data.ptr);
	}
}
