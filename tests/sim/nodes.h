/* nodes.h - the nodes of the fleet: each an agent as agent/cmd/agent.c puts it together, without
 * HTTP, on a machine of its own. */
#ifndef FLUME_SIM_NODES_H
#define FLUME_SIM_NODES_H

#include "tests/sim/disk.h"
#include "tests/sim/drafts.h"
#include "tests/sim/sim.h"

#include "agent/engine/board.h"
#include "lib/flume.h"

#define NODES_MOST 4

enum doom { DOOM_NONE, DOOM_CRASH, DOOM_POWER };

struct fleet_options {
	unsigned nodes, members, names;
	int64_t poll_ns;
	bool deny_downgrade, traffic;
	unsigned breaker_failures;
	int64_t breaker_window_ns;
};

void nodes_open(const struct fleet_options *);
void nodes_close(void);
/* Fewer calls from now on. */
void nodes_calm_down(void);
bool nodes_are_calm(void);
const struct fleet_options *fleet_options(void);

struct node *node_at(unsigned i);
unsigned node_index(const struct node *);
const char *node_name(const struct node *);
struct disk *node_disk(struct node *);
/* Of the node whose code runs: seconds. */
int64_t node_clock_offset(void);
bool node_is_up(const struct node *);
/* It has died, and is about to be buried. */
bool node_is_dead(const struct node *);
flume_factory *node_factory(struct node *);
/* Of its board; NULL when it is down.  board_release it. */
const struct page *node_take_page(struct node *);
void node_release_page(struct node *, const struct page *);

void node_start(struct node *);
/* An orderly end. */
void node_stop(struct node *);
/* It dies as soon as its code returns, and starts again a while later. */
void node_doom(struct node *, enum doom);
/* Its code has returned. */
void node_settle(struct node *);
void node_jump(struct node *, int64_t seconds);
void node_wipe_disk(struct node *);
/* The operator agrees to the deletion of what is held. */
void node_confirm(struct node *, const char *name);

#endif
