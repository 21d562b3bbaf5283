/* kinds.h - inside agent/split: components that ask a switch of a board. */
#ifndef FLUME_AGENT_SPLIT_KINDS_H
#define FLUME_AGENT_SPLIT_KINDS_H

#include "agent/split/switchboard.h"

/* The row comes first, so that a maker finds its board. */
struct board_kind {
	struct flume_maker row;
	struct switchboard *board;
};

/* Over no board. */
extern const struct board_kind kind_ab, kind_flag;

/* What a declaration's `switch` names, on the board of the maker that runs; NULL twice where it has none. */
int kind_slot(const flume_value *decl, flume_scope *, struct switchboard **out_board,
	      struct switch_slot **out);
/* As switch_ask, also of no slot; `variant` has AB_NAME bytes. */
bool slot_ask(struct switch_slot *, const struct flume_call *, const struct document *,
	      char *variant, enum ab_why *);

#endif
