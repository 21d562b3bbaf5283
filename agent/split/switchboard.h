/*
 * switchboard.h - the switches of a node, by name, for those who ask them while they change.
 *
 * A slot is a name that somebody uses; it lives as long as the board, whether a switch is there or
 * not: a schema may name one that comes later.  A switch is put in by one pointer.  A document that has asked
 * once, in a call with a caller (agent/document/caller.h), hears of all switches as they were then, until the
 * call is over; and it is counted once for each.  Asking takes no lock and no memory.
 *
 * Any thread may call.  Whoever puts or tidies up may wait for those who are asking (microseconds), so not from
 * inside of a step.  The callers of a process ask one board.
 */
#ifndef FLUME_AGENT_SPLIT_SWITCHBOARD_H
#define FLUME_AGENT_SPLIT_SWITCHBOARD_H

#include "agent/split/ab.h"
#include "agent/split/ratio.h"

struct switchboard; /* counted */
struct switch_slot; /* lent by its board */

/* `labels` of the node: "k=v", NULL at the end; copied; may be NULL.  0 or FLUME_NOMEM. */
int switchboard_new(struct switchboard **out, const char *const *labels);
struct switchboard *switchboard_ref(struct switchboard *);
struct switchboard *switchboard_unref(struct switchboard *);

/* Makes the kinds `ab` and `flag` known to a factory of documents, over this board.  It must outlive the
 * factory; what they make holds a reference.  Over no board (NULL), where schemas are only checked, they
 * answer as without a switch. */
int switchboard_register(struct switchboard *, flume_factory *, struct flume_err *err);

/* The point of no return: from now on `sw` (a new reference is taken) answers under its name.  0, or
 * FLUME_NOMEM, and the one before stays. */
int switchboard_put(struct switchboard *, struct ab_switch *sw);
/* No switch answers under that name any more; false when none did. */
bool switchboard_remove(struct switchboard *, const char *name);
/* 0, or FLUME_NOMEM and nothing changed. */
int switchboard_set_labels(struct switchboard *, const char *const *labels);
/* To be called every few seconds: what no call has heard of that is under way, and what was there at the call
 * before, goes. */
void switchboard_tidy(struct switchboard *);
/* Grows with each change. */
uint32_t switchboard_generation(const struct switchboard *);
/* A new reference, or NULL. */
struct ab_switch *switchboard_dup(struct switchboard *, const char *name);

/* 0 or FLUME_NOMEM. */
int switchboard_slot(struct switchboard *, const char *name, struct switch_slot **out);

struct switch_answer {
	char variant[AB_NAME];
	enum ab_why why;
};

/* Asks, and counts unless `call` (may be NULL) is a canary's, or has asked before.  False when there is no
 * switch. */
bool switch_ask(struct switch_slot *, const struct flume_call *call, const struct document *,
		struct switch_answer *out);
/* As switch_ask, but `sw` answers, whatever has become of its name since somebody began with it, in that
 * generation; and of that the call hears from now on, unless it has heard of another. */
void switch_ask_as(struct switch_slot *, const struct ab_switch *sw, uint32_t generation,
		   const struct flume_call *, const struct document *,
		   struct switch_answer *out);
#define SWITCHBOARD_TOLD 136
/* "layout=compact, search=b": what a call under way was told, in the order of its first questions; "" before
 * the first.  What there is no room for is "...". */
void switchboard_told(const struct switchboard *, const struct flume_call *,
		      char out[SWITCHBOARD_TOLD]);

/* Documents by the variant that they got first, for as long as the board lives: over changes of the switch, also of the last
 * AB_VARIANTS variants that it has no more.  Calls `fn`, which must not call the board, for all that
 * are not 0, and by weight for each variant that is there now; switches and variants by name. */
typedef void switchboard_count_fn(void *arg, const char *name, const char *variant, enum ab_why,
				  uint64_t n);
void switchboard_counts(struct switchboard *, switchboard_count_fn *, void *arg);

/* Are the keys that the switch saw since it was put, or since its weights changed, spread as it says?
 * FLUME_NOT_FOUND when there is none. */
int switchboard_ratio(struct switchboard *, const char *name, struct ratio *out);

#endif
