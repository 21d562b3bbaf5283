/*
 * notes.h - what a room above has learned of a schema and keeps with it.
 *
 * A schema never changes, so neither does what its structure says.  Written once by whoever is
 * first; any thread.
 */
#ifndef FLUME_SCHEMA_NOTES_H
#define FLUME_SCHEMA_NOTES_H

#include "lib/flume.h"

#include <stdint.h>

struct schema_notes { /* first member of what the room keeps */
	void (*free)(struct schema_notes *);
};

/* Notes of a schema that is never looked at again are not worth their memory: false the first
 * time, true from then on. */
bool schema_met(flume_schema *);
/* NULL: nothing yet.  Lives as long as the schema. */
const struct schema_notes *schema_get_notes(const flume_schema *);
/* Keeps them, unless there are some already. */
void schema_take_notes(flume_schema *, struct schema_notes *);

/* How much there is in a schema: maps, and elements of lists and entries of maps together. */
struct schema_size {
	uint32_t maps, members;
};
struct schema_size schema_size(const flume_schema *);

#endif
