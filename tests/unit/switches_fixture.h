/*
 * switches_fixture.h - the switches of a node on the site of engine_fixture.h, and the verbs of a store
 * that changes them.  lever_case in the place of site_case.
 */
#ifndef FLUME_TESTS_UNIT_SWITCHES_FIXTURE_H
#define FLUME_TESTS_UNIT_SWITCHES_FIXTURE_H

#include "tests/unit/engine_fixture.h"

#include "agent/split/switchboard.h"
#include "agent/switches/switches.h"

extern struct lever {
	struct switchboard *board;
	struct switches *all;
	struct sink sink;
	size_t booted; /* how many switches the disk had */
} lever;

TCase *lever_case(Suite *, const char *name);
/* After an orderly end: everything anew, on the same folder. */
void lever_restart(void);
/* The switches alone, on the same board; after lever_close. */
void lever_open(void);
void lever_close(void);

/* variants a (with that share, "90") and b, by user.id, the default a; `more` are lines, or "". */
const char *lever_text(const char *version, const char *share_a, const char *share_b,
		       const char *more);
/* An event each; `text` NULL deletes.  Returns what the sink did. */
int lever_put(const char *name, int64_t revision, const char *text);
int lever_list(int64_t revision, const struct site_key *keys, size_t n);
#define LEVER_LIST(revision, ...)                                    \
	lever_list(revision, (const struct site_key[]){__VA_ARGS__}, \
		   sizeof((const struct site_key[]){__VA_ARGS__}) / sizeof(struct site_key))
void lever_delete_at_once(int64_t revision, const char *const *names, size_t n);
void lever_submit(const char *name, const char *text);

/* The variant of the user "u"; "-" when there is no such switch. */
const char *lever_variant(const char *name);
/* A schema that asks the switch, with these routes, {a: ..., b: ...} of two processors. */
const char *asking(const char *version, const char *name, const char *const routes[2]);
/* Is it on the shelf, in front? */
bool lever_is_front(const char *name);

#endif
