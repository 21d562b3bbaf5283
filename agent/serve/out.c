/*
 * What a connection sends in its turn is gathered in its reactor's buffer, also for many requests
 * that came together, and goes out at once.  Only what the system does not take is kept with the
 * connection, and sent when there is room.
 */
#include "agent/serve/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#define GATHER ((size_t)64 << 10)  /* so much goes out before the end of the turn */
#define LONG   ((size_t)16 << 10)  /* a body that is not copied */
#define KEEP   ((size_t)256 << 10) /* a larger buffer is given back */

static bool grow(struct bytes *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 4096;
	while (cap - b->len < n)
		cap *= 2;
	char *grown = realloc(b->s, cap);
	if (!grown)
		return false;
	b->s = grown;
	b->cap = cap;
	return true;
}

static bool has_room(struct bytes *b, size_t n)
{
	return b->cap - b->len >= n || grow(b, n);
}

bool bytes_add(struct bytes *b, const char *s, size_t n)
{
	if (!n)
		return true;
	if (!has_room(b, n))
		return false;
	memcpy(b->s + b->len, s, n);
	b->len += n;
	return true;
}

static void bytes_free(struct bytes *b)
{
	free(b->s);
	*b = (struct bytes){0};
}

size_t out_waiting(const struct conn *c)
{
	return c->out.len - c->out_at;
}

/* ---- sending ---- */

static void watch(struct conn *c, bool writable)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET |
					      (writable ? EPOLLOUT : 0U),
				    .data.ptr = c};
	if (c->watched == writable)
		return;
	c->watched = writable;
	if (epoll_ctl(c->reactor->epoll, EPOLL_CTL_MOD, c->fd, &event))
		c->broken = true;
}

/* One part goes by a call that has less to look at. */
static size_t put(struct conn *c, struct iovec *parts, size_t n)
{
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = n};
	ssize_t sent;
	do
		sent = n == 1 ? send(c->fd, parts->iov_base, parts->iov_len, MSG_NOSIGNAL)
			      : sendmsg(c->fd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno != EAGAIN)
		c->broken = true;
	return sent > 0 ? (size_t)sent : 0;
}

static void keep(struct conn *c, const char *s, size_t n)
{
	if (!out_waiting(c))
		c->sent = c->reactor->now;
	if (!bytes_add(&c->out, s, n))
		c->broken = true;
}

/* What is left of a part, when the first `sent` bytes of it and those behind are out. */
static void keep_rest(struct conn *c, const struct iovec *part, size_t *sent)
{
	size_t out = *sent < part->iov_len ? *sent : part->iov_len;
	*sent -= out;
	if (!c->broken && out < part->iov_len)
		keep(c, (const char *)part->iov_base + out, part->iov_len - out);
}

/* Nothing waits; sends what was gathered, and `body`, if there is one, and `tail` behind it. */
static void send_with(struct conn *c, const char *body, size_t len, const char *tail)
{
	struct bytes *gathered = &c->reactor->out;
	struct iovec parts[] = {
		{.iov_base = gathered->s, .iov_len = gathered->len},
		{.iov_base = (void *)(uintptr_t)body, .iov_len = len},
		{.iov_base = (void *)(uintptr_t)tail, .iov_len = strlen(tail)},
	};
	size_t n = len ? sizeof parts / sizeof *parts : 1;
	size_t sent = c->broken ? 0 : put(c, parts, n);
	for (size_t i = 0; i < n; i++)
		keep_rest(c, &parts[i], &sent);
	if (!c->broken)
		watch(c, out_waiting(c));
	gathered->len = 0;
	if (gathered->cap > KEEP)
		bytes_free(gathered);
}

static void send_waiting(struct conn *c)
{
	struct iovec part = {.iov_base = c->out.s + c->out_at, .iov_len = out_waiting(c)};
	size_t sent = put(c, &part, 1);
	c->out_at += sent;
	if (sent)
		c->sent = c->reactor->now;
	if (!out_waiting(c)) {
		bytes_free(&c->out);
		c->out_at = 0;
	} else if (c->out_at > c->out.len / 2) {
		memmove(c->out.s, c->out.s + c->out_at, out_waiting(c));
		c->out.len = out_waiting(c);
		c->out_at = 0;
	}
	if (!c->broken)
		watch(c, out_waiting(c));
}

void out_flush(struct conn *c)
{
	if (c->broken) {
		c->reactor->out.len = 0;
		bytes_free(&c->out);
		c->out_at = 0;
		return;
	}
	if (out_waiting(c))
		send_waiting(c);
	if (c->reactor->out.len)
		send_with(c, NULL, 0, "");
}

/* ---- adding ---- */

/* Behind what waits, if something does. */
static struct bytes *last_of(struct conn *c)
{
	return out_waiting(c) ? &c->out : &c->reactor->out;
}

char *out_room(struct conn *c, size_t n)
{
	struct bytes *b = last_of(c);
	if (c->broken)
		return NULL;
	if (has_room(b, n))
		return b->s + b->len;
	c->broken = true;
	return NULL;
}

void out_took(struct conn *c, size_t n)
{
	last_of(c)->len += n;
	if (c->reactor->out.len >= GATHER)
		send_with(c, NULL, 0, "");
}

void out_add(struct conn *c, const char *s, size_t n)
{
	char *at = n ? out_room(c, n) : NULL; /* `s` may be NULL: there were no trailers */
	if (!at)
		return;
	memcpy(at, s, n);
	out_took(c, n);
}

void out_body(struct conn *c, const char *s, size_t n, const char *tail)
{
	if (n < LONG || out_waiting(c) || c->broken) {
		out_add(c, s, n);
		out_text(c, tail);
	} else {
		send_with(c, s, n, tail);
	}
}

void out_text(struct conn *c, const char *s)
{
	out_add(c, s, strlen(s));
}

static void add_digits(struct conn *c, uint64_t n, unsigned base)
{
	char digits[24], *at = digits + sizeof digits;
	do
		*--at = "0123456789abcdef"[n % base];
	while (n /= base);
	out_add(c, at, (size_t)(digits + sizeof digits - at));
}

void out_number(struct conn *c, uint64_t n)
{
	add_digits(c, n, 10);
}

void out_hex(struct conn *c, uint64_t n)
{
	add_digits(c, n, 16);
}
