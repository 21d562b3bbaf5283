/* past.h - inside agent/split: what was counted by switches of one name that are no more. */
#ifndef FLUME_AGENT_SPLIT_PAST_H
#define FLUME_AGENT_SPLIT_PAST_H

#include "agent/split/counts.h"

struct past_variant {
	char name[AB_NAME];
	uint64_t n[AB_WHYS];
	uint64_t last; /* turn in which it was there */
};

struct past {                      /* all zero is an empty one */
	struct past_variant *list; /* by name; has all the variants that are there now */
	size_t n, cap;
	uint64_t turn;
};

/* Room for all of a switch that comes.  0, or FLUME_NOMEM and nothing changed. */
int past_expect(struct past *, const struct ab_switch *);
/* It came: from now on its variants are here.  Those that are gone for longest may be forgotten. */
void past_begin(struct past *, const struct ab_switch *);
/* It has gone, and counted so; of variants that may be forgotten by now. */
void past_add(struct past *, const struct ab_switch *, const struct counts *);
/* One more document, of a variant that may be forgotten by now. */
void past_count(struct past *, const char *variant, enum ab_why);
void past_fini(struct past *);

#endif
