#include "tests/sim/wires.h"

#include "agent/etcd/pool.h"
#include "agent/etcd/post.h"
#include "tests/sim/gateway.h"
#include "tests/sim/nodes.h"
#include "tests/sim/streams.h"
#include "tests/sim/trace.h"

#include <stdlib.h>
#include <string.h>

#define USUAL_LEAST (100000)
#define USUAL_MOST  (3 * SIM_MS)
#define GIVE_UP     (25 * SIM_SECOND) /* of the kernel, when nothing comes back */
#define PIECES_MOST 3

struct piece {
	int64_t due;
	long status;
	bool end;
	enum wire_end how;
	char *bytes;
	size_t len;
	STAILQ_ENTRY(piece) link;
};

struct wire {
	struct etcd_post *post; /* NULL: the client has gone */
	struct node *node;
	struct member *member;
	unsigned node_index;
	char *path, *body;
	int64_t deadline, waits_for;
	bool arrived, ended, waiting;
	struct stream *stream;
	struct loop_timer *arrive, *deliver;
	int64_t last_due;
	STAILQ_HEAD(, piece) pieces;
	LIST_ENTRY(wire) link;
};

struct etcd_post {
	struct etcd *e;
	struct wire *wire;
	struct node *node;
	struct etcd_lines in;
	etcd_post_lines_fn *on_lines;
	etcd_post_end_fn *on_end;
	void *arg;
	bool connected;
	long status;
	struct loop_timer *first, *whole, *connect;
};

static struct {
	int64_t blocked[NODES_MOST][MEMBERS_MOST]; /* since when; 0: it is not */
	int64_t slow_ns;
} ways;

static bool is_blocked(const struct wire *w)
{
	return ways.blocked[w->node_index][w->member->index];
}

static int64_t latency(void)
{
	return chance_span(&sim.network, USUAL_LEAST, ways.slow_ns ? ways.slow_ns : USUAL_MOST);
}

/* ---- the wire's life: until both ends have done with it ---- */

static void drop_pieces(struct wire *w)
{
	struct piece *p;
	while ((p = STAILQ_FIRST(&w->pieces))) {
		STAILQ_REMOVE_HEAD(&w->pieces, link);
		free(p);
	}
}

static void wire_free(struct wire *w)
{
	LIST_REMOVE(w, link);
	if (w->stream)
		stream_free(w->stream);
	drop_pieces(w);
	loop_timer_free(w->arrive);
	loop_timer_free(w->deliver);
	free(w->path);
	free(w->body);
	free(w);
}

/* ---- the client's end ---- */

static void release(struct etcd_post *p)
{
	loop_timer_free(p->first);
	loop_timer_free(p->whole);
	loop_timer_free(p->connect);
	etcd_lines_fini(&p->in);
	free(p);
}

/* A request that has left may arrive all the same. */
static void let_go(struct wire *w)
{
	w->post = NULL;
	drop_pieces(w);
	if (w->waiting || (!w->arrived && w->member->frozen) ||
	    (!w->arrived && chance_in(&sim.network, 2)))
		return;
	wire_free(w);
}

static void finish(struct etcd_post *p, int code, const char *text)
{
	const struct etcd_ending end = {.code = code,
					.status = p->status,
					.unsent = code && !p->connected,
					.text = text};
	struct wire *w = p->wire;
	p->wire = NULL;
	if (w)
		let_go(w);
	p->on_end(&end, p->arg);
	release(p);
}

static void on_late(void *arg)
{
	struct etcd_post *p = arg;
	finish(p, FLUME_TIMED_OUT,
	       p->connected ? "no answer in time" : "no connection in time");
}

struct etcd_lines *etcd_post_lines(struct etcd_post *p)
{
	return &p->in;
}

struct etcd_post *etcd_post_cancel(struct etcd_post *p)
{
	if (!p)
		return NULL;
	if (p->wire)
		let_go(p->wire);
	release(p);
	return NULL;
}

static void arm(struct loop_timer **timer, struct etcd_post *p, int64_t in_ns)
{
	*timer = loop_timer_new(p->e->loop, on_late, p);
	if (!*timer)
		abort();
	loop_timer_arm(*timer, in_ns);
}

static void arrive(void *arg);
static void deliver(void *arg);

struct etcd_post *etcd_post_new(struct etcd *e, const struct etcd_post_options *o)
{
	struct etcd_post *p = calloc(1, sizeof *p);
	struct wire *w = calloc(1, sizeof *w);
	if (!p || !w)
		abort();
	*p = (struct etcd_post){.e = e,
				.wire = w,
				.node = sim.node,
				.on_lines = o->on_lines,
				.on_end = o->on_end,
				.arg = o->arg};
	if (o->first_ms)
		arm(&p->first, p, o->first_ms * SIM_MS);
	if (o->timeout_ms)
		arm(&p->whole, p, o->timeout_ms * SIM_MS);
	arm(&p->connect, p, e->options.connect_ms * SIM_MS);

	const char *endpoint = etcd_endpoint(e, o->endpoint);
	*w = (struct wire){
		.post = p,
		.node = sim.node,
		.node_index = node_index(sim.node),
		.member = cluster_member((unsigned)(endpoint[strlen(endpoint) - 1] - '0')),
		.path = strdup(o->path),
		.body = strdup(o->body),
		.deadline = o->timeout_ms ? o->timeout_ms / 4 * 3 * SIM_MS : 0};
	STAILQ_INIT(&w->pieces);
	w->arrive = sim_timer(arrive, w);
	w->deliver = sim_timer(deliver, w);
	LIST_INSERT_HEAD(&w->member->wires, w, link);
	loop_timer_arm(w->arrive, latency());
	return p;
}

/* ---- of tokens and of connections that are shared there is nothing here ---- */

unsigned etcd_post_token(const struct etcd_post *p)
{
	(void)p;
	return 0;
}

bool etcd_post_waits(const struct etcd_post *p)
{
	(void)p;
	return false;
}

void etcd_post_distrust(struct etcd_post *p)
{
	(void)p;
}

void etcd_posts_go(struct etcd *e)
{
	(void)e;
}

void etcd_posts_stop(struct etcd *e, const struct flume_err *err)
{
	(void)e, (void)err;
}

void etcd_pool_fini(struct etcd *e)
{
	(void)e;
}

/* ---- the member's end ---- */

/* Of a connection that the member never heard of nothing is left but the client's patience. */
static void arrive(void *arg)
{
	struct wire *w = arg;
	if (w->waiting) {
		w->waiting = w->member->frozen;
		if (!w->waiting)
			gateway_answer(w);
		return;
	}
	if (is_blocked(w)) {
		if (w->post)
			loop_timer_arm(w->arrive, SIM_SECOND);
		else
			wire_free(w);
		return;
	}
	if (w->post && !w->member->up) {
		w->arrived = true;
		wire_end(w, WIRE_REFUSED);
		return;
	}
	if (w->post) {
		w->post->connected = true;
		loop_timer_disarm(w->post->connect);
	}
	if (w->member->frozen)
		return;
	w->arrived = true;
	if (w->deadline)
		w->deadline += sim.now;
	if (w->member->up)
		gateway_answer(w);
	else
		wire_free(w);
}

void wires_thaw(struct member *m)
{
	struct wire *w;
	LIST_FOREACH(w, &m->wires, link)
	if (!w->arrived || w->waiting)
		loop_timer_arm(w->arrive, latency());
	streams_pump(m);
}

struct member *wire_member(const struct wire *w)
{
	return w->member;
}

struct node *wire_node(const struct wire *w)
{
	return w->node;
}

const char *wire_path(const struct wire *w)
{
	return w->path;
}

const char *wire_body(const struct wire *w)
{
	return w->body;
}

int64_t wire_deadline(const struct wire *w)
{
	return w->deadline;
}

void wire_set_stream(struct wire *w, struct stream *stream)
{
	w->stream = stream;
}

/* The timer that brought the request is free for the deadline. */
void wire_wait(struct wire *w, int64_t at_revision)
{
	w->waiting = true;
	w->waits_for = at_revision;
	loop_timer_arm(w->arrive, w->deadline ? w->deadline - sim.now : 7 * SIM_SECOND);
}

int64_t wire_waits_for(const struct wire *w)
{
	return w->waits_for;
}

void wires_look(struct member *m)
{
	struct wire *w;
	LIST_FOREACH(w, &m->wires, link)
	if (w->waiting && m->applied >= w->waits_for)
		loop_timer_arm(w->arrive, 0);
}

/* ---- what the member says ---- */

static void add_piece(struct wire *w, struct piece piece, const char *bytes, size_t len)
{
	struct piece *p = malloc(sizeof *p + len + 1);
	if (!p)
		abort();
	*p = piece;
	p->bytes = (char *)(p + 1);
	p->len = len;
	if (len)
		memcpy(p->bytes, bytes, len);
	p->due = sim.now + latency();
	if (p->due < w->last_due)
		p->due = w->last_due;
	w->last_due = p->due;
	bool first = STAILQ_EMPTY(&w->pieces);
	STAILQ_INSERT_TAIL(&w->pieces, p, link);
	if (first)
		loop_timer_arm(w->deliver, p->due - sim.now);
}

void wire_send(struct wire *w, long status, const char *bytes, size_t len)
{
	if (!w->post || w->ended)
		return;
	for (unsigned i = 1; i < PIECES_MOST && len > 1 && chance_in(&sim.network, 4); i++) {
		size_t n = 1 + (size_t)chance_below(&sim.network, len - 1);
		add_piece(w, (struct piece){.status = status}, bytes, n);
		bytes += n;
		len -= n;
	}
	add_piece(w, (struct piece){.status = status}, bytes, len);
}

void wire_end(struct wire *w, enum wire_end how)
{
	if (w->ended)
		return;
	w->ended = true;
	w->waiting = false;
	loop_timer_disarm(w->arrive);
	if (w->post)
		add_piece(w, (struct piece){.end = true, .how = how}, NULL, 0);
	else
		wire_free(w);
}

static void hear_end(struct etcd_post *p, enum wire_end how)
{
	if (how == WIRE_REFUSED)
		p->connected = false;
	finish(p, how == WIRE_ENDS ? 0 : FLUME_IO,
	       how == WIRE_ENDS      ? "the connection was closed"
	       : how == WIRE_REFUSED ? "Connection refused"
				     : "transfer closed with outstanding read data remaining");
}

static void hear(struct etcd_post *p, const struct piece *piece)
{
	if (p->first)
		loop_timer_disarm(p->first);
	p->status = piece->status;
	if (etcd_lines_feed(&p->in, piece->bytes, piece->len, p->e->options.reply_max))
		finish(p, FLUME_LIMITED, "the reply is too big");
	else if (p->on_lines && piece->status == 200)
		p->on_lines(p->arg);
}

/* What is heard may end the wire, so the next piece is seen to before. */
static void deliver(void *arg)
{
	struct wire *w = arg;
	struct piece *piece = STAILQ_FIRST(&w->pieces);
	if (!piece || !w->post)
		return;
	if (is_blocked(w)) {
		loop_timer_arm(w->deliver, SIM_SECOND);
		return;
	}
	STAILQ_REMOVE_HEAD(&w->pieces, link);
	if (!STAILQ_EMPTY(&w->pieces))
		loop_timer_arm(w->deliver, STAILQ_FIRST(&w->pieces)->due - sim.now);
	struct node *before = sim_enter(w->node);
	if (piece->end)
		hear_end(w->post, piece->how);
	else
		hear(w->post, piece);
	sim_leave(before);
	free(piece);
}

/* ---- harm ---- */

/* Some of what is on its way is lost, from somewhere on. */
static void lose_some(struct wire *w)
{
	struct piece *p, *next;
	bool lost = false;
	for (p = STAILQ_FIRST(&w->pieces); p; p = next) {
		next = STAILQ_NEXT(p, link);
		lost = lost || chance_in(&sim.network, 2);
		if (lost) {
			STAILQ_REMOVE(&w->pieces, p, piece, link);
			free(p);
		}
	}
	if (STAILQ_EMPTY(&w->pieces))
		w->last_due = 0;
	w->ended = false;
}

static void cut(struct wire *w)
{
	if (w->ended && chance_in(&sim.network, 2))
		return;
	if (w->stream)
		stream_free(w->stream);
	w->stream = NULL;
	if (w->post)
		lose_some(w);
	if (w->post && !w->arrived && !w->post->connected)
		return; /* on its way: whoever is there then answers */
	w->arrived = true;
	wire_end(w, WIRE_BREAKS);
}

void wires_cut(struct member *m, const struct node *node)
{
	struct wire *w, *next;
	for (w = LIST_FIRST(&m->wires); w; w = next) {
		next = LIST_NEXT(w, link);
		if (!node || w->node == node)
			cut(w);
	}
}

static void give_up(void *arg)
{
	unsigned way = (unsigned)(uintptr_t)arg;
	unsigned node = way / MEMBERS_MOST, member = way % MEMBERS_MOST;
	struct member *m = cluster_member(member);
	int64_t since = ways.blocked[node][member];
	struct wire *w, *next;
	if (!since || sim.now - since < GIVE_UP)
		return;
	for (w = LIST_FIRST(&m->wires); w; w = next) {
		next = LIST_NEXT(w, link);
		if (w->node_index != node || !w->post || !w->post->connected)
			continue;
		struct node *before = sim_enter(w->node);
		finish(w->post, FLUME_IO, "Connection timed out");
		sim_leave(before);
		next = LIST_FIRST(&m->wires); /* others may have gone with it */
	}
}

void wires_block(unsigned node, unsigned member, bool blocked)
{
	int64_t *since = &ways.blocked[node][member % cluster.n];
	if (blocked == (*since != 0))
		return;
	trace("the way from n%u to etcd %u is %s", node, member % cluster.n,
	      blocked ? "blocked" : "open");
	*since = blocked ? sim.now : 0;
	if (blocked)
		sim_after(GIVE_UP, give_up,
			  (void *)(uintptr_t)(node * MEMBERS_MOST + member % cluster.n));
}

bool wires_is_blocked(unsigned node, unsigned member)
{
	return ways.blocked[node][member];
}

bool wires_are_slow(void)
{
	return ways.slow_ns;
}

bool wires_blocked(void)
{
	bool any = ways.slow_ns;
	for (unsigned i = 0; i < NODES_MOST; i++)
		for (unsigned k = 0; k < cluster.n; k++)
			any = any || ways.blocked[i][k];
	return any;
}

void wires_slow(int64_t most_ns)
{
	if (ways.slow_ns == most_ns)
		return;
	trace("the network is %s", most_ns ? "slow" : "as usual");
	ways.slow_ns = most_ns;
}

void wires_close(void)
{
	for (unsigned i = 0; i < cluster.n; i++)
		while (!LIST_EMPTY(&cluster.members[i].wires))
			wire_free(LIST_FIRST(&cluster.members[i].wires));
	memset(&ways, 0, sizeof ways);
}
