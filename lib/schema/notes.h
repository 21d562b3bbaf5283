/*
 * notes.h - what a room above has learned of a schema and keeps with it.
 *
 * A schema never changes, so neither does what its structure says.  Written once by whoever is
 * first; any thread.
 */
#ifndef FLUME_SCHEMA_NOTES_H
#define FLUME_SCHEMA_NOTES_H

#include "lib/flume.h"

struct schema_notes { /* first member of what the room keeps */
	void (*free)(struct schema_notes *);
};

/* NULL: nothing yet.  Lives as long as the schema. */
const struct schema_notes *schema_get_notes(const flume_schema *);
/* Keeps them, unless there are some already. */
void schema_take_notes(flume_schema *, struct schema_notes *);

#endif
