/* Stands in for agent/log/log.c too: what a node logs is what happened there. */
#include "tests/sim/trace.h"

#include "agent/log/log.h"
#include "lib/base/text.h"
#include "tests/sim/nodes.h"
#include "tests/sim/promises.h"
#include "tests/sim/sim.h"

#include <stdarg.h>
#include <string.h>

#define LINES 1024
#define LINE  240

static struct {
	char lines[LINES][LINE];
	size_t n;
	uint64_t sum;
	bool aloud, broken;
	char promise[1024];
} book;

void trace_open(bool aloud)
{
	book.n = 0;
	book.sum = UINT64_C(14695981039346656037);
	book.aloud = aloud;
	book.broken = false;
}

static void add_sum(const char *s)
{
	for (; *s; s++)
		book.sum = (book.sum ^ (unsigned char)*s) * UINT64_C(1099511628211);
}

void trace(const char *fmt, ...)
{
	char *line = book.lines[book.n++ % LINES];
	int64_t at = sim.now - SIM_START;
	int head = snprintf(line, LINE, "%8.3f %-5s ", (double)at / 1e9,
			    sim.node ? node_name(sim.node) : "");
	va_list args;
	va_start(args, fmt);
	vsnprintf(line + head, LINE - (size_t)head, fmt, args);
	va_end(args);
	add_sum(line);
	if (book.aloud)
		fprintf(stderr, "%s\n", line);
}

uint64_t trace_sum(void)
{
	return book.sum;
}

void trace_print(FILE *out, size_t most)
{
	size_t have = book.n < LINES ? book.n : LINES;
	for (size_t i = have < most ? have : most; i; i--)
		fprintf(out, "%s\n", book.lines[(book.n - i) % LINES]);
}

void promise_broken(const char *fmt, ...)
{
	if (sim.broken)
		return;
	va_list args;
	va_start(args, fmt);
	vsnprintf(book.promise, sizeof book.promise, fmt, args);
	va_end(args);
	trace("BROKEN: %s", book.promise);
	sim.broken = book.broken = true;
}

const char *promise_text(void)
{
	return book.broken ? book.promise : NULL;
}

/* ---- the agent's log ---- */

void log_init(enum log_format format, enum log_level lowest)
{
	(void)format, (void)lowest;
}

static void add_pair(struct text *t, const struct log_pair *pair)
{
	if (pair->type == LOG_TYPE_INT)
		text_addf(t, " %s=%lld", pair->key, (long long)pair->number);
	else if (pair->text && !strncmp(pair->text, "sha256:", 7))
		text_addf(t, " %s=%.6s", pair->key, pair->text + 7);
	else if (pair->text && *pair->text)
		text_addf(t, " %s=%s", pair->key, pair->text);
}

void log_write(enum log_level level, const char *message, const struct log_pair *pairs)
{
	struct text t = {0};
	(void)level;
	if (!sim.node || node_is_dead(sim.node))
		return;
	for (const struct log_pair *pair = pairs; pair && pair->type != LOG_END; pair++)
		add_pair(&t, pair);
	trace("%s%s", message, t.s ? t.s : "");
	text_fini(&t);
	promise_heard(sim.node, message, pairs);
}
