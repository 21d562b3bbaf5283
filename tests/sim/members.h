/*
 * members.h - the members of the cluster: who lives, who leads, and how far each has got.
 *
 * Raft itself is not modelled, only what it promises and when it cannot: what a majority has
 * agreed on stays, a member without a leader serves nothing that asks for one, and a member may
 * lag.  A write on its way when the leader is lost happens later, or never.
 */
#ifndef FLUME_SIM_MEMBERS_H
#define FLUME_SIM_MEMBERS_H

#include "tests/sim/sim.h"
#include "tests/sim/store.h"

#include <sys/queue.h>

#define MEMBERS_MOST 3

struct wire;
struct stream;

struct member {
	unsigned index;
	bool up, frozen, isolated;
	int64_t applied;  /* revision */
	int64_t lag_ns;   /* behind the leader */
	int64_t applying; /* what its timer brings it to */
	struct loop_timer *apply;
	int64_t leaderless_since; /* 0: it has one */
	LIST_HEAD(, wire) wires;  /* connections to it */
	LIST_HEAD(, stream) watches;
};

struct cluster {
	struct store store;
	struct member members[MEMBERS_MOST];
	unsigned n;
	int leader; /* index; -1: none */
	int64_t term;
	struct loop_timer *election, *tick;
	bool no_space, refuses; /* writes; everything, for want of a token */
	bool old_dialect;       /* of error messages */
	int64_t progress_ns;    /* between progress notices */
	int64_t disturbed_at;   /* when something was last wrong */
	int64_t changed_at;     /* when something last began or ceased to be wrong */
	unsigned resets;        /* wipes and restores so far */
};

extern struct cluster cluster;

void cluster_open(unsigned members);
void cluster_close(void);

struct member *cluster_member(unsigned i);
/* Does it serve those who ask for a leader? */
bool member_has_leader(const struct member *);
/* After something was written to the store. */
void cluster_written(void);
/* May the cluster write now? */
bool cluster_writes(void);

/* ---- what befalls them ---- */

enum member_end { MEMBER_KILLED, MEMBER_TERMINATED };
void member_stop(struct member *, enum member_end);
void member_start(struct member *);
void member_freeze(struct member *, bool frozen);
void member_isolate(struct member *, bool isolated);
void member_lag(struct member *, int64_t lag_ns);
/* All members at once. */
void cluster_wipe(void);
void cluster_restore(int64_t revision);
void cluster_compact(int64_t revision);
bool cluster_is_well(void);

#endif
