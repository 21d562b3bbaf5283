#include "tests/sim/members.h"

#include "tests/sim/streams.h"
#include "tests/sim/trace.h"
#include "tests/sim/wires.h"

#include <stdlib.h>

#define LEASES_EACH (500 * SIM_MS)
#define UNLED       (3600 * SIM_MS) /* before streams are told so */

struct cluster cluster;

struct member *cluster_member(unsigned i)
{
	return &cluster.members[i % cluster.n];
}

/* ---- who leads ---- */

static bool takes_part(const struct member *m)
{
	return m->up && !m->frozen && !m->isolated;
}

static bool has_quorum(void)
{
	unsigned n = 0;
	for (unsigned i = 0; i < cluster.n; i++)
		n += takes_part(&cluster.members[i]);
	return n > cluster.n / 2;
}

bool member_has_leader(const struct member *m)
{
	return cluster.leader >= 0 && takes_part(m);
}

bool cluster_writes(void)
{
	return cluster.leader >= 0;
}

static void note_leaders(void)
{
	for (unsigned i = 0; i < cluster.n; i++) {
		struct member *m = &cluster.members[i];
		if (member_has_leader(m))
			m->leaderless_since = 0;
		else if (!m->leaderless_since)
			m->leaderless_since = sim.now;
	}
}

static void catch_up(struct member *);

static void elect(void *arg)
{
	(void)arg;
	if (!has_quorum())
		return;
	unsigned i = (unsigned)chance_below(&sim.network, cluster.n);
	while (!takes_part(&cluster.members[i]))
		i = (i + 1) % cluster.n;
	cluster.leader = (int)i;
	cluster.term++;
	trace("etcd %u leads, term %lld", i, (long long)cluster.term);
	for (size_t k = 0; k < cluster.store.leases_len; k++)
		cluster.store.leases[k].ends = sim.now + cluster.store.leases[k].ttl_ns;
	note_leaders();
	for (unsigned k = 0; k < cluster.n; k++)
		catch_up(&cluster.members[k]);
}

/* Something changed about who takes part. */
static void review(void)
{
	bool led = cluster.leader >= 0 && takes_part(&cluster.members[cluster.leader]);
	if (!led || !has_quorum()) {
		cluster.leader = -1;
		if (has_quorum())
			loop_timer_arm(cluster.election,
				       cluster.n == 1 ? 50 * SIM_MS
						      : chance_span(&sim.network, 1000 * SIM_MS,
								    1500 * SIM_MS));
	}
	note_leaders();
	for (unsigned i = 0; i < cluster.n; i++)
		catch_up(&cluster.members[i]);
}

/* ---- how far each is ---- */

static void applied(void *arg)
{
	struct member *m = arg;
	if (!member_has_leader(m))
		return;
	if (m->applying > m->applied)
		m->applied = m->applying;
	streams_pump(m);
	wires_look(m);
	catch_up(m);
}

static void catch_up(struct member *m)
{
	if (!member_has_leader(m) || m->applied >= cluster.store.last)
		return;
	if (m->lag_ns) {
		if (m->applying <= m->applied) {
			m->applying = cluster.store.last;
			loop_timer_arm(m->apply, m->lag_ns);
		}
		return;
	}
	m->applying = cluster.store.last;
	applied(m);
}

void cluster_written(void)
{
	for (unsigned i = 0; i < cluster.n; i++)
		catch_up(&cluster.members[i]);
}

/* ---- the clock ---- */

static void expire_leases(void)
{
	struct store *s = &cluster.store;
	for (size_t i = 0; i < s->leases_len;) {
		if (s->leases[i].ends > sim.now) {
			i++;
			continue;
		}
		trace("lease %lld ran out", (long long)s->leases[i].id);
		store_revoke(s, s->leases[i].id);
	}
}

static void on_tick(void *arg)
{
	(void)arg;
	if (cluster.leader >= 0)
		expire_leases();
	cluster_written();
	for (unsigned i = 0; i < cluster.n; i++) {
		struct member *m = &cluster.members[i];
		if (m->up && !m->frozen && m->leaderless_since &&
		    sim.now - m->leaderless_since >= UNLED)
			streams_unled(m);
		if (m->up && !m->frozen)
			streams_tick(m);
	}
	if (!cluster_is_well())
		cluster.disturbed_at = sim.now;
	loop_timer_arm(cluster.tick, LEASES_EACH);
}

/* ---- what befalls them ---- */

void member_stop(struct member *m, enum member_end end)
{
	if (!m->up)
		return;
	trace("etcd %u %s", m->index, end == MEMBER_KILLED ? "is killed" : "is terminated");
	streams_end(m, end == MEMBER_TERMINATED);
	wires_cut(m, NULL);
	m->up = m->frozen = false;
	cluster.disturbed_at = sim.now;
	review();
}

void member_start(struct member *m)
{
	if (m->up)
		return;
	trace("etcd %u starts", m->index);
	m->up = true;
	review();
}

void member_freeze(struct member *m, bool frozen)
{
	if (!m->up || m->frozen == frozen)
		return;
	trace("etcd %u %s", m->index, frozen ? "freezes" : "goes on");
	m->frozen = frozen;
	cluster.disturbed_at = sim.now;
	review();
	if (!frozen)
		wires_thaw(m);
}

void member_isolate(struct member *m, bool isolated)
{
	if (m->isolated == isolated)
		return;
	trace("etcd %u %s", m->index, isolated ? "is cut off from its peers" : "has its peers");
	m->isolated = isolated;
	cluster.disturbed_at = sim.now;
	review();
}

void member_lag(struct member *m, int64_t lag_ns)
{
	if (m->lag_ns == lag_ns)
		return;
	trace("etcd %u lags by %lld ms", m->index, (long long)(lag_ns / SIM_MS));
	m->lag_ns = lag_ns;
	cluster.disturbed_at = sim.now;
	catch_up(m);
}

static void reset(void)
{
	cluster.resets++;
	cluster.term = 1;
	cluster.disturbed_at = sim.now;
	for (unsigned i = 0; i < cluster.n; i++) {
		struct member *m = &cluster.members[i];
		streams_end(m, false);
		wires_cut(m, NULL);
		loop_timer_disarm(m->apply);
		m->up = true;
		m->frozen = m->isolated = false;
		m->applied = m->applying = cluster.store.last;
	}
	cluster.leader = -1;
	review();
}

void cluster_wipe(void)
{
	trace("etcd is wiped, at revision %lld", (long long)cluster.store.last);
	store_fini(&cluster.store);
	store_init(&cluster.store);
	reset();
}

void cluster_restore(int64_t revision)
{
	trace("etcd is restored, from revision %lld to %lld", (long long)cluster.store.last,
	      (long long)revision);
	store_cut(&cluster.store, revision);
	reset();
}

void cluster_compact(int64_t revision)
{
	if (revision <= cluster.store.compacted || revision > cluster.store.last)
		return;
	trace("etcd is compacted up to %lld of %lld", (long long)revision,
	      (long long)cluster.store.last);
	cluster.store.compacted = revision;
	cluster.disturbed_at = sim.now;
	for (unsigned i = 0; i < cluster.n; i++)
		streams_pump(&cluster.members[i]);
}

bool cluster_is_well(void)
{
	bool well = cluster.leader >= 0 && !cluster.no_space && !cluster.refuses;
	for (unsigned i = 0; i < cluster.n; i++)
		well = well && takes_part(&cluster.members[i]) && !cluster.members[i].lag_ns;
	return well && !wires_blocked();
}

/* ---- life ---- */

void cluster_open(unsigned members)
{
	cluster = (struct cluster){.n = members, .leader = -1, .term = 1};
	store_init(&cluster.store);
	cluster.election = sim_timer(elect, NULL);
	cluster.tick = sim_timer(on_tick, NULL);
	for (unsigned i = 0; i < members; i++) {
		struct member *m = &cluster.members[i];
		m->index = i;
		m->up = true;
		m->applied = 1;
		m->apply = sim_timer(applied, m);
		LIST_INIT(&m->wires);
		LIST_INIT(&m->watches);
	}
	elect(NULL);
	loop_timer_arm(cluster.tick, LEASES_EACH);
}

void cluster_close(void)
{
	for (unsigned i = 0; i < cluster.n; i++) {
		streams_end(&cluster.members[i], false);
		wires_cut(&cluster.members[i], NULL);
	}
	wires_close();
	store_fini(&cluster.store);
}
