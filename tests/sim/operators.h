/* operators.h - those who hold schemas at what runs, release them, and forget what failed; and the
 * cases that others write for a schema. */
#ifndef FLUME_SIM_OPERATORS_H
#define FLUME_SIM_OPERATORS_H

#include "tests/sim/sim.h"

/* Each is taken back after a while. */
void operators_pin(struct chance *, int64_t for_ns);
void operators_freeze(struct chance *, int64_t for_ns);
void operators_add_cases(struct chance *, int64_t for_ns);
void operators_clear(struct chance *);
/* Nobody holds anything any more. */
void operators_release(void);

/* The revision of the store's word that holds the schema; 0: nobody does. */
int64_t operators_pinned(unsigned name);
bool operators_frozen(void);

#endif
