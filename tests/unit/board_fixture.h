/* board_fixture.h - a board on a node of zone a, and the verbs of those who put switches there and ask them. */
#ifndef FLUME_TESTS_UNIT_BOARD_FIXTURE_H
#define FLUME_TESTS_UNIT_BOARD_FIXTURE_H

#include "agent/split/switchboard.h"
#include "tests/unit/ab_fixture.h"

#define HALVES   "{by: id, variants: {a: 50, b: 50}, default: a}"
#define ALL_IN_A "{by: id, variants: {a: 100, b: 0}, default: a}"
#define ALL_IN_B "{by: id, variants: {a: 0, b: 100}, default: a}"

/* A sequence that asks the switch s twice: for a route, which sets `way`, and whether it is b. */
#define ASKS_FIRST                                                    \
	"components:\n"                                               \
	"  processors:\n"                                             \
	"    one: {kind: set, fields: {way: a}}\n"                    \
	"    two: {kind: set, fields: {way: b}}\n"                    \
	"    flag: {kind: set, fields: {flag: true}}\n"               \
	"  conditions: {which: {kind: ab, switch: s}}\n"              \
	"  predicates: {is-b: {kind: flag, switch: s, variant: b}}\n" \
	"type: sequence\n"                                            \
	"children:\n"                                                 \
	"  - {type: switch, condition: which, routes: {a: {ref: one}, b: {ref: two}}}\n"
#define ASKS_AGAIN "  - {type: filter, predicate: is-b, then: {ref: flag}}\n"

extern struct switchboard *board;

void board_open(void);
void board_close(void);
void board_put(const char *name, const char *yaml);
struct switch_slot *slot_of(const char *name);
/* "a weight", or "none " */
const char *ask_board(struct switch_slot *, const char *json, const struct flume_call *);
/* "s.a.weight=1 s.b.weight=0 " */
void expect_counts(const char *wanted);
/* One of them, to a struct text. */
void add_count(void *text, const char *name, const char *variant, enum ab_why, uint64_t n);
struct ratio ratio_of(const char *name);

#endif
