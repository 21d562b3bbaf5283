/*
 * expression.h - sums over a document: `round(total * 0.9 + fee, 2)`.
 *
 * Numbers, paths, + - * / %, a sign, parentheses, and min, max, abs, floor, ceil and round (with a
 * number of digits from 0 to 15, if one is wanted).  A path whose keys are more than letters, digits
 * and underscores stands between backquotes: `unit-price`.
 *
 * Integers stay integers, and a result that is too large for one is refused, not rounded; so is a
 * division by zero.  A division of integers that leaves no rest gives an integer.
 *
 * Compiled once and then only read, by any number of threads.
 */
#ifndef FLUME_AGENT_DOCUMENT_EXPRESSION_H
#define FLUME_AGENT_DOCUMENT_EXPRESSION_H

#include "agent/document/document.h"
#include "agent/document/number.h"

#define EXPRESSION_STEPS 256 /* values and operators of one */
#define EXPRESSION_DEPTH 64  /* parentheses within each other, and values that wait */

struct expression;

/* Returns 0, FLUME_INVALID ("column 7: expected ')'") or FLUME_NOMEM. */
int expression_compile(struct expression **out, const char *text, struct flume_err *err);
struct expression *expression_free(struct expression *);
/* Returns 0 or FLUME_FAILED: "total: missing", "division by zero". */
int expression_run(const struct expression *, const struct document *, struct number *out,
		   struct flume_err *err);

#endif
