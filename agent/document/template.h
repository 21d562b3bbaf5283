/*
 * template.h - text with values in it: "{customer.name} bought {items[0].sku}".
 *
 * `{{` and `}}` stand for the braces themselves.  Compiled once and then only read, by any number of
 * threads.
 */
#ifndef FLUME_AGENT_DOCUMENT_TEMPLATE_H
#define FLUME_AGENT_DOCUMENT_TEMPLATE_H

#include "agent/document/room.h"

#define TEMPLATE_VALUES 64 /* the most that one template may have */

struct template;

/* Returns 0, FLUME_INVALID ("column 7: no '}' follows") or FLUME_NOMEM. */
int template_compile(struct template **out, const char *text, struct flume_err *err);
struct template *template_free(struct template *);
/* Adds the text to the room, which tells whether it had enough.  Arrays and objects are written as
 * JSON, other values as text.  `missing` takes the place of what is not there, or null; where it is
 * NULL that is FLUME_FAILED: "customer.name: missing". */
int template_write(const struct template *, const struct document *, const char *missing,
		   struct room *, struct flume_err *err);

#endif
