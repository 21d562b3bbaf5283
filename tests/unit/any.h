/*
 * any.h - schemas of all there is: drawn at random from the table of connectors, so that a new
 * connector is in every test that uses them.
 *
 * The same seed gives the same text.
 */
#ifndef FLUME_TESTS_UNIT_ANY_H
#define FLUME_TESTS_UNIT_ANY_H

#include "lib/base/text.h"
#include "lib/connector/connector.h"

struct vocabulary { /* lists end with NULL */
	const char *const *names[FLUME_KINDS];
	const char *const *schemas; /* that a ref may name too; may be NULL */
};

struct draw {
	const struct vocabulary *from;
	unsigned seed;
	unsigned count; /* of names given: no node is called as another one */
	struct text out;
};

unsigned any_number(struct draw *, unsigned below);
const char *any_word(struct draw *, const char *const *list);
/* A node of that connector, with others below it, `depth` levels. */
void any_node(struct draw *, const struct connector *, unsigned depth);
/* A schema whose root it is, of a version not met before. */
flume_schema *any_schema(struct draw *, const struct connector *, unsigned depth);
/* One of all connectors. */
const struct connector *any_connector(struct draw *);

#endif
