/*
 * sim.h - the world: virtual time, chance, and whose turn it is.
 *
 * One world at a time, on one thread.  Everything that happens is a timer: of the world, or of
 * the loop of one node.  The soonest one runs, time jumps to it, and what the code of a node does
 * meanwhile (files, calls, clocks, chance) is done to the model of that node's machine.
 */
#ifndef FLUME_SIM_H
#define FLUME_SIM_H

#include "agent/loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_MS     INT64_C(1000000)
#define SIM_SECOND INT64_C(1000000000)
#define SIM_MINUTE (60 * SIM_SECOND)

#define SIM_START INT64_C(1000) * SIM_SECOND /* of the monotonic clock  */
#define SIM_DATE  INT64_C(1800000000)        /* seconds since 1970, then */

/* ---- chance: each user has a stream of its own, so that one more draw here moves nothing there */

struct chance {
	uint64_t state;
};

void chance_seed(struct chance *, uint64_t seed, uint64_t stream);
uint64_t chance_draw(struct chance *);
uint64_t chance_below(struct chance *, uint64_t n); /* 0 to n - 1; n > 0 */
int64_t chance_span(struct chance *, int64_t least, int64_t most);
bool chance_in(struct chance *, unsigned n); /* one in n; 0: never */

/* ---- the world ---- */

struct node;

struct sim {
	uint64_t seed;
	int64_t now;       /* on the monotonic clock of all machines */
	struct node *node; /* whose code runs; NULL: the world's      */
	bool broken;       /* a promise was broken: nothing more runs */
	uint64_t steps;
	struct chance network, product, faults;
};

extern struct sim sim;

void sim_open(uint64_t seed);
void sim_close(void);
/* Runs whatever is due until `until`, or until a promise is broken. */
void sim_run(int64_t until);

/* A call of the world's, once; what is left when the world ends is dropped. */
void sim_after(int64_t in_ns, void (*fn)(void *arg), void *arg);
/* A timer of the world's, as the loop has them. */
struct loop_timer *sim_timer(void (*fn)(void *arg), void *arg);

/* The code between the two is the node's.  sim_leave carries out what it died of. */
struct node *sim_enter(struct node *);
void sim_leave(struct node *before);

/* A descriptor that is none: the callback of loop_fd_add for it runs, soon. */
int sim_fd_new(void);
void sim_fd_ready(struct node *, int fd);

#endif
