/*
 * Three things make a pattern slow, and each has its bound.  Backtracking from one place in the
 * text is counted by PCRE2 (match limit): a pattern whose work grows with the text does a few steps
 * a byte, which leaves room for many megabytes.  But it counts anew at each place, and `\d+x` on
 * 200,000 digits then takes 12 seconds without ever meeting a limit: so a callout at the start of
 * the pattern sees each place that is tried, and gives up when time is over or the call is.  Time is
 * over when it has passed, and then as much again of the thread's own work: a machine that is busy
 * with other things makes no pattern slow, and as long as nothing takes long only the clock is read,
 * which costs no call of the system.  Memory
 * is bounded too: the first try has a small stack, and the few searches that need more get a large
 * one of their own, for as long as they run.
 *
 * A search that gives up knows nothing of the text, which is not the same as "not found".
 *
 * What a search needs to write to is kept per thread, because one pattern serves many.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "agent/document/regex.h"

#include "agent/document/over.h"
#include "lib/base/utf8.h"

#include <pcre2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STEPS         10000000 /* of backtracking from one place: a tenth of a second */
#define STEPS_SLOW    3000000  /* the same, where the machine allows no compiled patterns */
#define STACK         ((size_t)64 << 20)
#define STACK_AT_ONCE ((size_t)64 << 10)
#define HEAP_KIB      16384     /* where there are no compiled patterns */
#define TIME_NS       200000000 /* for all places together */

static const char callout[] = "(?C1)";

struct regex {
	pcre2_code *code;
	uint32_t steps;
};

struct watch { /* over one search */
	int64_t until_ns;
	int64_t work_until_ns; /* of the thread; 0: until_ns has not come */
	const struct flume_call *call;
};

struct worker { /* of one thread */
	pcre2_match_data *data;
	pcre2_match_context *context;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool have_key;

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool time_is_over(struct watch *watch)
{
	if (clock_ns(CLOCK_MONOTONIC) < watch->until_ns)
		return false;
	int64_t worked = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	if (!watch->work_until_ns)
		watch->work_until_ns = worked + TIME_NS;
	return worked >= watch->work_until_ns;
}

static int each_place(pcre2_callout_block *block, void *arg)
{
	struct watch *watch = arg;
	(void)block;
	return time_is_over(watch) || call_is_over(watch->call) ? PCRE2_ERROR_CALLOUT : 0;
}

static void free_worker(void *arg)
{
	struct worker *worker = arg;
	pcre2_match_data_free(worker->data);
	pcre2_match_context_free(worker->context);
	free(worker);
}

static void make_key(void)
{
	have_key = !pthread_key_create(&key, free_worker);
}

static struct worker *new_worker(void)
{
	struct worker *worker = malloc(sizeof *worker);
	if (!worker)
		return NULL;
	worker->data = pcre2_match_data_create(1, NULL);
	worker->context = pcre2_match_context_create(NULL);
	if (worker->data && worker->context && !pthread_setspecific(key, worker)) {
		pcre2_set_heap_limit(worker->context, HEAP_KIB);
		return worker;
	}
	free_worker(worker);
	return NULL;
}

static struct worker *get_worker(void)
{
	pthread_once(&once, make_key);
	if (!have_key)
		return NULL;
	struct worker *worker = pthread_getspecific(key);
	return worker ? worker : new_worker();
}

/* Bytes of the settings that may only stand at the start of a pattern: "(*CRLF)(*UCP)". */
static size_t settings(const char *pattern)
{
	size_t at = 0;
	while (!strncmp(pattern + at, "(*", 2)) {
		size_t word =
			strspn(pattern + at + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789=");
		if (!word || pattern[at + 2 + word] != ')')
			break;
		at += word + 3;
	}
	return at;
}

static int refuse(const char *pattern, size_t offset, int code, struct flume_err *err)
{
	PCRE2_UCHAR text[200];
	size_t characters = 0;
	for (size_t i = 0; i < offset && pattern[i]; i++)
		characters += ((unsigned char)pattern[i] & 0xC0) != 0x80;
	if (code == PCRE2_ERROR_HEAP_FAILED)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	pcre2_get_error_message(code, text, sizeof text);
	return flume_fail(err, FLUME_INVALID, "offset %zu: %s", characters, (const char *)text);
}

int regex_compile(struct regex **out, const char *pattern, struct flume_err *err)
{
	size_t len = strlen(pattern), before = settings(pattern), added = sizeof callout - 1;
	struct regex *regex = malloc(sizeof *regex);
	char *whole = malloc(len + sizeof callout);
	int code = PCRE2_ERROR_HEAP_FAILED;
	PCRE2_SIZE offset = 0;
	if (regex && whole) {
		memcpy(whole, pattern, before);
		memcpy(whole + before, callout, added);
		memcpy(whole + before + added, pattern + before, len - before);
		regex->code = pcre2_compile((PCRE2_SPTR)whole, len + added,
					    PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &offset,
					    NULL);
	}
	free(whole);
	if (!regex || !whole || !regex->code) {
		free(regex);
		return refuse(pattern, offset < before + added ? before : offset - added, code,
			      err);
	}
	/* Or it is interpreted. */
	bool compiled = !pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE);
	regex->steps = compiled ? STEPS : STEPS_SLOW;
	*out = regex;
	return FLUME_OK;
}

struct regex *regex_free(struct regex *regex)
{
	if (regex)
		pcre2_code_free(regex->code);
	free(regex);
	return NULL;
}

static int search(const struct regex *regex, const struct worker *worker,
		  pcre2_match_data *data, const char *text, size_t len)
{
	return pcre2_match(regex->code, (PCRE2_SPTR)text, len, 0, PCRE2_NO_UTF_CHECK, data,
			   worker->context);
}

static int search_with_stack(const struct regex *regex, const struct worker *worker,
			     pcre2_match_data *data, const char *text, size_t len)
{
	pcre2_jit_stack *stack = pcre2_jit_stack_create(STACK_AT_ONCE, STACK, NULL);
	if (!stack)
		return PCRE2_ERROR_NOMEMORY;
	pcre2_jit_stack_assign(worker->context, NULL, stack);
	int rc = search(regex, worker, data, text, len);
	pcre2_jit_stack_assign(worker->context, NULL, NULL);
	pcre2_jit_stack_free(stack);
	return rc;
}

static int give_up(int why, size_t len, struct flume_err *err)
{
	PCRE2_UCHAR text[100] = "";
	if (why == PCRE2_ERROR_NOMEMORY)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	if (why != PCRE2_ERROR_CALLOUT)
		pcre2_get_error_message(why, text, sizeof text);
	return flume_fail(err, FLUME_FAILED,
			  "the pattern takes too long on this text of %zu bytes: %s", len,
			  why == PCRE2_ERROR_CALLOUT ? "out of time" : (const char *)text);
}

/* 1 or 0, or a negative code; `data` is the worker's where nobody asks what stands where. */
static int search_in_time(const struct regex *regex, pcre2_match_data *data, const char *text,
			  size_t len, const struct flume_call *call, struct flume_err *err)
{
	struct worker *worker = get_worker();
	if (!worker)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	if (call_is_over(call))
		return flume_fail(err, FLUME_TIMED_OUT, "the call was over before the search");
	struct watch watch = {.until_ns = clock_ns(CLOCK_MONOTONIC) + TIME_NS, .call = call};
	data = data ? data : worker->data;
	pcre2_set_callout(worker->context, each_place, &watch);
	pcre2_set_match_limit(worker->context, regex->steps);
	pcre2_set_depth_limit(worker->context, regex->steps);
	int rc = search(regex, worker, data, text, len);
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = search_with_stack(regex, worker, data, text, len);
	if (rc >= 0 || rc == PCRE2_ERROR_NOMATCH)
		return rc >= 0;
	return give_up(rc, len, err);
}

int regex_search(const struct regex *regex, const char *text, size_t len,
		 const struct flume_call *call, struct flume_err *err)
{
	return search_in_time(regex, NULL, text, len, call, err);
}

/* ---- what stands where in a text ---- */

size_t regex_groups(const struct regex *regex, struct regex_group *out, size_t most)
{
	uint32_t n = 0, size = 0;
	PCRE2_SPTR table = NULL;
	pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT, &n);
	pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, &table);
	for (size_t i = 0; i < n && i < most; i++) {
		PCRE2_SPTR row = table + i * size;
		out[i].number = (unsigned)row[0] << 8 | row[1];
		out[i].name = (const char *)row + 2;
	}
	return n;
}

int regex_capture(const struct regex *regex, const char *text, size_t len,
		  const struct regex_group *groups, struct regex_span *out, size_t n,
		  const struct flume_call *call, struct flume_err *err)
{
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(regex->code, NULL);
	if (!data)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	int rc = search_in_time(regex, data, text, len, call, err);
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data);
	for (size_t i = 0; rc == 1 && i < n; i++) {
		const PCRE2_SIZE *pair = at + 2 * (size_t)groups[i].number;
		PCRE2_SIZE from = pair[0], to = pair[1];
		bool none = from == PCRE2_UNSET || to < from;
		out[i] = none ? (struct regex_span){0}
			      : (struct regex_span){text + from, to - from};
	}
	pcre2_match_data_free(data);
	return rc;
}
