#include "tests/sim/nodes.h"

#include "agent/document/document.h"
#include "agent/engine/engine.h"
#include "agent/etcd/etcd.h"
#include "agent/fleet/status.h"
#include "agent/source/etcd.h"
#include "tests/sim/promises.h"
#include "tests/sim/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX  "/flume/"
#define STATE   "/state"
#define TRAFFIC (250 * SIM_MS)  /* between calls of each schema ... */
#define CALM    (1000 * SIM_MS) /* ... once all faults have ended   */
#define CALLS   3               /* so many at a time                */

struct node {
	unsigned index;
	char name[16];
	struct disk disk;
	int64_t clock_offset;
	enum doom doom;
	bool up, dead;
	struct loop *loop;
	flume_factory *factory;
	struct board *board;
	struct engine *engine;
	struct etcd *etcd;
	struct source *source, *beside;
	struct fleet_status *status;
	struct loop_timer *traffic;
};

static struct node nodes[NODES_MOST];
static struct fleet_options options;
static bool calm;

const struct fleet_options *fleet_options(void)
{
	return &options;
}

struct node *node_at(unsigned i)
{
	return &nodes[i % options.nodes];
}

unsigned node_index(const struct node *n)
{
	return n->index;
}

const char *node_name(const struct node *n)
{
	return n->name;
}

struct disk *node_disk(struct node *n)
{
	return &n->disk;
}

int64_t node_clock_offset(void)
{
	return sim.node ? sim.node->clock_offset : 0;
}

bool node_is_up(const struct node *n)
{
	return n->up;
}

bool node_is_dead(const struct node *n)
{
	return n->dead || n->doom;
}

flume_factory *node_factory(struct node *n)
{
	return n->factory;
}

const struct page *node_take_page(struct node *n)
{
	return n->board ? board_take(n->board) : NULL;
}

void node_release_page(struct node *n, const struct page *page)
{
	board_release(n->board, page);
}

/* ---- its life ---- */

static void on_went_back(void *arg, int64_t revision, int64_t since)
{
	const struct node *n = arg;
	source_etcd_reset(n->beside, revision, since);
	source_etcd_reset(n->source, revision, since);
}

static void on_status(void *arg)
{
	struct node *n = arg;
	promise_status(n);
	fleet_status_changed(n->status);
}

static void open_factory(struct node *n)
{
	static const struct flume_options how = {.type = &document_type};
	if (flume_factory_new(&n->factory, &how, NULL) || drafts_register(n->factory))
		abort();
}

static void open_engine(struct node *n)
{
	const struct engine_options how = {
		.node = n->name,
		.agent_version = "0",
		.source = "etcd",
		.state_dir = STATE,
		.deny_downgrade = options.deny_downgrade,
		.breaker_failures = options.breaker_failures,
		.breaker_window_ns = options.breaker_window_ns,
	};
	n->board = board_new();
	if (!n->board || engine_new(&n->engine, n->loop, n->factory, n->board, &how, NULL))
		abort();
}

/* The two sources of the agent. */
static void open_sources(struct node *n)
{
	const struct source_folder beside[] = {
		{"bad/", engine_side_sink(n->engine, ENGINE_CLEARS)},
		{"canaries/", engine_side_sink(n->engine, ENGINE_CASES)},
		{"confirm/", engine_side_sink(n->engine, ENGINE_CONFIRMS)},
		{"freeze", engine_side_sink(n->engine, ENGINE_FREEZE)},
	};
	const struct source_folder main[] = {
		{"pins/", engine_side_sink(n->engine, ENGINE_PINS)},
		{"schemas/", engine_sink(n->engine)},
	};
	if (source_etcd_new(&n->beside, n->loop, n->etcd, PREFIX, beside,
			    sizeof beside / sizeof *beside, options.poll_ns, NULL) ||
	    source_etcd_new(&n->source, n->loop, n->etcd, PREFIX, main,
			    sizeof main / sizeof *main, options.poll_ns, NULL))
		abort();
}

static void open_store(struct node *n)
{
	char endpoints[80];
	int at = 0;
	for (unsigned i = 0; i < options.members; i++)
		at += snprintf(endpoints + at, sizeof endpoints - (size_t)at,
			       "%shttp://etcd:238%u", i ? "," : "", i);
	n->etcd = etcd_new(n->loop, &(struct etcd_options){.endpoints = endpoints}, NULL);
	if (!n->etcd)
		abort();
	open_sources(n);
	const struct fleet_status_options how = {
		.prefix = PREFIX, .node = n->name, .went_back = on_went_back, .arg = n};
	if (fleet_status_new(&n->status, n->loop, n->etcd, n->board, &how, NULL))
		abort();
	engine_on_status(n->engine, on_status, n);
}

void node_start(struct node *n)
{
	if (n->up)
		return;
	struct node *before = sim_enter(n);
	n->up = true;
	n->dead = false;
	n->doom = DOOM_NONE;
	trace("starts");
	promise_boots(n);
	n->loop = loop_new();
	open_factory(n);
	open_engine(n);
	size_t running = engine_boot(n->engine);
	trace("runs %zu from disk", running);
	open_store(n);
	promise_booted(n);
	loop_timer_arm(n->traffic, chance_span(&sim.faults, 1, TRAFFIC));
	sim_leave(before);
}

/* The order is the agent's. */
static void take_down(struct node *n)
{
	loop_timer_disarm(n->traffic);
	n->source = source_free(n->source);
	n->beside = source_free(n->beside);
	if (n->engine)
		engine_on_status(n->engine, NULL, NULL);
	n->status = fleet_status_free(n->status, 0);
	n->engine = engine_free(n->engine);
	n->etcd = etcd_free(n->etcd);
	n->factory = flume_factory_free(n->factory);
	n->board = board_free(n->board);
	n->loop = loop_free(n->loop);
	disk_close_all(&n->disk);
	n->up = false;
}

void node_stop(struct node *n)
{
	if (!n->up)
		return;
	struct node *before = sim_enter(n);
	trace("stops");
	promise_stops(n, true);
	take_down(n);
	sim.node = before;
	if (n->doom == DOOM_POWER)
		disk_lose_power(&n->disk, &sim.faults);
	n->doom = DOOM_NONE;
}

static void start_again(void *arg)
{
	node_start(arg);
}

void node_doom(struct node *n, enum doom doom)
{
	if (n && n->up && doom > n->doom)
		n->doom = doom;
}

void node_settle(struct node *n)
{
	if (!n->doom || !n->up || n->dead)
		return;
	enum doom doom = n->doom;
	n->dead = true;
	struct node *before = sim_enter(n);
	trace(doom == DOOM_POWER ? "loses power" : "crashes");
	promise_stops(n, false);
	take_down(n);
	sim.node = before;
	n->dead = false;
	n->doom = DOOM_NONE;
	if (doom == DOOM_POWER)
		disk_lose_power(&n->disk, &sim.faults);
	sim_after(chance_span(&sim.faults, 100 * SIM_MS, 5 * SIM_SECOND), start_again, n);
}

void node_jump(struct node *n, int64_t seconds)
{
	trace("the clock of %s jumps by %lld s", n->name, (long long)seconds);
	n->clock_offset += seconds;
	promise_clock_jumped(n);
}

void node_wipe_disk(struct node *n)
{
	if (n->up)
		return;
	trace("the disk of %s is replaced", n->name);
	disk_fini(&n->disk);
	disk_init(&n->disk);
	promise_disk_lost(n);
}

static void on_confirmed(void *arg, const struct engine_answer *answer)
{
	(void)arg, (void)answer;
}

void node_confirm(struct node *n, const char *name)
{
	if (!n->up)
		return;
	struct node *before = sim_enter(n);
	engine_confirm(n->engine, name, on_confirmed, NULL);
	sim_leave(before);
}

/* ---- traffic ---- */

static void call(struct node *n, const char *name)
{
	flume_binding *binding = flume_factory_dup_binding(n->factory, name);
	if (!binding)
		return;
	for (int i = 0; i < CALLS && !n->doom; i++) {
		struct document *document = NULL;
		struct flume_err err = {0};
		if (document_parse(&document, "{}", 2, NULL))
			abort();
		void *item = document;
		(void)flume_binding_process(binding, NULL, &item, &err);
		document_free(item);
	}
	flume_binding_unref(binding);
}

static void on_traffic(void *arg)
{
	struct node *n = arg;
	if (!n->up)
		return;
	struct node *before = sim_enter(n);
	promise_look(n);
	for (unsigned i = 0; i < options.names && options.traffic && !n->doom; i++)
		call(n, name_text(i));
	loop_timer_arm(n->traffic, calm ? CALM : TRAFFIC);
	sim_leave(before);
}

void nodes_calm_down(void)
{
	calm = true;
}

bool nodes_are_calm(void)
{
	return calm;
}

/* ---- the fleet ---- */

void nodes_open(const struct fleet_options *how)
{
	options = *how;
	calm = false;
	for (unsigned i = 0; i < options.nodes; i++) {
		struct node *n = &nodes[i];
		*n = (struct node){.index = i};
		snprintf(n->name, sizeof n->name, "n%u", i);
		disk_init(&n->disk);
		n->traffic = sim_timer(on_traffic, n);
	}
}

void nodes_close(void)
{
	for (unsigned i = 0; i < options.nodes; i++) {
		struct node *n = &nodes[i];
		struct node *before = sim_enter(n);
		n->dead = true;
		if (n->up)
			take_down(n);
		sim.node = before;
		disk_fini(&n->disk);
	}
}
