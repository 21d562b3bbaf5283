/*
 * front.h - what serves the documents that are sent to a name: the schema of that name, or, of a
 * switch in front, the schema that is the document's variant.
 *
 * A schema comes first.  All variants are entered together, so that every document of a batch is
 * chosen for and served by what ran when the batch began; and the switches that those schemas ask are
 * what they were then, too.
 */
#ifndef FLUME_AGENT_HTTP_FRONT_H
#define FLUME_AGENT_HTTP_FRONT_H

#include "agent/http/call.h"
#include "agent/split/switchboard.h"

struct front {
	struct shelf *shelf;
	const struct shelf_view *view; /* NULL: it is a schema */
	const struct shelf_item *item; /* of it: the switch    */
	bool may_block;
	size_t n;
	struct call_side sides[AB_VARIANTS];
};

/* Is there such a schema, or switch in front? */
bool front_is_there(struct request *);
/* Does a switch in front send documents to that schema? */
bool front_needs(const struct http *, const char *schema);
/* As of now; good until front_leave.  False, and nothing to leave: there is no such thing. */
bool front_enter(struct front *, const struct request *);
void front_leave(struct front *);
/* The side of that document, and `out_variant`: "" where there is no switch.  NULL: the schema of the
 * variant is gone. */
struct call_side *front_choose(struct front *, const struct flume_call *,
			       const struct document *, char out_variant[AB_NAME]);

#endif
