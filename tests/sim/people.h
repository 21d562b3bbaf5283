/* people.h - those who write schemas: good ones and bad ones, one at a time or many at once. */
#ifndef FLUME_SIM_PEOPLE_H
#define FLUME_SIM_PEOPLE_H

#include "tests/sim/sim.h"

void people_open(void);
void people_write(struct chance *);
void people_compare_and_put(struct chance *);
void people_write_two(struct chance *);
void people_revert(struct chance *);
void people_delete(struct chance *);
void people_delete_most(struct chance *);
void people_confirm(struct chance *);
/* After a wipe: what was there is written again. */
void people_write_all_again(void);
/* Whatever makes nodes crash again and again is replaced. */
void people_mend(void);

#endif
