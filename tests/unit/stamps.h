/*
 * stamps.h - a rig for many threads: processors v0 to v7, each leaving its letter, and schemas
 * that begin and end with the same stamp.
 */
#ifndef FLUME_TESTS_UNIT_STAMPS_H
#define FLUME_TESTS_UNIT_STAMPS_H

#include "tests/unit/fixture.h"

#define CALLERS  8
#define VERSIONS 8

struct stamp {
	char letter;
	atomic_bool alive; /* until its component is done */
};

extern struct stamp stamps[VERSIONS];
extern atomic_bool over;      /* for threads that go on until then            */
extern atomic_long bad, good; /* `bad` also counts stamps that ran when done  */

void stamps_open(void); /* instead of rig_open */
int run_stamp(const struct flume_call *, void **item, void *arg, struct flume_err *err);
/* The schema of version `v`: two stamps with something between them. */
flume_schema *stamped(int v);
/* Takes the schema. */
int stamps_set(const char *id, flume_schema *);
/* One letter, twice. */
bool is_whole(const char *marks);
void begin_thread(pthread_t *thread, void *(*run)(void *), void *arg);

#endif
