/*
 * trace.h - what happened, in the order it did: for people when a promise was broken, and as a
 * sum, by which two runs of a seed are compared.
 */
#ifndef FLUME_SIM_TRACE_H
#define FLUME_SIM_TRACE_H

#include "lib/flume.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

void trace_open(bool aloud); /* aloud: to stderr as it happens */
/* One line, with the time and the node whose code runs. */
void trace(const char *fmt, ...) FLUME_PRINTF(1, 2);
uint64_t trace_sum(void);
/* The last lines. */
void trace_print(FILE *, size_t most);

/* Ends the run; the first one counts. */
void promise_broken(const char *fmt, ...) FLUME_PRINTF(1, 2);
const char *promise_text(void); /* NULL: none was */

#endif
