/*
 * Three things make a pattern slow, and each has its bound.  Backtracking from one place in the
 * text is counted by PCRE2 (match limit), and gets the less the longer the text is.  But it
 * counts anew at each place, and `\d+x` on 200,000 digits then takes 12 seconds without ever
 * meeting a limit: so a callout at the start of the pattern sees each place that is tried, and
 * gives up when time is over or the call is.  Memory is bounded by the heap limit.
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

#define STEPS     10000000 /* of backtracking in a text of one byte */
#define STEPS_MAX 1000000
#define STEPS_MIN 1000
#define HEAP_KIB  16384
#define TIME_NS   200000000 /* for all places together */
#define PLACES    64        /* between two looks at the clock */

static const char callout[] = "(?C1)";

struct regex {
	pcre2_code *code;
};

struct watch { /* over one search */
	unsigned places;
	int64_t until_ns;
	const struct flume_call *call;
};

struct worker { /* of one thread */
	pcre2_match_data *data;
	pcre2_match_context *context;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool have_key;

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int each_place(pcre2_callout_block *block, void *arg)
{
	(void)block;
	struct watch *watch = arg;
	if (++watch->places % PLACES)
		return 0;
	if (call_is_over(watch->call))
		return PCRE2_ERROR_CALLOUT;
	int64_t now = now_ns();
	if (!watch->until_ns)
		watch->until_ns = now + TIME_NS;
	return now < watch->until_ns ? 0 : PCRE2_ERROR_CALLOUT;
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
	pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE); /* or it is interpreted */
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

static uint32_t steps(size_t len)
{
	size_t n = STEPS / (len + 1);
	if (n < STEPS_MIN)
		return STEPS_MIN;
	return n < STEPS_MAX ? (uint32_t)n : STEPS_MAX;
}

bool regex_search(const struct regex *regex, const char *text, size_t len,
		  const struct flume_call *call)
{
	struct worker *worker = get_worker();
	struct watch watch = {.call = call};
	if (!worker || call_is_over(call))
		return false;
	pcre2_set_callout(worker->context, each_place, &watch);
	pcre2_set_match_limit(worker->context, steps(len));
	pcre2_set_depth_limit(worker->context, steps(len));
	int rc = pcre2_match(regex->code, (PCRE2_SPTR)text, len, 0, PCRE2_NO_UTF_CHECK,
			     worker->data, worker->context);
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(regex->code, (PCRE2_SPTR)text, len, 0,
				 PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, worker->data,
				 worker->context);
	return rc >= 0;
}
