/* seating.h - inside lib/build: nodes of the same name in one schema are told apart by order. */
#ifndef FLUME_BUILD_SEATING_H
#define FLUME_BUILD_SEATING_H

#include "lib/connector/state.h"

struct seating { /* all zero is an empty one */
	void *taken;
};

/* Sets `nth` of the seat.  Its texts must live as long as the seating.  False: no memory. */
bool seating_take(struct seating *, struct seat *);
void seating_fini(struct seating *);

#endif
