#include "tests/unit/etcd_gateway.h"

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
	struct gateway *g;
	struct loop_fd *watch;
	struct loop_timer *drip;
	int fd;
	size_t number; /* of the request */
	char in[4096], out[4096];
	size_t in_len, out_len, out_at;
};

static void end_visit(struct visit *v)
{
	v->watch = loop_fd_remove(v->watch);
	v->drip = loop_timer_free(v->drip);
	close(v->fd);
	free(v);
}

static void say(void *arg)
{
	struct visit *v = arg;
	const struct gateway_answer *a = &v->g->answers[v->number];
	size_t n = a->drips ? 1 : v->out_len - v->out_at;
	ck_assert_int_eq(send(v->fd, v->out + v->out_at, n, MSG_NOSIGNAL), (ssize_t)n);
	v->out_at += n;
	if (v->out_at < v->out_len)
		loop_timer_arm(v->drip, 0);
	else if (!a->stays_open && !a->keeps_alive)
		end_visit(v);
}

static void answer(struct visit *v)
{
	const struct gateway_answer *a = &v->g->answers[v->number];
	if (!a->status && a->body) {
		end_visit(v);
		return;
	}
	if (!a->body)
		return;
	char length[64] = "Connection: close";
	if (a->keeps_alive)
		snprintf(length, sizeof length, "Content-Length: %zu", strlen(a->body));
	int n = snprintf(v->out, sizeof v->out, "HTTP/1.1 %d Whatever\r\n%s\r\n\r\n%s",
			 a->status, length, a->body);
	ck_assert_int_lt(n, sizeof v->out);
	v->out_len = (size_t)n;
	v->out_at = 0;
	say(v);
}

/* The whole request: writes it down and answers. */
static void listen_to(struct visit *v)
{
	struct gateway *g = v->g;
	char *end = strstr(v->in, "\r\n\r\n"), *length = strcasestr(v->in, "content-length:");
	if (!end || !length)
		return;
	char *body = end + 4;
	size_t wanted = strtoul(length + strlen("content-length:"), NULL, 10);
	if (v->in_len - (size_t)(body - v->in) < wanted)
		return;
	ck_assert_uint_lt(g->n, GATEWAY_MOST);
	v->number = g->n++;
	snprintf(g->asked[v->number].head, sizeof g->asked->head, "%.*s",
		 (int)(end + 2 - v->in), v->in);
	snprintf(g->asked[v->number].body, sizeof g->asked->body, "%s", body);
	v->in_len = 0;
	answer(v);
}

static void on_bytes(int fd, uint32_t events, void *arg)
{
	struct visit *v = arg;
	ssize_t n = recv(fd, v->in + v->in_len, sizeof v->in - 1 - v->in_len, 0);
	(void)events;
	if (n <= 0) {
		v->g->asked[v->number].closed = true;
		end_visit(v);
		return;
	}
	v->in_len += (size_t)n;
	v->in[v->in_len] = '\0';
	listen_to(v);
}

static void on_visit(int fd, uint32_t events, void *arg)
{
	struct visit *v = calloc(1, sizeof *v);
	(void)events;
	ck_assert_ptr_nonnull(v);
	v->g = arg;
	v->g->visits++;
	v->number = GATEWAY_MOST - 1;
	v->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(v->fd, 0);
	v->drip = loop_timer_new(v->g->loop, say, v);
	v->watch = loop_fd_add(v->g->loop, v->fd, EPOLLIN, on_bytes, v);
}

void gateway_open(struct gateway *g, struct loop *loop)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	*g = (struct gateway){.loop = loop};
	g->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(g->fd, 0);
	ck_assert_int_eq(bind(g->fd, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(listen(g->fd, 16), 0);
	ck_assert_int_eq(getsockname(g->fd, (struct sockaddr *)&a, &len), 0);
	snprintf(g->url, sizeof g->url, "http://127.0.0.1:%d", ntohs(a.sin_port));
	g->listen = loop_fd_add(loop, g->fd, EPOLLIN, on_visit, g);
}

void gateway_close(struct gateway *g)
{
	g->listen = loop_fd_remove(g->listen);
	close(g->fd);
}

struct gateway_answer *gateway_will_answer(struct gateway *g, int status, const char *body)
{
	size_t i = 0;
	while (g->answers[i].body)
		i++;
	ck_assert_uint_lt(i, GATEWAY_MOST);
	g->answers[i] = (struct gateway_answer){.status = status, .body = body};
	return &g->answers[i];
}

void gateway_was_asked(const struct gateway *g, size_t i, const char *path, const char *body)
{
	char line[64];
	ck_assert_uint_lt(i, g->n);
	snprintf(line, sizeof line, "POST %s HTTP/1.1\r\n", path);
	ck_assert_msg(!strncmp(g->asked[i].head, line, strlen(line)), "%s", g->asked[i].head);
	ck_assert_str_eq(g->asked[i].body, body);
}

void gateway_was_told(const struct gateway *g, size_t i, const char *header)
{
	char line[80];
	snprintf(line, sizeof line, "\r\n%s\r\n", header);
	ck_assert_msg(strstr(g->asked[i].head, line) != NULL, "no '%s' in:\n%s", header,
		      g->asked[i].head);
}
