/*
 * promises.h - what is promised, and whether it was kept.
 *
 * The world tells what happened (a canary passed, a draft served, people wrote); each promise is
 * checked when something happens that could break it, and all of them at the end.
 */
#ifndef FLUME_SIM_PROMISES_H
#define FLUME_SIM_PROMISES_H

#include "tests/sim/drafts.h"
#include "tests/sim/sim.h"

struct log_pair;

void promises_open(void);
void promises_close(void);

/* ---- what nodes do ---- */

void promise_tries(struct node *, const struct draft *, bool own);
void promise_passes(struct node *, const struct draft *);
void promise_fails(struct node *, const struct draft *);
void promise_crashes(struct node *, const struct draft *);
void promise_serves(struct node *, const struct draft *);
void promise_heard(struct node *, const char *message, const struct log_pair *);
void promise_status(struct node *);
/* Now and then. */
void promise_look(struct node *);
void promise_boots(struct node *);
void promise_booted(struct node *);
void promise_stops(struct node *, bool orderly);

/* ---- what befalls them ---- */

void promise_disturbed(struct node *);
/* What it has written down may be gone or wrong. */
void promise_disk_trouble(struct node *);
void promise_disk_lost(struct node *);
void promise_clock_jumped(struct node *);
void promise_confirmed(struct node *, unsigned name);

/* ---- what people do ---- */

void promise_written(const struct draft *);

/* ---- the end ---- */

/* Does every node run what is wanted, or say rightly why not?  With `aloud` what is not so breaks
 * the promise. */
bool promises_settled(bool aloud);
/* A draft that makes this node crash again and again, without a probation that could end it. */
bool promise_crash_loop(unsigned name);

#endif
