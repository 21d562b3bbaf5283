/* operator_fixture.h - what operators say to an engine, and a node that hears it. */
#ifndef FLUME_TESTS_UNIT_OPERATOR_FIXTURE_H
#define FLUME_TESTS_UNIT_OPERATOR_FIXTURE_H

#include "agent/engine/note.h"
#include "tests/unit/engine_fixture.h"

/* A word as the store has it, and as an engine is given it. */
#define ADA "{\"by\": \"ada\", \"why\": \"incident 42\", \"at\": \"2026-11-27T12:00:00Z\"}"
extern const struct note ada;

/* Each test has a site whose sides have listed nothing. */
TCase *operator_case(Suite *, const char *name);
/* "a" 1.0.0 of mark 1, at revision 5, proven. */
void operator_run_one(void);

#endif
