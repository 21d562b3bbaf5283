#include "tests/unit/serve_fixture.h"

#include "tests/unit/memory.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct served the;

/* ---- a handler: what it does is the path ---- */

static void answer(struct exchange *x, unsigned status, const char *body, size_t len)
{
	exchange_status(x, status);
	exchange_add_header(x, "X-Path", exchange_path(x));
	exchange_send(x, body, len);
}

static bool asks(struct exchange *x, const char *path)
{
	return !strcmp(exchange_path(x), path);
}

static void on_begin(struct exchange *x)
{
	the.began++;
	if (asks(x, "/no"))
		answer(x, 404, "no", 2);
	else if (asks(x, "/stream"))
		exchange_take_pieces(x);
	else if (asks(x, "/small"))
		exchange_limit_body(x, 10);
}

/* As long as there is room. */
static void write_endlessly(struct exchange *x)
{
	static char block[32 << 10];
	memset(block, 'x', sizeof block);
	do
		the.written += sizeof block;
	while (exchange_write(x, block, sizeof block));
}

static void *wake_aside(void *x)
{
	nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	exchange_wake(x);
	return NULL;
}

/* No assertions on the server's threads: they need memory too. */
static void start(void *(*fn)(void *), void *arg)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, fn, arg))
		fn(arg);
	else
		pthread_detach(thread);
}

static void on_run(struct exchange *x)
{
	size_t len;
	const char *body = exchange_body(x, &len);
	the.ran++;
	if (asks(x, "/aside")) {
		exchange_park(x);
		start(wake_aside, x);
	} else if (asks(x, "/park")) {
		exchange_park(x);
		the.parked = x;
	} else if (asks(x, "/endless")) {
		exchange_status(x, 200);
		exchange_stream(x);
		write_endlessly(x);
	} else if (asks(x, "/bare")) {
		exchange_status(x, 200);
		exchange_stream(x);
		exchange_write(x, "bare", 4);
		exchange_end(x);
	} else if (asks(x, "/large")) {
		char *large = calloc(1, 8 * MEGA);
		answer(x, large ? 200 : 503, large, large ? 8 * MEGA : 0);
		free(large);
	} else if (asks(x, "/arm")) {
		answer(x, 200, "", 0);
		memory_fails_at(the.nth);
	} else if (asks(x, "/disarm")) {
		the.failed = memory_is_back();
		answer(x, 200, "", 0);
	} else if (asks(x, "/pack")) {
		exchange_status(x, 200);
		exchange_may_compress(x);
		exchange_send(x, body, len);
	} else {
		answer(x, 200, body, len);
	}
}

static size_t on_piece(struct exchange *x, const char *data, size_t len)
{
	if (the.stingy)
		return 0;
	bool *streams = exchange_own(x);
	if (!*streams) {
		exchange_status(x, 200);
		exchange_may_compress(x);
		exchange_stream(x);
		*streams = true;
	}
	the.pieces += len;
	if (len && data[len - 1] == '\n')
		exchange_moved(x);
	if (len) {
		exchange_write(x, data, len);
		exchange_flush(x);
	} else {
		exchange_trailer(x, "X-Behind", "yes");
		exchange_end(x);
	}
	return len;
}

static void on_room(struct exchange *x)
{
	the.roomy++;
	if (asks(x, "/endless"))
		write_endlessly(x);
}

static void on_late(struct exchange *x)
{
	const bool *streams = exchange_own(x);
	the.late++;
	if (!*streams)
		return;
	exchange_write(x, "too late", 8);
	exchange_abort(x);
}

static void on_woken(struct exchange *x)
{
	if (asks(x, "/stream"))
		exchange_resume(x);
	else if (asks(x, "/endless"))
		exchange_abort(x);
	else
		answer(x, 200, "woken", 5);
}

static void on_gone(struct exchange *x)
{
	(void)x;
	the.gone++;
}

static void on_done(struct exchange *x)
{
	*(bool *)exchange_own(x) = false;
	the.done++;
}

static void on_turned_away(void *arg)
{
	(void)arg;
	the.turned_away++;
}

static const struct serve_handler handler = {
	.size = sizeof(bool),
	.begin = on_begin,
	.run = on_run,
	.piece = on_piece,
	.room = on_room,
	.late = on_late,
	.woken = on_woken,
	.gone = on_gone,
	.done = on_done,
	.turned_away = on_turned_away,
};

static void open_with(struct serve_options options)
{
	memset(&the, 0, sizeof the);
	the.serve = serve_new(&options, &handler);
	ck_assert_ptr_nonnull(the.serve);
}

static void open_usual(void)
{
	open_with((struct serve_options){0});
}

static void shut(void)
{
	the.serve = serve_free(the.serve);
	ck_assert_int_ge(the.done, the.began); /* those that never began are done too */
}

void serve_reopen(struct serve_options options)
{
	shut();
	open_with(options);
}

/* ---- clients ---- */

void serve_pair(int fds[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
}

int serve_enter_as(int family)
{
	int fds[2];
	struct sockaddr from = {.sa_family = (sa_family_t)family};
	serve_pair(fds);
	serve_enter(the.serve, fds[1], &from, sizeof from);
	return fds[0];
}

int serve_client(void)
{
	return serve_enter_as(AF_INET);
}

void serve_say_n(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
		ck_assert_int_gt(n, 0);
		text += n;
		len -= (size_t)n;
	}
}

void serve_say(int fd, const char *text)
{
	serve_say_n(fd, text, strlen(text));
}

/* What has come so far, and more until `part` is in it. */
const char *serve_hear(int fd, const char *part)
{
	static char heard[65536];
	size_t len = 0;
	heard[0] = '\0';
	while (!strstr(heard, part)) {
		ssize_t n = recv(fd, heard + len, sizeof heard - 1 - len, 0);
		ck_assert_msg(n > 0, "'%s' did not come, but '%s'", part, heard);
		len += (size_t)n;
		heard[len] = '\0';
	}
	return heard;
}

/* All of it, to an orderly end. */
size_t serve_hear_all(int fd, char **out)
{
	size_t len = 0, cap = 1 << 16;
	char *all = malloc(cap + 1);
	ssize_t n;
	while ((n = recv(fd, all + len, cap - len, 0)) > 0) {
		len += (size_t)n;
		if (len == cap)
			all = realloc(all, (cap *= 2) + 1);
		ck_assert_ptr_nonnull(all);
	}
	ck_assert_int_eq(n, 0);
	all[len] = '\0';
	close(fd);
	*out = all;
	return len;
}

void serve_expect_all(int fd, const char *part)
{
	char *all;
	serve_hear_all(fd, &all);
	ck_assert_msg(strstr(all, part) != NULL, "'%s' is not in '%s'", part, all);
	free(all);
}

TCase *serve_case(Suite *suite, const char *name)
{
	TCase *t = tcase_create(name);
	tcase_add_checked_fixture(t, open_usual, shut);
	tcase_set_timeout(t, 60);
	suite_add_tcase(suite, t);
	return t;
}
