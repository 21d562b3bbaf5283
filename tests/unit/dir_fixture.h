/*
 * dir_fixture.h - a folder of schemas, a source that follows it, and what the source said last.
 * Paths of files are below the folder.
 */
#ifndef FLUME_TESTS_UNIT_DIR_FIXTURE_H
#define FLUME_TESTS_UNIT_DIR_FIXTURE_H

#include "agent/source/source.h"

#include <check.h>

extern struct dir_site {
	char top[256], dir[300]; /* a folder of the test's own, and "schemas" in it */
	struct loop *loop;
	struct source *source;
	char *seen; /* "a=text b=text" */
	size_t batches, proofs;
	int fails; /* so many batches are not taken in */
	bool up, told;
} dir_site;
extern const struct sink dir_sink; /* tells dir_site */

/* A case in which each test has a folder, and no source yet. */
TCase *dir_case(Suite *, const char *name);
/* Starts the source: on events, or with a pace. */
void dir_follow(int64_t poll_ns);

void dir_path(char out[512], const char *file);
void dir_put(const char *file, const char *text);
void dir_move(const char *from, const char *to);
void dir_link(const char *to, const char *at);
void dir_drop(const char *file);

/* Each turns the loop until it is so, and fails the test when it is not in time. */
void dir_expect(const char *seen);
void dir_expect_link(bool up);
void dir_until_batches(size_t n);
void dir_until_proofs(size_t n);
void dir_go_on_for(int64_t ms);

#endif
