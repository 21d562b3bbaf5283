/* operand.h - `field` and `value`: what equals, greater and less compare. */
#ifndef FLUME_AGENT_DOCUMENT_OPERAND_H
#define FLUME_AGENT_DOCUMENT_OPERAND_H

#include "agent/document/document.h"

struct operand {
	struct path path;
	struct document *constant;
	struct document_view value; /* lent by the constant */
};

extern const struct flume_field operand_fields[];

/* What a maker has to do: `test` gets a struct operand as its arg.  Returns 0, FLUME_REJECTED with
 * findings, or FLUME_NOMEM. */
int operand_make(struct flume_component *out, flume_test_fn *test, const flume_value *decl,
		 const char *at, flume_report *);
/* The same, where the value must be one that has an order. */
int operand_make_ordered(struct flume_component *out, flume_test_fn *test,
			 const flume_value *decl, const char *at, flume_report *);
/* How the item's field stands to the value: false when they have no order. */
bool operand_compare(const struct operand *, const struct document *, int *out_order);

#endif
