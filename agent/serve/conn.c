/*
 * A connection.  In its turn it does what can be done with what is there, reads, and does that again,
 * until nothing more is to be had; then it sends what came of it.  So a client that sends many
 * requests at once gets its answers together.  After some reads others come first.
 */
#include "agent/serve/inside.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define READS_A_TURN 16
#define LINGER_NS    (2 * NS_PER_S)

/* ---- life ---- */

static void count(struct conn *c, bool active)
{
	if (c->counted == active)
		return;
	c->counted = active;
	if (active)
		atomic_fetch_add(&c->reactor->active, 1);
	else
		atomic_fetch_sub(&c->reactor->active, 1);
}

static void leave_turns(struct conn *c)
{
	if (c->queued)
		TAILQ_REMOVE(&c->reactor->turns, c, turn);
	c->queued = false;
}

static void set_due(struct conn *c, int64_t due)
{
	c->due = due;
	if (due < c->reactor->look_at)
		c->reactor->look_at = due;
}

void conn_open(struct reactor *r, int fd, bool local)
{
	struct conn *c = calloc(1, sizeof *c);
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = c};
	if (!c || epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event)) {
		atomic_fetch_sub(local ? &r->serve->local : &r->serve->tcp, 1);
		atomic_fetch_sub(&r->fresh, 1);
		close(fd);
		free(c);
		return;
	}
	c->reactor = r;
	c->fd = fd;
	c->local = local;
	c->touched = r->now;
	set_due(c, r->now + r->serve->options.idle_ns);
	LIST_INSERT_HEAD(&r->conns, c, link);
}

static void end_fresh(struct conn *c)
{
	if (!c->asked)
		atomic_fetch_sub(&c->reactor->fresh, 1);
	c->asked = true;
}

/* Never neither of the two, for whoever waits for the end of both. */
void conn_asks(struct conn *c)
{
	count(c, true);
	end_fresh(c);
}

bool conn_is_idle(const struct conn *c)
{
	return c->asked && !c->x && !in_len(c) && !out_waiting(c) && !c->hang_up && !c->queued;
}

void conn_close(struct conn *c)
{
	struct reactor *r = c->reactor;
	c->broken = true;
	end_fresh(c);
	if (c->x)
		flow_release(c);
	leave_turns(c);
	in_free(c);
	out_flush(c);
	count(c, false);
	close(c->fd);
	c->fd = -1;
	atomic_fetch_sub(c->local ? &r->serve->local : &r->serve->tcp, 1);
	LIST_REMOVE(c, link);
	LIST_INSERT_HEAD(&r->dead, c, link); /* there may be an event for it still */
}

/* ---- when something must have happened ---- */

/* Of nothing but empty lines nobody waits for the rest. */
static bool has_begun(const struct conn *c)
{
	return head_skip(in_base(c), in_len(c)) < in_len(c);
}

static int64_t due(const struct conn *c)
{
	const struct serve_options *o = &c->reactor->serve->options;
	const struct exchange *x = c->x;
	if (out_waiting(c))
		return c->sent + o->idle_ns;
	if (c->lingering)
		return c->begun + LINGER_NS;
	if (!x)
		return in_len(c) ? c->begun + o->head_ns : c->touched + o->idle_ns;
	if (!flow_wants_input(c))
		return NEVER;
	if (x->pieces)
		return (x->tells ? x->moved : c->touched) + o->pause_ns;
	return c->begun + o->idle_ns + (int64_t)(x->received * NS_PER_S / o->least_rate);
}

/* The client is gone, or may as well be. */
static void end_broken(struct conn *c)
{
	struct exchange *x = c->x;
	if (!x || !x->parked) {
		conn_close(c);
		return;
	}
	c->due = NEVER;
	out_flush(c);
	if (!x->gone_told && c->reactor->serve->handler.gone)
		c->reactor->serve->handler.gone(x);
	x->gone_told = true;
}

void conn_late(struct conn *c)
{
	int64_t at = due(c);
	if (at > c->reactor->now) {
		set_due(c, at);
		return;
	}
	if (out_waiting(c) || c->lingering || (!c->x && !has_begun(c))) {
		c->broken = true;
		end_broken(c);
		return;
	}
	flow_refuse_late(c);
	conn_turn(c);
}

/* ---- its turn ---- */

static void work(struct conn *c)
{
	unsigned reads = 0;
	for (;;) {
		while (!c->broken && flow_step(c))
			;
		if (c->broken || !c->readable || !flow_wants_input(c))
			return;
		if (++reads > READS_A_TURN) {
			TAILQ_INSERT_TAIL(&c->reactor->turns, c, turn);
			c->queued = true;
			return;
		}
		if (!in_read(c))
			return;
	}
}

/* True when a stream that waited for room was told that there is some. */
static bool tell_room(struct conn *c)
{
	struct exchange *x = c->x;
	if (!c->full || c->broken || out_waiting(c) > OUT_LOW)
		return false;
	c->full = false;
	if (!x || x->part != ANSWER_STREAM || x->parked || !c->reactor->serve->handler.room)
		return false;
	c->reactor->serve->handler.room(x);
	return true;
}

/* So much waited, and has gone now: is there something that it held up? */
static bool may_go_on(const struct conn *c, size_t waited)
{
	return (waited > OUT_HIGH && out_waiting(c) <= OUT_HIGH) ||
	       (waited && c->hang_up && !out_waiting(c));
}

void conn_turn(struct conn *c)
{
	bool go_on = true;
	leave_turns(c);
	if (out_waiting(c))
		out_flush(c);
	tell_room(c);
	while (go_on) {
		work(c);
		size_t waited = out_waiting(c);
		out_flush(c);
		go_on = tell_room(c) || may_go_on(c, waited);
		if (c->broken || c->queued)
			break;
	}
	if (c->ended && flow_wants_input(c) && !out_waiting(c))
		c->broken = true; /* what it waits for will not come */
	if (c->broken) {
		end_broken(c);
		return;
	}
	in_settle(c);
	count(c, (c->x && c->x->begun) || out_waiting(c));
	set_due(c, due(c));
}

void conn_woken(struct conn *c)
{
	struct exchange *x = c->x;
	if (c->broken) {
		conn_close(c);
		return;
	}
	if (x->part != ANSWER_OVER && c->reactor->serve->handler.woken)
		c->reactor->serve->handler.woken(x);
	conn_turn(c);
}

void conn_hung_up(struct conn *c)
{
	struct exchange *x = c->x;
	c->readable = true;
	if (x && (x->parked || x->read || x->paused)) {
		c->broken = true;
		end_broken(c);
	} else {
		conn_turn(c);
	}
}
