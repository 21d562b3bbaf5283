/* ab_fixture.h - verbs of the tests about A/B switches.  Each one fails the test by itself. */
#ifndef FLUME_TESTS_UNIT_AB_FIXTURE_H
#define FLUME_TESTS_UNIT_AB_FIXTURE_H

#include "agent/split/ab.h"

struct ab_switch *read_switch(const char *name, const char *yaml);
/* By `id`, salted "salt", with these weights of "a", "b", ...; the first is the default. */
struct ab_switch *weigh_switch(const uint32_t *weights, size_t n);
/* The variant that a document with `{"id":KEY}`, KEY as JSON, is in. */
void expect_variant(const struct ab_switch *, const char *document, const char *variant,
		    enum ab_why);
/* Weights that sum to AB_WHOLE, at random; some are 0. */
void random_weights(uint32_t *weights, size_t n, uint64_t *state);
uint64_t random_next(uint64_t *state);

#endif
