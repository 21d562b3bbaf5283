#include "tests/unit/web_site.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct visit {
	struct web_site *site;
	struct loop_fd *watch;
	int fd;
	char in[2048];
	size_t len;
};

static void end_visit(struct visit *v)
{
	loop_fd_remove(v->watch);
	close(v->fd);
	free(v);
}

static void say(struct visit *v, const char *bytes, size_t n)
{
	while (n) {
		ssize_t sent = send(v->fd, bytes, n, MSG_NOSIGNAL);
		if (sent <= 0)
			return; /* the client has had enough */
		bytes += sent;
		n -= (size_t)sent;
	}
}

static unsigned long tag_of(const char *body)
{
	unsigned long tag = 5381;
	for (; *body; body++)
		tag = tag * 33 + (unsigned char)*body;
	return tag;
}

static void answer_document(struct visit *v, const char *body)
{
	char head[256], tag[40];
	snprintf(tag, sizeof tag, "\"%lx\"", tag_of(body));
	if (strstr(v->in, tag)) {
		v->site->unchanged++;
		snprintf(head, sizeof head,
			 "HTTP/1.1 304 Not Modified\r\nETag: %s\r\nConnection: close\r\n\r\n",
			 tag);
		body = "";
	} else {
		snprintf(head, sizeof head,
			 "HTTP/1.1 200 OK\r\nETag: %s\r\nContent-Length: %zu\r\nConnection: "
			 "close\r\n\r\n",
			 tag, strlen(body));
	}
	say(v, head, strlen(head));
	say(v, body, strlen(body));
}

static void answer(struct visit *v)
{
	static const char nothing[] =
		"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnone";
	struct web_site *s = v->site;
	s->asked++;
	memcpy(s->last, v->in, sizeof s->last);
	for (size_t i = 0; i < SITE_PATHS; i++) {
		size_t n = s->paths[i].path ? strlen(s->paths[i].path) : 0;
		if (!n || strncmp(v->in + 4, s->paths[i].path, n) != 0 || v->in[4 + n] != ' ')
			continue;
		const char *raw = s->paths[i].raw;
		if (raw && !*raw)
			return; /* and the visitor waits */
		if (raw)
			say(v, raw, strlen(raw));
		else
			answer_document(v, s->paths[i].body);
		end_visit(v);
		return;
	}
	say(v, nothing, sizeof nothing - 1);
	end_visit(v);
}

static void on_visit(int fd, uint32_t events, void *arg)
{
	struct visit *v = arg;
	(void)events;
	ssize_t n = read(fd, v->in + v->len, sizeof v->in - 1 - v->len);
	if (n <= 0) {
		end_visit(v);
		return;
	}
	v->len += (size_t)n;
	v->in[v->len] = '\0';
	if (strstr(v->in, "\r\n\r\n"))
		answer(v);
}

static void on_knock(int fd, uint32_t events, void *arg)
{
	struct visit *v = calloc(1, sizeof *v);
	(void)events;
	ck_assert_ptr_nonnull(v);
	v->site = arg;
	v->fd = accept(fd, NULL, NULL);
	ck_assert_int_ge(v->fd, 0);
	v->watch = loop_fd_add(v->site->loop, v->fd, EPOLLIN, on_visit, v);
	ck_assert_ptr_nonnull(v->watch);
}

static void listen_at(struct web_site *s, in_port_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = port,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	int one = 1;
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	ck_assert_int_eq(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(s->fd, 64), 0);
	ck_assert_int_eq(getsockname(s->fd, (struct sockaddr *)&at, &size), 0);
	snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", ntohs(at.sin_port));
	s->listen = loop_fd_add(s->loop, s->fd, EPOLLIN, on_knock, s);
	ck_assert_ptr_nonnull(s->listen);
}

void web_site_open(struct web_site *s, struct loop *loop)
{
	setenv("no_proxy", "127.0.0.1", 1);
	*s = (struct web_site){.loop = loop};
	listen_at(s, 0);
}

void web_site_leave(struct web_site *s)
{
	s->listen = loop_fd_remove(s->listen);
	close(s->fd);
	s->fd = -1;
}

void web_site_return(struct web_site *s)
{
	listen_at(s, htons((in_port_t)atoi(strrchr(s->url, ':') + 1)));
}

void web_site_close(struct web_site *s)
{
	if (s->fd >= 0)
		web_site_leave(s);
	for (size_t i = 0; i < SITE_PATHS; i++)
		free(s->paths[i].body);
}

static void put(struct web_site *s, const char *path, char *body, const char *raw)
{
	size_t i = 0;
	while (i < SITE_PATHS && s->paths[i].path && strcmp(s->paths[i].path, path) != 0)
		i++;
	ck_assert_uint_lt(i, SITE_PATHS);
	free(s->paths[i].body);
	s->paths[i].path = path;
	s->paths[i].body = body;
	s->paths[i].raw = raw;
}

void web_site_set(struct web_site *s, const char *path, const char *body)
{
	put(s, path, strdup(body), NULL);
}

void web_site_answer(struct web_site *s, const char *path, const char *raw)
{
	put(s, path, NULL, raw);
}
