/*
 * serve_fixture.h - a server on the ends of socket pairs, whose handler does what the path says, and clients.
 *
 *     /no       404 in begin            /aside    answered by another thread, soon
 *     /stream   what comes goes back    /park     by whoever calls exchange_wake(the.parked)
 *     /small    10 bytes at the most    /endless  as long as there is room
 *     /bare     a stream in one piece   /large    8 MiB
 *     /pack     compressed              another   the body
 *     /arm      from then on the.nth allocation of the thread fails, until /disarm, which sets the.failed
 *
 * Each test has one: TCase from serve_case.
 */
#ifndef FLUME_TESTS_UNIT_SERVE_FIXTURE_H
#define FLUME_TESTS_UNIT_SERVE_FIXTURE_H

#include "agent/serve/serve.h"

#include <check.h>
#include <stdatomic.h>
#include <time.h>

#define MEGA ((size_t)1 << 20)

extern struct served {
	struct serve *serve;
	atomic_int began, ran, done, gone, roomy, late, turned_away;
	atomic_size_t pieces, written; /* bytes */
	atomic_bool stingy;            /* pieces are not taken */
	atomic_long nth;
	atomic_bool failed;
	_Atomic(struct exchange *) parked;
} the;

#define UNTIL(condition)     \
	while (!(condition)) \
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL)

#define GET(path)   "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST_STREAM "POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

TCase *serve_case(Suite *, const char *name);
/* With other options than the usual ones. */
void serve_reopen(struct serve_options);

/* Connected, as if over TCP. */
int serve_client(void);
int serve_enter_as(int family);
/* The client's end, and one for serve_enter, which the caller does. */
void serve_pair(int fds[2]);
void serve_say(int fd, const char *text);
void serve_say_n(int fd, const char *text, size_t len);
/* What has come so far, and more until `part` is in it; good until the next call. */
const char *serve_hear(int fd, const char *part);
/* All of it, to an orderly end; free(3). */
size_t serve_hear_all(int fd, char **out);
void serve_expect_all(int fd, const char *part);

#endif
