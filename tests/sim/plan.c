#include "tests/sim/plan.h"

#include "tests/sim/members.h"
#include "tests/sim/operators.h"
#include "tests/sim/people.h"
#include "tests/sim/promises.h"
#include "tests/sim/streams.h"
#include "tests/sim/trace.h"
#include "tests/sim/wires.h"

#include <stdlib.h>

static struct node *any_node(struct chance *c)
{
	return node_at((unsigned)chance_below(c, fleet_options()->nodes));
}

static struct member *any_member(struct chance *c)
{
	return cluster_member((unsigned)chance_below(c, cluster.n));
}

static int64_t a_while(struct chance *c)
{
	if (chance_in(c, 10))
		return chance_span(c, 60 * SIM_SECOND, 200 * SIM_SECOND);
	return chance_in(c, 4) ? chance_span(c, 5 * SIM_SECOND, 60 * SIM_SECOND)
			       : chance_span(c, 100 * SIM_MS, 8 * SIM_SECOND);
}

static void changed(void)
{
	cluster.changed_at = sim.now;
}

static void disturb(void)
{
	cluster.disturbed_at = sim.now;
}

/* ---- nodes ---- */

static void crash(struct chance *c)
{
	struct node *n = any_node(c);
	struct node *before = sim_enter(n);
	node_doom(n, DOOM_CRASH);
	sim_leave(before);
}

static void lose_power(struct chance *c)
{
	struct node *n = any_node(c);
	struct node *before = sim_enter(n);
	promise_disk_trouble(n);
	node_doom(n, DOOM_POWER);
	sim_leave(before);
}

static void crash_at_disk(struct chance *c)
{
	struct disk *d = node_disk(any_node(c));
	d->crash_at = d->calls + 1 + chance_below(c, 30);
}

static void start(void *arg)
{
	node_start(arg);
}

static void stop(struct chance *c)
{
	struct node *n = any_node(c);
	node_stop(n);
	sim_after(a_while(c), start, n);
}

static void replace_disk(struct chance *c)
{
	struct node *n = any_node(c);
	node_stop(n);
	node_wipe_disk(n);
	sim_after(a_while(c), start, n);
}

static void mend_disk(void *arg)
{
	struct node *n = arg;
	node_disk(n)->full = node_disk(n)->broken = false;
	trace("the disk of %s can be written again", node_name(n));
	promise_disk_trouble(n);
}

static void fill_disk(struct chance *c)
{
	struct node *n = any_node(c);
	bool full = chance_in(c, 2);
	node_disk(n)->full = full;
	node_disk(n)->broken = !full;
	trace("the disk of %s is %s", node_name(n), full ? "full" : "broken");
	promise_disk_trouble(n);
	sim_after(a_while(c), mend_disk, n);
}

static void jump_clock(struct chance *c)
{
	node_jump(any_node(c), chance_span(c, -4000, 4000));
}

/* ---- members ---- */

static void start_member(void *arg)
{
	changed();
	member_start(arg);
}

static void kill_member(struct chance *c)
{
	struct member *m = any_member(c);
	member_stop(m, MEMBER_KILLED);
	sim_after(a_while(c), start_member, m);
}

static void terminate_member(struct chance *c)
{
	struct member *m = any_member(c);
	member_stop(m, MEMBER_TERMINATED);
	sim_after(a_while(c), start_member, m);
}

static void thaw(void *arg)
{
	changed();
	member_freeze(arg, false);
}

static void freeze(struct chance *c)
{
	struct member *m = any_member(c);
	member_freeze(m, true);
	sim_after(a_while(c), thaw, m);
}

static void join(void *arg)
{
	changed();
	member_isolate(arg, false);
}

static void isolate(struct chance *c)
{
	struct member *m = any_member(c);
	member_isolate(m, true);
	sim_after(a_while(c), join, m);
}

static void keep_up(void *arg)
{
	changed();
	member_lag(arg, 0);
}

static void lag(struct chance *c)
{
	struct member *m = any_member(c);
	member_lag(m, chance_span(c, 10 * SIM_MS, 3 * SIM_SECOND));
	sim_after(a_while(c), keep_up, m);
}

/* ---- the network ---- */

static void unblock(void *arg)
{
	unsigned way = (unsigned)(uintptr_t)arg;
	changed();
	wires_block(way / MEMBERS_MOST, way % MEMBERS_MOST, false);
}

static void block(struct chance *c)
{
	unsigned node = node_index(any_node(c));
	unsigned member = (unsigned)chance_below(c, cluster.n);
	bool all = chance_in(c, 3);
	int64_t time = a_while(c);
	promise_disturbed(node_at(node));
	for (unsigned i = 0; i < cluster.n; i++) {
		if (!all && i != member)
			continue;
		wires_block(node, i, true);
		sim_after(time, unblock, (void *)(uintptr_t)(node * MEMBERS_MOST + i));
	}
}

static void cut(struct chance *c)
{
	struct member *m = any_member(c);
	struct node *n = chance_in(c, 2) ? any_node(c) : NULL;
	trace("connections to etcd %u are cut", m->index);
	disturb();
	wires_cut(m, n);
}

static void as_usual(void *arg)
{
	(void)arg;
	changed();
	wires_slow(0);
}

static void slow(struct chance *c)
{
	disturb();
	wires_slow(chance_span(c, 50 * SIM_MS, 2 * SIM_SECOND));
	sim_after(a_while(c), as_usual, NULL);
}

/* ---- watches ---- */

static void mute(struct chance *c)
{
	disturb();
	streams_mute(any_member(c));
}

static void repeat(struct chance *c)
{
	streams_repeat(any_member(c));
}

static void forget(struct chance *c)
{
	disturb();
	streams_lose_deletion(any_member(c));
}

/* ---- the store ---- */

static void compact(struct chance *c)
{
	int64_t back = chance_in(c, 2) ? 0 : chance_span(c, 0, 10);
	cluster_compact(cluster.store.last - back);
}

static void have_space(void *arg)
{
	(void)arg;
	changed();
	trace("etcd has space again");
	cluster.no_space = false;
}

static void fill(struct chance *c)
{
	trace("etcd is out of space");
	cluster.no_space = true;
	sim_after(a_while(c), have_space, NULL);
}

static void accept(void *arg)
{
	(void)arg;
	changed();
	trace("etcd takes requests again");
	cluster.refuses = false;
}

static void refuse(struct chance *c)
{
	trace("etcd wants a token that nobody has");
	cluster.refuses = true;
	sim_after(a_while(c), accept, NULL);
}

static void write_again(void *arg)
{
	(void)arg;
	people_write_all_again();
}

static void wipe(struct chance *c)
{
	cluster_wipe();
	if (!chance_in(c, 4))
		sim_after(a_while(c), write_again, NULL);
}

static void restore(struct chance *c)
{
	int64_t last = cluster.store.last;
	cluster_restore(last - chance_span(c, 0, last > 40 ? 40 : last - 1));
}

/* ---- operators ---- */

static void pin(struct chance *c)
{
	operators_pin(c, a_while(c));
}

static void freeze_all(struct chance *c)
{
	operators_freeze(c, a_while(c));
}

static void add_cases(struct chance *c)
{
	operators_add_cases(c, a_while(c));
}

/* ---- the table ---- */

enum group {
	PEOPLE,
	NODES,
	DISKS,
	CLOCKS,
	MEMBERS,
	NETWORK,
	WATCHES,
	STORE,
	RESETS,
	OPERATORS,
	GROUPS
};

static const struct kind {
	const char *text;
	enum group group;
	unsigned weight;
	void (*run)(struct chance *);
} kinds[] = {
	{"write", PEOPLE, 40, people_write},
	{"compare and put", PEOPLE, 8, people_compare_and_put},
	{"write two", PEOPLE, 5, people_write_two},
	{"revert", PEOPLE, 8, people_revert},
	{"delete", PEOPLE, 6, people_delete},
	{"delete most", PEOPLE, 1, people_delete_most},
	{"confirm", PEOPLE, 2, people_confirm},
	{"crash", NODES, 6, crash},
	{"stop", NODES, 4, stop},
	{"crash at disk", NODES, 6, crash_at_disk},
	{"power", DISKS, 6, lose_power},
	{"replace disk", DISKS, 2, replace_disk},
	{"fill disk", DISKS, 4, fill_disk},
	{"jump", CLOCKS, 4, jump_clock},
	{"kill", MEMBERS, 6, kill_member},
	{"terminate", MEMBERS, 4, terminate_member},
	{"freeze", MEMBERS, 5, freeze},
	{"isolate", MEMBERS, 4, isolate},
	{"lag", MEMBERS, 4, lag},
	{"block", NETWORK, 6, block},
	{"cut", NETWORK, 6, cut},
	{"slow", NETWORK, 3, slow},
	{"mute", WATCHES, 5, mute},
	{"repeat", WATCHES, 3, repeat},
	{"forget", WATCHES, 3, forget},
	{"compact", STORE, 8, compact},
	{"fill", STORE, 3, fill},
	{"refuse", STORE, 3, refuse},
	{"wipe", RESETS, 3, wipe},
	{"restore", RESETS, 3, restore},
	{"pin", OPERATORS, 6, pin},
	{"freeze all", OPERATORS, 2, freeze_all},
	{"clear", OPERATORS, 3, operators_clear},
	{"add cases", OPERATORS, 3, add_cases},
};
#define KINDS (sizeof kinds / sizeof *kinds)

const char *action_text(unsigned kind)
{
	return kinds[kind].text;
}

/* ---- making ---- */

static unsigned draw_kind(struct chance *c, const bool weather[GROUPS])
{
	unsigned sum = 0, found = 0;
	for (unsigned i = 0; i < KINDS; i++) {
		unsigned weight = weather[kinds[i].group] ? kinds[i].weight : 0;
		sum += weight;
		if (weight && chance_below(c, sum) < weight)
			found = i;
	}
	return found;
}

static int by_time(const void *a, const void *b)
{
	const struct action *x = a, *y = b;
	return x->at < y->at ? -1 : x->at > y->at;
}

static void add_actions(struct plan *p, struct chance *c, const bool weather[GROUPS],
			unsigned n)
{
	for (; n && p->n < ACTIONS_MOST; n--)
		p->actions[p->n++] = (struct action){
			.at = chance_span(c, 0, p->end),
			.kind = draw_kind(c, weather),
			.dice = chance_draw(c),
		};
}

/* By a chance of their own, so that seeds without operators stay what they are. */
static void add_operators(struct plan *p, uint64_t seed)
{
	static const bool weather[GROUPS] = {[OPERATORS] = true};
	struct chance c;
	chance_seed(&c, seed, 4);
	if (chance_in(&c, 3))
		add_actions(p, &c, weather, 1 + (unsigned)chance_below(&c, 16));
}

void plan_make(struct plan *p, uint64_t seed)
{
	struct chance c;
	bool weather[GROUPS];
	chance_seed(&c, seed, 0);
	weather[PEOPLE] = true;
	bool calm = chance_in(&c, 5);
	weather[OPERATORS] = false;
	for (unsigned i = PEOPLE + 1; i < OPERATORS; i++)
		weather[i] = !calm && chance_in(&c, i == RESETS ? 4 : 3);
	p->fleet = (struct fleet_options){
		.nodes = 1 + (unsigned)chance_below(&c, 3),
		.members = chance_in(&c, 2) ? 1 : 3,
		.names = 1 + (unsigned)chance_below(&c, NAMES_MOST),
		.poll_ns = chance_in(&c, 6) ? 10 * SIM_SECOND : 0,
		.deny_downgrade = chance_in(&c, 6),
		.traffic = !chance_in(&c, 8),
		.breaker_failures = 2 + (unsigned)chance_below(&c, 4),
		.breaker_window_ns = chance_in(&c, 2) ? 30 * SIM_SECOND : 600 * SIM_SECOND,
	};
	p->old_dialect = chance_in(&c, 2);
	p->progress_ns = chance_in(&c, 2) ? 10 * SIM_SECOND : 600 * SIM_SECOND;
	p->end = chance_span(&c, 20 * SIM_SECOND, 240 * SIM_SECOND);
	p->n = 0;
	add_actions(p, &c, weather, 5 + (unsigned)chance_below(&c, 55));
	add_operators(p, seed);
	qsort(p->actions, p->n, sizeof *p->actions, by_time);
}

/* ---- doing ---- */

static void run(void *arg)
{
	const struct action *a = arg;
	struct chance c;
	chance_seed(&c, a->dice, 9);
	if (kinds[a->kind].group >= MEMBERS && kinds[a->kind].group < OPERATORS)
		changed();
	kinds[a->kind].run(&c);
}

void plan_begin(const struct plan *p)
{
	static struct action doing[ACTIONS_MOST];
	for (unsigned i = 0; i < p->n; i++) {
		doing[i] = p->actions[i];
		if (!doing[i].skipped)
			sim_after(doing[i].at, run, &doing[i]);
	}
}

void plan_heal(void)
{
	trace("all faults end");
	cluster.no_space = cluster.refuses = false;
	wires_slow(0);
	for (unsigned i = 0; i < cluster.n; i++) {
		struct member *m = cluster_member(i);
		member_start(m);
		member_freeze(m, false);
		member_isolate(m, false);
		member_lag(m, 0);
		for (unsigned k = 0; k < fleet_options()->nodes; k++)
			wires_block(k, i, false);
	}
	for (unsigned k = 0; k < fleet_options()->nodes; k++) {
		node_disk(node_at(k))->crash_at = 0;
		if (node_disk(node_at(k))->full || node_disk(node_at(k))->broken)
			mend_disk(node_at(k));
		node_start(node_at(k));
	}
	operators_release();
	people_mend();
	nodes_calm_down();
}
