#include "agent/outside/counts.h"

#include "agent/document/caller.h"
#include "agent/log/log.h"

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define TELL_NS INT64_C(10000000000)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct counts *first; /* in the order of their names */

static bool comes_before(const struct counts *a, const struct counts *b)
{
	return strcmp(a->name, b->name) < 0;
}

void counts_show(struct counts *c, const char *kind, const char *name)
{
	*c = (struct counts){.kind = kind};
	snprintf(c->name, sizeof c->name, "%s", name ? name : "");
	pthread_mutex_lock(&lock);
	struct counts **at = &first;
	while (*at && comes_before(*at, c))
		at = &(*at)->next;
	c->next = *at;
	c->link = at;
	if (c->next)
		c->next->link = &c->next;
	*at = c;
	pthread_mutex_unlock(&lock);
}

void counts_hide(struct counts *c)
{
	pthread_mutex_lock(&lock);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	pthread_mutex_unlock(&lock);
}

void counts_tell(struct counts *c, enum counts_told sort, const struct flume_call *call,
		 const char *why, size_t n)
{
	static const char *const messages[] = {
		[TOLD_RETRY] = "a channel has to try again",
		[TOLD_FAILED] = "a channel did not take a document",
		[TOLD_LOST] = "a channel lost documents",
		[TOLD_FILE] = "a channel has trouble with its file",
	};
	const struct flume_clock *clock = flume_clock_real();
	int_fast64_t now = clock->now_ns(clock->arg), told = atomic_load(&c->told[sort].at_ns);
	if ((told && now - told < TELL_NS) ||
	    !atomic_compare_exchange_strong(&c->told[sort].at_ns, &told, now)) {
		counts_add(&c->told[sort].untold, 1);
		return;
	}
	char request[CALLER_SIZE];
	log_event(LOG_ERROR, messages[sort], LOG_STR("channel", c->name),
		  LOG_STR("reason", why), LOG_STR("request", caller_name(call, request)),
		  LOG_INT("documents", n),
		  LOG_INT("lines_passed_over", atomic_exchange(&c->told[sort].untold, 0)));
}

/* ---- /metrics ---- */

static uint64_t get(const atomic_uint_fast64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

enum { DOCUMENTS, RETRIES, QUEUE, QUEUE_BYTES, QUEUE_LIMIT, QUEUE_LIMIT_BYTES };

const struct metric counts_metrics[] = {
	[DOCUMENTS] =
		{"flume_channel_documents_total",
		 METRIC_COUNTER,
		 "Documents given to a channel, by what became of them: sent; failed (the call "
		 "was told); lost (taken, and not delivered).",
		 {"channel", "kind", "outcome"}},
	[RETRIES] = {"flume_channel_retries_total",
		     METRIC_COUNTER,
		     "Times that a channel began again to deliver.",
		     {"channel", "kind"}},
	[QUEUE] = {"flume_channel_queue_documents",
		   METRIC_GAUGE,
		   "Documents that wait in the memory of a channel.",
		   {"channel", "kind"}},
	[QUEUE_BYTES] = {"flume_channel_queue_bytes",
			 METRIC_GAUGE,
			 "Their bytes.",
			 {"channel", "kind"}},
	[QUEUE_LIMIT] = {"flume_channel_queue_limit_documents",
			 METRIC_GAUGE,
			 "How many may wait, where there is a queue.",
			 {"channel", "kind"}},
	[QUEUE_LIMIT_BYTES] = {"flume_channel_queue_limit_bytes",
			       METRIC_GAUGE,
			       "How many bytes may wait, where there is a queue.",
			       {"channel", "kind"}},
	{0},
};

static void write_outcomes(struct text *out)
{
	metric_begin(out, &counts_metrics[DOCUMENTS]);
	for (const struct counts *c = first; c; c = c->next) {
		const struct {
			const char *word;
			const atomic_uint_fast64_t *n;
		} rows[] = {{"sent", &c->sent}, {"failed", &c->failed}, {"lost", &c->lost}};
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			metric_add(out, &counts_metrics[DOCUMENTS],
				   METRIC_OF(c->name, c->kind, rows[i].word),
				   (int64_t)get(rows[i].n));
	}
}

static void write_retries(struct text *out)
{
	metric_begin(out, &counts_metrics[RETRIES]);
	for (const struct counts *c = first; c; c = c->next)
		metric_add(out, &counts_metrics[RETRIES], METRIC_OF(c->name, c->kind),
			   (int64_t)get(&c->retries));
}

static const struct {
	size_t at;
	int metric;
	bool limit; /* 0 is none */
} sizes[] = {
	{offsetof(struct counts, waiting), QUEUE, false},
	{offsetof(struct counts, waiting_bytes), QUEUE_BYTES, false},
	{offsetof(struct counts, most), QUEUE_LIMIT, true},
	{offsetof(struct counts, most_bytes), QUEUE_LIMIT_BYTES, true},
};

static void write_sizes(struct text *out)
{
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		const struct metric *m = &counts_metrics[sizes[i].metric];
		metric_begin(out, m);
		for (const struct counts *c = first; c; c = c->next) {
			const atomic_size_t *at = (const void *)((const char *)c + sizes[i].at);
			size_t n = atomic_load_explicit(at, memory_order_relaxed);
			if (n || !sizes[i].limit)
				metric_add(out, m, METRIC_OF(c->name, c->kind), (int64_t)n);
		}
	}
}

void counts_write(struct text *out)
{
	pthread_mutex_lock(&lock);
	write_outcomes(out);
	write_retries(out);
	write_sizes(out);
	pthread_mutex_unlock(&lock);
}
