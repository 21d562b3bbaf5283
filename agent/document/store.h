/* store.h - documents that were freed, for the next ones of the same thread. */
#ifndef FLUME_AGENT_DOCUMENT_STORE_H
#define FLUME_AGENT_DOCUMENT_STORE_H

#include "agent/document/body.h"

/* NULL when there is none.  What it holds is of no use, its memory is. */
struct document *store_take(void);
/* False when there is no place for it, or it is too large. */
bool store_keep(struct document *);
/* Gives its memory back. */
void store_destroy(struct document *);

#endif
