/* board.h - inside agent/split: the board itself, for those who change it and those who ask. */
#ifndef FLUME_AGENT_SPLIT_BOARD_H
#define FLUME_AGENT_SPLIT_BOARD_H

#include "agent/document/caller.h"
#include "agent/split/kinds.h"
#include "agent/split/switch_slot.h"
#include "lib/base/map.h"

#include <pthread.h>

struct slot_table { /* by number */
	uint32_t cap;
	struct slot_table *before;
	_Atomic(struct switch_slot *) at[];
};

struct switchboard {
	struct counted counted;
	struct board_kind ab, flag;
	_Atomic(uint32_t) generation;
	_Atomic(struct slot_table *) table; /* NULL: no slot yet */
	pthread_mutex_t lock;               /* of all below, and of changes */
	struct map slots;
	char **labels; /* NULL at the end; or NULL */
};

#endif
