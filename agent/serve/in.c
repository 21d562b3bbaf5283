/*
 * What comes is read into the reactor's buffer, which most requests fit in as they are, one after
 * the other; so a connection that is idle has no buffer.  One gets a buffer of its own when the rest
 * of a request is still to come, and the reactor's own for good when others will work on it, since
 * then nothing may move.
 */
#include "agent/serve/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LEAST     ((size_t)4 << 10) /* room to read into, and of a buffer */
#define AT_A_TIME ((size_t)1 << 20)

static char *new_buffer(struct reactor *r)
{
	return r->spares ? r->spare[--r->spares] : malloc(BUFFER);
}

static void free_buffer(struct reactor *r, char *s, size_t cap)
{
	if (cap == BUFFER && r->spares < sizeof r->spare / sizeof *r->spare)
		r->spare[r->spares++] = s;
	else
		free(s);
}

void in_free(struct conn *c)
{
	if (!c->lent)
		free_buffer(c->reactor, c->in, c->cap);
	c->in = NULL;
	c->at = c->len = c->cap = 0;
	c->lent = false;
}

/* Moves what is there to a buffer of its own with so much room. */
static bool move(struct conn *c, size_t cap)
{
	size_t len = in_len(c);
	char *own = cap == BUFFER ? new_buffer(c->reactor) : malloc(cap);
	if (!own) {
		c->broken = true;
		return false;
	}
	memcpy(own, in_base(c), len);
	in_free(c);
	c->in = own;
	c->len = len;
	c->cap = cap;
	return true;
}

static bool borrow(struct conn *c)
{
	struct reactor *r = c->reactor;
	if (!r->buffer)
		r->buffer = new_buffer(r);
	c->in = r->buffer;
	c->at = c->len = 0;
	c->cap = BUFFER;
	c->lent = c->in;
	c->broken = !c->in;
	return c->in;
}

static bool make_room(struct conn *c)
{
	size_t len = in_len(c), cap = LEAST;
	if (!c->in)
		return borrow(c);
	if (c->cap - c->len >= LEAST)
		return true;
	if (c->at && c->cap - len >= c->cap / 2) {
		memmove(c->in, in_base(c), len);
		c->at = 0;
		c->len = len;
		return true;
	}
	while (cap < 2 * len || cap < len + LEAST)
		cap *= 2;
	return move(c, cap);
}

bool in_read(struct conn *c)
{
	if (!make_room(c))
		return false;
	size_t room = c->cap - c->len;
	if (room > AT_A_TIME)
		room = AT_A_TIME;
	ssize_t n;
	do
		n = recv(c->fd, c->in + c->len, room, 0);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		c->readable = (size_t)n == room || c->leaves; /* less is all there was */
		c->len += (size_t)n;
		c->touched = c->reactor->now;
		return true;
	}
	c->readable = false;
	if (!n)
		c->ended = true;
	else if (errno != EAGAIN)
		c->broken = true;
	return false;
}

void in_settle(struct conn *c)
{
	if (!c->in)
		return;
	size_t len = in_len(c), cap = LEAST;
	if (!len && !c->x) {
		in_free(c);
		return;
	}
	if (!c->lent)
		return;
	/* A body that comes in pieces goes through this one to its end. */
	bool flows = c->x && c->x->pieces && !c->x->read;
	while (cap < 2 * len || (flows && cap < FLOWING))
		cap *= 2;
	move(c, cap);
}

void in_fix(struct conn *c)
{
	if (c->lent)
		c->reactor->buffer = NULL;
	c->lent = false;
}

void in_used(struct conn *c, size_t n)
{
	c->at += n;
	if (c->at == c->len)
		c->at = c->len = 0;
}
