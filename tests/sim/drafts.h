/*
 * drafts.h - the documents that people write, and what each of them will do.
 *
 * Every text that is written is a draft with a number, which its one processor carries; so each
 * call, canary or live, tells the world which draft served it.
 */
#ifndef FLUME_SIM_DRAFTS_H
#define FLUME_SIM_DRAFTS_H

#include "tests/sim/sim.h"

#include "lib/flume.h"

#define NAMES_MOST  6
#define DRAFTS_MOST 192

enum trait {
	DRAFT_GOOD,
	DRAFT_SLOW, /* its canary takes a while                                     */
	DRAFT_WITHOUT_CASES,
	DRAFT_UNPARSABLE,
	DRAFT_UNKNOWN_STEP, /* names a processor that nobody has                            */
	DRAFT_FAILS_CANARY,
	DRAFT_HANGS_CANARY,
	DRAFT_CRASHES_CANARY, /* and the agent with it                                        */
	DRAFT_FAILS_LIVE,     /* passes its canary, then most calls fail                      */
	DRAFT_CRASHES_LIVE,
	DRAFT_BREAKS_USERS, /* the canary of whoever refers to it fails                     */
	DRAFT_TRAITS
};

struct draft {
	unsigned number;
	unsigned name; /* index */
	enum trait trait;
	bool reuses;   /* the version of another draft */
	int refers_to; /* a name; -1: none */
	char version[24];
	char digest[80];
	char *text;
	size_t len;
	bool parses;
};

void drafts_open(void);
void drafts_close(void);
const char *name_text(unsigned name);
/* -1: none of ours. */
int name_index(const char *text);

/* `version` of the form major.minor.0 is up to the writer; minor 0 and up. */
struct draft *draft_new(unsigned name, enum trait, unsigned minor, int refers_to);
unsigned drafts_count(void);
struct draft *draft_at(unsigned number);
struct draft *draft_by_digest(const char *digest); /* NULL: none */
const char *trait_text(enum trait);

int drafts_register(flume_factory *);

#endif
