/*
 * switch_slot.h - inside agent/split: what answers under a name, and what did so before, for the documents that
 * have asked by then.
 *
 * Each entry is from a generation of the board on.  Who asks, inside of a read section, passes over those that
 * are newer than what the call has heard.  The rest is for who holds the board's lock.
 */
#ifndef FLUME_AGENT_SPLIT_SWITCH_SLOT_H
#define FLUME_AGENT_SPLIT_SWITCH_SLOT_H

#include "agent/split/inside.h"
#include "agent/split/past.h"

#include <stdatomic.h>

#define SWITCH_SLOT_ENTRIES 64 /* are kept at the most, however many documents wait */

struct entry {
	struct counted counted; /* one reference, the slot's: readers stay inside */
	struct ab_switch *sw;   /* NULL: from here on there is none */
	struct counts *counts;
	bool applies;
	bool passed;             /* by a look at what may go */
	_Atomic(uint32_t) since; /* 0: nothing is known of before */
	/* What was there until then; NULL: nothing is left of it. */
	_Atomic(struct entry *) before;
};

struct switch_slot {
	struct switchboard *board;
	uint32_t number; /* on its board: 1 and more */
	struct live live;
	struct past past;
	struct entry *farewell; /* of the switch that is there */
	size_t n;
	char name[];
};

/* NULL when out of memory. */
struct switch_slot *switch_slot_new(struct switchboard *, const char *name, uint32_t number);
void switch_slot_free(struct switch_slot *);

/* NULL when out of memory. */
struct entry *entry_new(struct ab_switch *, char *const *labels);
struct entry *entry_free(struct entry *);
/* The newest first; a reader may use the second too. */
struct entry *switch_slot_newest(const struct switch_slot *);
struct entry *switch_slot_before(const struct entry *);
/* What answers, or NULL. */
struct entry *switch_slot_now(const struct switch_slot *);
/* All that switch_slot_put needs.  0 or FLUME_NOMEM. */
int switch_slot_expect(struct switch_slot *, const struct ab_switch *);
/* Takes the entry, which answers from now on, for whoever hears of that generation. */
void switch_slot_put(struct switch_slot *, struct entry *, uint32_t generation);
/* From now on no switch does. */
void switch_slot_remove(struct switch_slot *, uint32_t generation);
/* Who has heard of generations before `least` is no more: what only those would ask goes, at the second look.
 * Waits for who is asking. */
void switch_slot_tidy(struct switch_slot *, uint32_t least);

/* In a read section: what a call asks that has heard of that generation, or NULL. */
struct entry *switch_slot_at(const struct switch_slot *, uint32_t generation);
/* Likewise: where it is, or NULL. */
struct entry *switch_slot_of(const struct switch_slot *, const struct ab_switch *);

#endif
