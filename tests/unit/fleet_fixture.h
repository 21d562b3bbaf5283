/* fleet_fixture.h - a fleet of words: what the store wants, and what each node says. */
#ifndef FLUME_TESTS_UNIT_FLEET_FIXTURE_H
#define FLUME_TESTS_UNIT_FLEET_FIXTURE_H

#include "agent/fleet/view.h"
#include "lib/base/text.h"

struct fleet_word {
	const char *key;  /* "schemas/a", "switches/a", "nodes/n1" */
	int64_t revision; /* of a schema or a switch */
	const char *text; /* of a node */
};
#define WORDS_END             \
	{                     \
		NULL, 0, NULL \
	}

/* Where they have stood before the test. */
extern const struct fleet_word fleet_well[], fleet_troubled[];

/* NULL when out of memory. */
struct fleet_view *fleet_of(const struct fleet_word *, const char *only);

#endif
