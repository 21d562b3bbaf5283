/*
 * libjq has no limit on steps, time or memory, recursion in it ends in a crash, and when it finds no
 * memory it aborts: `def f: f; f`, `[range(1e9)]` and `"x" * 1e9` are one line each.  A thread that
 * runs one cannot be stopped, so each program runs in a process: that can be killed, has a bound on its
 * memory, no files and no environment, and takes nothing with it.  It costs a document some ten
 * microseconds to go there and back.
 *
 * The process is this program again, begun with a name of its own (jail_inside.c): there is no other
 * file to find, and nothing of the agent's memory in it.  A fork that goes on would have locks that
 * other threads held at that moment, of time zones or of a sanitizer's heap, and wait for them for ever.
 */
#include "agent/outside/jail.h"

#include "agent/document/over.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST       16
#define LOOK_MS    20
#define RESULT_MAX ((size_t)64 << 20)
#define COMPILE_NS INT64_C(5000000000)

struct jail {
	pid_t pid; /* 0: there is none */
	int fd;
	bool busy;
	bool has_run; /* before that it knows no program */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t is_free = PTHREAD_COND_INITIALIZER;
static struct jail jails[MOST];
static size_t users;

static int64_t now_ns(void)
{
	const struct flume_clock *clock = flume_clock_real();
	return clock->now_ns(clock->arg);
}

/* ---- processes ---- */

/* No environment: there may be secrets in it.  No signal but what it asks for. */
static int set_up(posix_spawnattr_t *attr, posix_spawn_file_actions_t *files, int inner)
{
	sigset_t all;
	sigfillset(&all);
	int bad = posix_spawnattr_setsigmask(attr, &all);
	if (!bad)
		bad = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK);
	return bad ? bad : posix_spawn_file_actions_adddup2(files, inner, JAIL_FD);
}

/* 0 or what errno would be. */
static int spawn(pid_t *out, int inner)
{
	char name[] = JAIL_NAME;
	char *const argv[] = {name, NULL}, *const none[] = {NULL};
	posix_spawnattr_t attr;
	posix_spawn_file_actions_t files;
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_init(&files);
	int bad = set_up(&attr, &files, inner);
	if (!bad)
		bad = posix_spawn(out, "/proc/self/exe", &files, &attr, argv, none);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return bad;
}

/* 0 or what errno would be. */
static int open_jail(struct jail *jail)
{
	int ends[2];
	pid_t pid = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return errno;
	int bad = spawn(&pid, ends[1]);
	close(ends[1]);
	if (bad) {
		close(ends[0]);
		return bad;
	}
	jail->pid = pid;
	jail->fd = ends[0];
	jail->has_run = false;
	return 0;
}

static int open_or_say(struct jail *jail, struct flume_err *err)
{
	int bad = open_jail(jail);
	return bad ? flume_fail(err, FLUME_NOMEM, "no process can be had to run jq in: %s",
				strerror(bad))
		   : FLUME_OK;
}

static pid_t await(pid_t pid, int *status)
{
	pid_t rc;
	do
		rc = waitpid(pid, status, 0);
	while (rc < 0 && errno == EINTR);
	return rc;
}

/* How it ended, when it did so by itself. */
static void close_jail(struct jail *jail, int *status)
{
	close(jail->fd);
	kill(jail->pid, SIGKILL);
	*status = 0;
	(void)await(jail->pid, status);
	jail->pid = 0;
}

/* ---- whose it is ---- */

static size_t most_jails(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	return cpus < 2 ? 2 : cpus < MOST ? (size_t)cpus : MOST;
}

/* One that is there before one that would have to be made. */
static struct jail *find_free(void)
{
	struct jail *empty = NULL;
	for (size_t i = 0, n = most_jails(); i < n; i++) {
		if (!jails[i].busy && jails[i].pid)
			return &jails[i];
		if (!jails[i].busy && !empty)
			empty = &jails[i];
	}
	return empty;
}

static int give_up(const struct flume_call *call, struct flume_err *err)
{
	bool cancelled = flume_cancel_requested(call->cancel);
	return flume_fail(err, cancelled ? FLUME_CANCELLED : FLUME_TIMED_OUT,
			  "the call was over before the program");
}

static int take(const struct flume_call *call, struct jail **out, struct flume_err *err)
{
	struct jail *jail;
	pthread_mutex_lock(&lock);
	while (!(jail = find_free()) && !call_is_over(call)) {
		struct timespec at;
		clock_gettime(CLOCK_REALTIME, &at);
		at.tv_nsec += LOOK_MS * 1000000L;
		at.tv_sec += at.tv_nsec / 1000000000;
		at.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&is_free, &lock, &at);
	}
	if (jail)
		jail->busy = true;
	pthread_mutex_unlock(&lock);
	if (!jail)
		return give_up(call, err);
	*out = jail;
	return jail->pid ? FLUME_OK : open_or_say(jail, err);
}

static void give_back(struct jail *jail)
{
	int status;
	pthread_mutex_lock(&lock);
	bool unused = !users && jail->pid;
	pthread_mutex_unlock(&lock);
	if (unused)
		close_jail(jail, &status);
	pthread_mutex_lock(&lock);
	jail->busy = false;
	pthread_cond_signal(&is_free);
	pthread_mutex_unlock(&lock);
}

void jail_hold(void)
{
	pthread_mutex_lock(&lock);
	users++;
	pthread_mutex_unlock(&lock);
}

void jail_release(void)
{
	int status;
	pthread_mutex_lock(&lock);
	users--;
	for (size_t i = 0; i < MOST && !users; i++)
		if (!jails[i].busy && jails[i].pid)
			close_jail(&jails[i], &status);
	pthread_mutex_unlock(&lock);
}

/* ---- talking ---- */

struct talk {
	struct jail *jail;
	const struct jail_job *job;
	bool unread; /* when it ended it had not read all that it was sent */
	int64_t limit_ns, until_ns;
	size_t at, len; /* of what came and was not looked at yet */
	char inbox[8 << 10];
};

/* 0: go on; else it is not waited for any more. */
static int wait_for(const struct talk *t, short events, struct flume_err *err)
{
	struct pollfd ready = {.fd = t->jail->fd, .events = events};
	for (;;) {
		int64_t left_ns = t->until_ns - now_ns();
		int ms = (int)(left_ns / 1000000) + 1;
		if (left_ns > 0 && poll(&ready, 1, ms < LOOK_MS ? ms : LOOK_MS) > 0)
			return FLUME_OK;
		if (call_is_over(t->job->call))
			return give_up(t->job->call, err);
		if (now_ns() >= t->until_ns)
			return flume_fail(err, FLUME_FAILED,
					  "the program was not over after %lld ms",
					  (long long)(t->limit_ns / 1000000));
	}
}

/* FLUME_IO: the jail has ended. */
static int put(struct talk *t, struct iovec *parts, size_t n, struct flume_err *err)
{
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = n};
	while (message.msg_iovlen) {
		ssize_t sent = sendmsg(t->jail->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN && errno != EINTR) {
			t->unread = true;
			return FLUME_IO;
		}
		int rc = sent < 0 ? wait_for(t, POLLOUT, err) : 0;
		if (rc)
			return rc;
		size_t left = sent > 0 ? (size_t)sent : 0;
		struct iovec *part = message.msg_iov;
		while (message.msg_iovlen && left >= part->iov_len) {
			left -= part->iov_len;
			message.msg_iov = ++part;
			message.msg_iovlen--;
		}
		if (message.msg_iovlen) {
			part->iov_base = (char *)part->iov_base + left;
			part->iov_len -= left;
		}
	}
	return FLUME_OK;
}

static int refill(struct talk *t, struct flume_err *err)
{
	for (;;) {
		int rc = wait_for(t, POLLIN, err);
		if (rc)
			return rc;
		ssize_t got = recv(t->jail->fd, t->inbox, sizeof t->inbox, MSG_DONTWAIT);
		if (got > 0) {
			t->at = 0;
			t->len = (size_t)got;
			return FLUME_OK;
		}
		if (!got || (errno != EAGAIN && errno != EINTR)) {
			t->unread = got < 0 && errno == ECONNRESET;
			return FLUME_IO;
		}
	}
}

static int get(struct talk *t, void *to, size_t n, struct flume_err *err)
{
	for (char *at = to; n;) {
		int rc = t->at == t->len ? refill(t, err) : FLUME_OK;
		if (rc)
			return rc;
		size_t part = t->len - t->at < n ? t->len - t->at : n;
		memcpy(at, t->inbox + t->at, part);
		t->at += part;
		at += part;
		n -= part;
	}
	return FLUME_OK;
}

static int get_text(struct talk *t, size_t n, struct text *out, struct flume_err *err)
{
	char piece[4096];
	int rc = n <= RESULT_MAX
			 ? FLUME_OK
			 : flume_fail(err, FLUME_FAILED,
				      "the result has %zu bytes, more than %zu", n, RESULT_MAX);
	out->len = 0;
	while (n && !rc) {
		size_t part = n < sizeof piece ? n : sizeof piece;
		rc = get(t, piece, part, err);
		if (!rc)
			text_add_n(out, piece, part);
		n -= part;
	}
	if (!rc && out->failed)
		rc = flume_fail(err, FLUME_NOMEM, "out of memory");
	return rc;
}

static int ask(struct talk *t, enum jail_mode mode, enum jail_outcome *outcome,
	       struct text *out, struct flume_err *err)
{
	const struct jail_job *job = t->job;
	bool compile = mode == JAIL_COMPILE;
	int64_t limit_ns = compile ? COMPILE_NS : job->limit_ns;
	struct jail_answer answer;
	const struct jail_ask head = {
		.id = job->id,
		.mode = mode,
		.limit_ms = (uint32_t)(limit_ns / 1000000),
		.program_len = compile ? (uint32_t)strlen(job->program) : 0,
		.len = compile ? 0 : (uint32_t)job->len,
	};
	t->limit_ns = limit_ns;
	t->until_ns = now_ns() + limit_ns;
	struct iovec parts[] = {
		{(void *)(uintptr_t)&head, sizeof head},
		{(void *)(uintptr_t)(compile ? job->program : job->json),
		 compile ? head.program_len : job->len},
	};
	t->at = t->len = 0;
	int rc = put(t, parts, 2, err);
	if (!rc)
		rc = get(t, &answer, sizeof answer, err);
	if (!rc)
		rc = get_text(t, answer.len, out, err);
	if (!rc)
		*outcome = answer.outcome;
	return rc;
}

/* A jail that has run many others may have lost the program.  A new one has none, and the time that it
 * takes to begin is not the document's. */
static int ask_twice(struct talk *t, enum jail_outcome *outcome, struct text *out,
		     struct flume_err *err)
{
	int rc = FLUME_OK;
	*outcome = JAIL_UNKNOWN;
	if (t->jail->has_run)
		rc = ask(t, t->job->mode, outcome, out, err);
	if (rc || *outcome != JAIL_UNKNOWN)
		return rc;
	rc = ask(t, JAIL_COMPILE, outcome, out, err);
	if (rc)
		return rc;
	t->jail->has_run = true;
	return *outcome == JAIL_RESULT && t->job->mode != JAIL_COMPILE
		       ? ask(t, t->job->mode, outcome, out, err)
		       : FLUME_OK;
}

/* A jail that somebody killed while it waited has not run anything: the job goes to a new one. */
static int ask_one_that_lives(struct talk *t, enum jail_outcome *outcome, struct text *out,
			      struct flume_err *err)
{
	int status;
	t->unread = false;
	int rc = ask_twice(t, outcome, out, err);
	if (rc != FLUME_IO || !t->unread)
		return rc;
	close_jail(t->jail, &status);
	rc = open_or_say(t->jail, err);
	return rc ? rc : ask_twice(t, outcome, out, err);
}

/* What made the jail end: jq aborts when it finds no memory, and crashes when it is nested too deep. */
static int explain_end(int status, struct flume_err *err)
{
	int by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	const char *why = by == SIGABRT
				  ? "the program took too much memory, or met a fault of jq"
			  : by == SIGSEGV ? "the program went too deep, or met a fault of jq"
			  : by == SIGKILL ? "the system took the memory of the program away"
					  : "the process that ran the program ended";
	return flume_fail(err, FLUME_FAILED, "%s", why);
}

int jail_run(const struct jail_job *job, enum jail_outcome *outcome, struct text *out,
	     struct flume_err *err)
{
	struct talk t; /* most of it is room that need not be cleared */
	int status = 0;
	t.job = job;
	t.jail = NULL;
	int rc = take(job->call, &t.jail, err);
	if (!t.jail)
		return rc;
	if (!rc)
		rc = ask_one_that_lives(&t, outcome, out, err);
	if (rc && t.jail->pid) {
		if (rc == FLUME_IO) { /* it is dead, or dying: let it say how */
			(void)await(t.jail->pid, &status);
			close(t.jail->fd);
			t.jail->pid = 0;
			rc = explain_end(status, err);
		} else {
			close_jail(t.jail, &status);
		}
	}
	give_back(t.jail);
	return rc;
}
