#include "agent/outside/counts.h"

#include "agent/document/caller.h"
#include "agent/log/log.h"

#include <inttypes.h>
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

static void describe(struct text *out, const char *name, const char *type, const char *about)
{
	text_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, about, name, type);
}

static void write_outcomes(struct text *out)
{
	static const char name[] = "flume_channel_documents_total";
	describe(out, name, "counter",
		 "Documents given to a channel, by what became of them: sent; failed (the call "
		 "was told); lost (taken, and not delivered).");
	for (const struct counts *c = first; c; c = c->next) {
		const struct {
			const char *word;
			const atomic_uint_fast64_t *n;
		} rows[] = {{"sent", &c->sent}, {"failed", &c->failed}, {"lost", &c->lost}};
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			text_addf(out,
				  "%s{channel=\"%s\",kind=\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
				  name, c->name, c->kind, rows[i].word, get(rows[i].n));
	}
}

static void write_retries(struct text *out)
{
	static const char name[] = "flume_channel_retries_total";
	describe(out, name, "counter", "Times that a channel began again to deliver.");
	for (const struct counts *c = first; c; c = c->next)
		text_addf(out, "%s{channel=\"%s\",kind=\"%s\"} %" PRIu64 "\n", name, c->name,
			  c->kind, get(&c->retries));
}

static void write_queue(struct text *out, const char *name, const char *about, size_t offset)
{
	describe(out, name, "gauge", about);
	for (const struct counts *c = first; c; c = c->next) {
		const atomic_size_t *n =
			(const atomic_size_t *)(const void *)((const char *)c + offset);
		text_addf(out, "%s{channel=\"%s\",kind=\"%s\"} %zu\n", name, c->name, c->kind,
			  atomic_load_explicit(n, memory_order_relaxed));
	}
}

void counts_write(struct text *out)
{
	pthread_mutex_lock(&lock);
	if (first) {
		write_outcomes(out);
		write_retries(out);
		write_queue(out, "flume_channel_queue_documents",
			    "Documents that wait in the memory of a channel.",
			    offsetof(struct counts, waiting));
		write_queue(out, "flume_channel_queue_bytes", "Their bytes.",
			    offsetof(struct counts, waiting_bytes));
	}
	pthread_mutex_unlock(&lock);
}
