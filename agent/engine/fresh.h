/*
 * fresh.h - is what is known of the source still fresh?  Proofs and the time go in; what comes
 * out is whether the node is blind, and when to look again.  Pure.
 *
 * A source that is silent may be idle or dead.  So it has to prove, again and again, that nothing
 * is missing; a node that has heard no proof for `bound` is blind, whatever its connection says.
 */
#ifndef FLUME_AGENT_ENGINE_FRESH_H
#define FLUME_AGENT_ENGINE_FRESH_H

#include <stdbool.h>
#include <stdint.h>

struct fresh {
	int64_t bound;     /* ns; 0: never blind             */
	int64_t proved_at; /* the last proof, or the start   */
	bool blind;
};

enum fresh_news {
	FRESH_SAME,
	FRESH_BLIND, /* from now on */
	FRESH_SEES,  /* again       */
};

void fresh_begin(struct fresh *, int64_t bound, int64_t now);
enum fresh_news fresh_prove(struct fresh *, int64_t now);
/* `out_wake`: when to look again; INT64_MAX: not before the next proof. */
enum fresh_news fresh_look(struct fresh *, int64_t now, int64_t *out_wake);

#endif
