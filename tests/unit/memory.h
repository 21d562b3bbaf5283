/*
 * memory.h - memory that is counted, and runs out when a test says so.
 *
 * Takes the place of malloc and its kin for the whole program, shared libraries included, and
 * passes on to the real ones; only the thread that asked for it ever sees a failure.
 */
#ifndef FLUME_TESTS_UNIT_MEMORY_H
#define FLUME_TESTS_UNIT_MEMORY_H

#include <stdbool.h>

/* The `nth` allocation of this thread from now on fails, from 1; those after it do not. */
void memory_fails_at(long nth);
/* Has the failure happened by now? */
bool memory_has_failed(void);
/* As it always was.  Did the failure happen? */
bool memory_is_back(void);

/* How often this thread has allocated so far. */
long memory_taken(void);
/* What all threads together have allocated and not freed. */
long memory_alive(void);

#endif
