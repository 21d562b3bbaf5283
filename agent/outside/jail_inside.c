/*
 * Inside of the jail: one program after the other is compiled, run and answered.  Whatever goes wrong
 * here ends this process alone, so nothing is handled that the other side sees anyway as an end.
 *
 * A program that has this file becomes a jail before its main() when it was begun as one: so none of
 * them, the agent or one that tests it, has to remember to.
 */
#include "agent/outside/jail_wire.h"
#include "lib/base/text.h"

#include <fcntl.h>
#include <jq.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#define MEMORY   ((rlim_t)128 << 20) /* beyond what was there at the beginning */
#define STACK    ((rlim_t)16 << 20)
#define PROGRAMS 32

struct compiled {
	uint64_t id; /* 0: free */
	jq_state *jq;
	uint64_t used;
};

static struct compiled programs[PROGRAMS];
static uint64_t turn;

/* ---- the walls ---- */

static void set_limit(int what, rlim_t value)
{
	const struct rlimit limit = {value, value};
	(void)setrlimit(what, &limit);
}

/* The kernel leaves more room than this below the first thread's, whatever the limit was before. */
static void set_stack(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_max < STACK)
		return;
	limit.rlim_cur = STACK;
	(void)setrlimit(RLIMIT_STACK, &limit);
}

static rlim_t mapped(void)
{
	char line[128];
	rlim_t pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (file) {
		if (fgets(line, sizeof line, file))
			pages = strtoul(line, NULL, 10);
		fclose(file);
	}
	return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* When memory is scarce, this process goes first. */
static void offer_myself(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)!write(fd, "1000", 4);
		close(fd);
	}
}

/* Who asked kills what takes too long.  If that one is dead, this has to end by itself: a second of
 * processor time at a time is counted, which costs an idle process nothing. */
static volatile sig_atomic_t seconds, most_seconds;

static void on_second(int signal_number)
{
	(void)signal_number;
	if (++seconds > most_seconds)
		_exit(1);
}

static void hear_the_clock(void)
{
	const struct itimerval every = {.it_interval = {.tv_sec = 1},
					.it_value = {.tv_sec = 1}};
	struct sigaction action = {.sa_handler = on_second, .sa_flags = SA_RESTART};
	sigset_t set;
	sigaction(SIGPROF, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGPROF);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	setitimer(ITIMER_PROF, &every, NULL);
}

/* No descriptor but the wire and none to come, no core. */
static void build_walls(void)
{
	offer_myself();
	rlim_t before = mapped();
	int null = open("/dev/null", O_RDWR);
	for (int i = 0; i < 3 && null >= 0; i++)
		dup2(null, i);
	close_range(JAIL_FD + 1, ~0U, 0);
	(void)prctl(PR_SET_NAME, JAIL_NAME);
	(void)prctl(PR_SET_DUMPABLE, 0);
	set_limit(RLIMIT_NOFILE, 0);
	set_limit(RLIMIT_CORE, 0);
	set_stack();
	if (before)
		set_limit(RLIMIT_AS, before + MEMORY);
	hear_the_clock();
}

/* ---- the wire ---- */

static char inbox[16 << 10];
static size_t inbox_at, inbox_len;

static void read_all(void *to, size_t n)
{
	for (char *at = to; n;) {
		if (inbox_at == inbox_len) {
			ssize_t got = read(JAIL_FD, inbox, sizeof inbox);
			if (got <= 0)
				_exit(0); /* nobody needs this any more */
			inbox_at = 0;
			inbox_len = (size_t)got;
		}
		size_t part = inbox_len - inbox_at < n ? inbox_len - inbox_at : n;
		memcpy(at, inbox + inbox_at, part);
		inbox_at += part;
		at += part;
		n -= part;
	}
}

static void write_all(const void *from, size_t n)
{
	for (const char *at = from; n;) {
		ssize_t put = write(JAIL_FD, at, n);
		if (put <= 0)
			_exit(0);
		at += put;
		n -= (size_t)put;
	}
}

static char *read_text(size_t n)
{
	char *text = malloc(n + 1);
	if (!text)
		abort();
	read_all(text, n);
	text[n] = '\0';
	return text;
}

static void answer(enum jail_outcome outcome, const char *text, size_t len)
{
	const struct jail_answer head = {outcome, (uint32_t)len};
	struct text whole = {0};
	text_add_n(&whole, (const char *)&head, sizeof head);
	text_add_n(&whole, text, len);
	if (whole.failed)
		abort();
	write_all(whole.s, whole.len);
	text_fini(&whole);
}

/* ---- programs ---- */

static void take_message(void *arg, jv message)
{
	struct text *first = arg;
	if (!first->len && jv_get_kind(message) == JV_KIND_STRING)
		text_add(first, jv_string_value(message));
	jv_free(message);
}

static struct compiled *find(uint64_t id)
{
	for (size_t i = 0; i < PROGRAMS; i++)
		if (programs[i].id == id)
			return &programs[i];
	return NULL;
}

static struct compiled *free_place(void)
{
	struct compiled *oldest = &programs[0];
	for (size_t i = 0; i < PROGRAMS; i++)
		if (programs[i].used < oldest->used)
			oldest = &programs[i];
	if (oldest->id)
		jq_teardown(&oldest->jq);
	*oldest = (struct compiled){0};
	return oldest;
}

/* NULL, and the answer is given. */
static struct compiled *compile(uint64_t id, const char *text)
{
	struct text why = {0};
	jq_state *jq = jq_init();
	if (!jq)
		abort();
	jq_set_error_cb(jq, take_message, &why);
	jq_set_input_cb(jq, NULL, NULL); /* jq 1.6 leaves both as malloc gave them, */
	jq_set_debug_cb(jq, NULL, NULL); /* and `input` and `debug` call what is there */
	jq_set_attr(jq, jv_string("JQ_LIBRARY_PATH"), jv_array()); /* or import aborts */
	jq_set_attr(jq, jv_string("JQ_ORIGIN"), jv_string("/"));
	jq_set_attr(jq, jv_string("PROGRAM_ORIGIN"), jv_string("/"));
	if (!jq_compile(jq, text)) {
		answer(JAIL_REFUSED, why.s ? why.s : "", why.len);
		jq_teardown(&jq);
		text_fini(&why);
		return NULL;
	}
	jq_set_error_cb(jq, NULL, NULL);
	text_fini(&why);
	struct compiled *place = free_place();
	place->id = id;
	place->jq = jq;
	return place;
}

/* ---- runs ---- */

static void answer_json(jv value)
{
	jv text = jv_dump_string(value, 0);
	answer(JAIL_RESULT, jv_string_value(text),
	       (size_t)jv_string_length_bytes(jv_copy(text)));
	jv_free(text);
}

static void answer_message(jv message)
{
	jv text = jv_get_kind(message) == JV_KIND_STRING ? message : jv_dump_string(message, 0);
	answer(JAIL_ERROR, jv_string_value(text),
	       (size_t)jv_string_length_bytes(jv_copy(text)));
	jv_free(text);
}

/* `last` is what jq gave when it had no more results. */
static bool failed(jq_state *jq, jv last)
{
	if (jv_invalid_has_msg(jv_copy(last))) {
		answer_message(jv_invalid_get_msg(last));
		return true;
	}
	jv_free(last);
	if (jq_halted(jq)) {
		answer(JAIL_ERROR, "the program halted", strlen("the program halted"));
		return true;
	}
	return false;
}

static void collect(jq_state *jq)
{
	jv all = jv_array(), one;
	while (jv_is_valid(one = jq_next(jq)))
		all = jv_array_append(all, one);
	if (failed(jq, one))
		jv_free(all);
	else
		answer_json(all);
}

static void run(jq_state *jq, enum jail_mode mode)
{
	if (mode == JAIL_COLLECT) {
		collect(jq);
		return;
	}
	jv result = jq_next(jq);
	if (!jv_is_valid(result)) {
		if (!failed(jq, result))
			answer(JAIL_NONE, "", 0);
		return;
	}
	jv more = mode == JAIL_ONE ? jq_next(jq) : jv_invalid();
	if (jv_is_valid(more)) {
		jv_free(more);
		jv_free(result);
		answer(JAIL_MANY, "", 0);
	} else if (failed(jq, more)) {
		jv_free(result);
	} else {
		answer_json(result);
	}
}

/* jq reads at most 256 levels, which is as many as a document has. */
static void run_on(jq_state *jq, enum jail_mode mode, const char *json, size_t len)
{
	jv input = jv_parse_sized(json, (int)len);
	if (!jv_is_valid(input)) {
		answer_message(jv_invalid_get_msg(input));
		return;
	}
	jq_start(jq, input, 0);
	run(jq, mode);
}

static void serve(const struct jail_ask *ask)
{
	seconds = 0;
	most_seconds = (int)(ask->limit_ms / 1000) + 2;
	char *program = read_text(ask->program_len);
	char *json = read_text(ask->len);
	struct compiled *place = find(ask->id);
	if (place || ask->program_len) {
		if (!place)
			place = compile(ask->id, program);
		if (place) {
			place->used = ++turn;
			if (ask->mode == JAIL_COMPILE)
				answer(JAIL_RESULT, "", 0);
			else
				run_on(place->jq, (enum jail_mode)ask->mode, json, ask->len);
		}
	} else {
		answer(JAIL_UNKNOWN, "", 0);
	}
	free(program);
	free(json);
}

static _Noreturn void live(void)
{
	build_walls();
	for (;;) {
		struct jail_ask ask;
		read_all(&ask, sizeof ask);
		serve(&ask);
	}
}

__attribute__((constructor)) static void be_a_jail(int argc, char **argv)
{
	if (argc == 1 && !strcmp(argv[0], JAIL_NAME))
		live();
}
