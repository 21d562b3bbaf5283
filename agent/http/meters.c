/*
 * A call finds its row under a read lock and adds to atomic counters.  The rows themselves
 * change when a call misses its row or the metrics are read: then there is made a row for each
 * binding that lacks one, and rows of bindings that are gone are thrown away.
 *
 * Each lane has rows and a lock of its own, which is written to by one thread for the most part; they
 * are summed up when they are read.
 */
#include "agent/http/meters.h"

#include "lib/base/map.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct outcome {
	int result;
	const char *name;
} outcomes[] = {
	{FLUME_OK, "ok"},
	{FLUME_DROPPED, "dropped"},
	{FLUME_FAILED, "failed"},
	{FLUME_TIMED_OUT, "timed-out"},
	{FLUME_CANCELLED, "cancelled"},
	{FLUME_REFUSED, "refused"},
	{FLUME_LIMITED, "limited"},
	{FLUME_NOMEM, "out-of-memory"},
	{1000, "other"}, /* the last one takes what no other took */
};
#define OUTCOMES (sizeof outcomes / sizeof *outcomes)

/* A step that only computes takes microseconds, one that asks somebody milliseconds, and a call that
 * waits has seconds: so from 50 us to 10 s, three buckets to a power of ten.  Each is a series for each
 * schema and node, so there are no more. */
static const struct bucket {
	int64_t most_ns;
	const char *seconds;
} buckets[] = {
	{METERS_QUICK_NS, "0.00005"}, {100000, "0.0001"},
	{250000, "0.00025"},          {500000, "0.0005"},
	{1000000, "0.001"},           {2500000, "0.0025"},
	{5000000, "0.005"},           {10000000, "0.01"},
	{25000000, "0.025"},          {50000000, "0.05"},
	{100000000, "0.1"},           {250000000, "0.25"},
	{500000000, "0.5"},           {1000000000, "1"},
	{2500000000, "2.5"},          {5000000000, "5"},
	{10000000000, "10"},          {INT64_MAX, "+Inf"},
};
#define BUCKETS (sizeof buckets / sizeof *buckets)

_Static_assert(OUTCOMES <= METERS_TALLY && BUCKETS <= METERS_TALLY, "a tally has room");

struct row {
	atomic_uint_fast64_t outcomes[OUTCOMES], buckets[BUCKETS], took_ns;
};

static const char *const reasons[] = {
	"busy", "closing", "gone", "not-found", "out-of-memory", "too-slow",
};
#define REASONS (sizeof reasons / sizeof *reasons)

#define FIRST_STATUS 100
#define LAST_STATUS  599

struct meters_lane {
	_Alignas(64) pthread_rwlock_t lock; /* of the map; the counters need none */
	struct map rows;
	atomic_uint_fast64_t answers[LAST_STATUS - FIRST_STATUS + 1];
};

struct meters {
	flume_factory *factory;
	unsigned lanes;
	struct meters_lane *lane;
	atomic_uint_fast64_t cut[REASONS];
};

static void drop_rows(struct map *rows)
{
	for (size_t i = 0; i < rows->len; i++)
		free(rows->entries[i].thing);
	map_fini(rows);
}

struct meters *meters_new(flume_factory *factory, unsigned lanes)
{
	struct meters *m = calloc(1, sizeof *m);
	struct meters_lane *lane =
		aligned_alloc(_Alignof(struct meters_lane), lanes * sizeof *lane);
	if (!m || !lane) {
		free(m);
		free(lane);
		return NULL;
	}
	memset(lane, 0, lanes * sizeof *lane);
	m->factory = factory;
	m->lanes = lanes;
	m->lane = lane;
	for (unsigned i = 0; i < lanes; i++)
		pthread_rwlock_init(&lane[i].lock, NULL);
	return m;
}

struct meters *meters_free(struct meters *m)
{
	if (!m)
		return NULL;
	for (unsigned i = 0; i < m->lanes; i++) {
		drop_rows(&m->lane[i].rows);
		pthread_rwlock_destroy(&m->lane[i].lock);
	}
	free(m->lane);
	free(m);
	return NULL;
}

/* ---- counting ---- */

static void add(atomic_uint_fast64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t get(const atomic_uint_fast64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Moves the rows of all bindings to a new map.  What it has no memory for starts at 0 later.  The
 * names are read under the lock: from older ones a row would be missing that somebody has just
 * begun to count in. */
static void follow_bindings(flume_factory *factory, struct meters_lane *lane)
{
	struct map rows = {0};
	pthread_rwlock_wrlock(&lane->lock);
	char **names = flume_factory_dup_binding_names(factory);
	for (size_t i = 0; names && names[i]; i++) {
		struct row *row = map_remove(&lane->rows, names[i]);
		if (!row)
			row = calloc(1, sizeof *row);
		if (row && map_add(&rows, names[i], row))
			free(row);
	}
	drop_rows(&lane->rows);
	lane->rows = rows;
	pthread_rwlock_unlock(&lane->lock);
	free((void *)names);
}

static size_t outcome_of(int result)
{
	size_t outcome = 0;
	while (outcome < OUTCOMES - 1 && outcomes[outcome].result != result)
		outcome++;
	return outcome;
}

static size_t bucket_of(int64_t took_ns)
{
	size_t bucket = 0;
	while (took_ns > buckets[bucket].most_ns)
		bucket++;
	return bucket;
}

static bool count(struct meters_lane *lane, const char *name, const struct meters_tally *tally)
{
	pthread_rwlock_rdlock(&lane->lock);
	struct row *row = map_get(&lane->rows, name);
	for (size_t i = 0; row && i < OUTCOMES; i++)
		if (tally->outcomes[i])
			add(&row->outcomes[i], tally->outcomes[i]);
	for (size_t i = 0; row && i < BUCKETS; i++)
		if (tally->buckets[i])
			add(&row->buckets[i], tally->buckets[i]);
	if (row)
		add(&row->took_ns, tally->took_ns);
	pthread_rwlock_unlock(&lane->lock);
	return row;
}

static bool count_one(struct meters_lane *lane, const char *name, size_t outcome,
		      int64_t took_ns)
{
	pthread_rwlock_rdlock(&lane->lock);
	struct row *row = map_get(&lane->rows, name);
	if (row) {
		add(&row->outcomes[outcome], 1);
		add(&row->buckets[bucket_of(took_ns)], 1);
		add(&row->took_ns, (uint64_t)took_ns);
	}
	pthread_rwlock_unlock(&lane->lock);
	return row;
}

void meters_call(struct meters *m, unsigned lane, const char *name, int result, int64_t took_ns)
{
	size_t outcome = outcome_of(result);
	if (!count_one(&m->lane[lane], name, outcome, took_ns)) {
		follow_bindings(m->factory, &m->lane[lane]);
		count_one(&m->lane[lane], name, outcome, took_ns);
	}
}

void meters_tally(struct meters_tally *tally, int result)
{
	tally->calls++;
	tally->outcomes[outcome_of(result)]++;
}

void meters_tally_time(struct meters_tally *tally, uint32_t n, int64_t took_ns)
{
	tally->took_ns += (uint64_t)took_ns;
	tally->buckets[0] += n - 1;
	tally->buckets[bucket_of(took_ns)]++;
}

void meters_add(struct meters *m, unsigned lane, const char *name, struct meters_tally *tally)
{
	if (tally->calls && !count(&m->lane[lane], name, tally)) {
		follow_bindings(m->factory, &m->lane[lane]);
		count(&m->lane[lane], name, tally);
	}
	*tally = (struct meters_tally){0};
}

void meters_answer(struct meters *m, unsigned lane, unsigned status)
{
	if (status >= FIRST_STATUS && status <= LAST_STATUS)
		add(&m->lane[lane].answers[status - FIRST_STATUS], 1);
}

void meters_cut(struct meters *m, const char *reason)
{
	for (size_t i = 0; i < REASONS; i++)
		if (!strcmp(reasons[i], reason))
			add(&m->cut[i], 1);
}

/* ---- summing up ---- */

static void add_row(struct row *sum, const struct row *row)
{
	for (size_t i = 0; i < OUTCOMES; i++)
		add(&sum->outcomes[i], get(&row->outcomes[i]));
	for (size_t i = 0; i < BUCKETS; i++)
		add(&sum->buckets[i], get(&row->buckets[i]));
	add(&sum->took_ns, get(&row->took_ns));
}

/* Of all lanes.  What there is no memory for is left out. */
static void sum_rows(struct meters *m, struct map *sums)
{
	for (unsigned l = 0; l < m->lanes; l++) {
		struct meters_lane *lane = &m->lane[l];
		follow_bindings(m->factory, lane);
		pthread_rwlock_rdlock(&lane->lock);
		for (size_t i = 0; i < lane->rows.len; i++) {
			const struct map_entry *e = &lane->rows.entries[i];
			struct row *sum = map_get(sums, e->name), *new = NULL;
			if (!sum)
				sum = new = calloc(1, sizeof *new);
			if (new &&map_add(sums, e->name, new)) {
				free(new);
				sum = NULL;
			}
			if (sum)
				add_row(sum, e->thing);
		}
		pthread_rwlock_unlock(&lane->lock);
	}
}

/* ---- showing ---- */

enum { ANSWERS, CUT, REQUESTS, ERRORS, DURATIONS };

const struct metric meters_metrics[] = {
	[ANSWERS] = {"flume_http_requests_total",
		     METRIC_COUNTER,
		     "HTTP requests answered, by status.",
		     {"code"}},
	[CUT] = {"flume_http_streams_cut_total",
		 METRIC_COUNTER,
		 "Streams of lines that ended before their time, by the code of the last line; "
		 "gone: the client left.",
		 {"reason"}},
	[REQUESTS] =
		{"flume_pipeline_requests_total",
		 METRIC_COUNTER,
		 "Calls of a pipeline over HTTP, and documents of streams, by what became of "
		 "them.",
		 {"schema", "outcome"}},
	[ERRORS] = {"flume_pipeline_errors_total",
		    METRIC_COUNTER,
		    "Those of them that were neither answered nor dropped.",
		    {"schema"}},
	[DURATIONS] = {"flume_pipeline_duration_seconds",
		       METRIC_HISTOGRAM,
		       "How long they took, with the wait for a worker.",
		       {"schema"}},
	{0},
};

static void write_answers(const struct meters *m, struct text *out)
{
	metric_begin(out, &meters_metrics[ANSWERS]);
	for (unsigned i = 0; i <= LAST_STATUS - FIRST_STATUS; i++) {
		char code[16];
		uint64_t n = 0;
		for (unsigned l = 0; l < m->lanes; l++)
			n += get(&m->lane[l].answers[i]);
		snprintf(code, sizeof code, "%u", i + FIRST_STATUS);
		if (n)
			metric_add(out, &meters_metrics[ANSWERS], METRIC_OF(code), (int64_t)n);
	}
}

static void write_cut(const struct meters *m, struct text *out)
{
	metric_begin(out, &meters_metrics[CUT]);
	for (size_t i = 0; i < REASONS; i++)
		metric_add(out, &meters_metrics[CUT], METRIC_OF(reasons[i]),
			   (int64_t)get(&m->cut[i]));
}

static void write_outcomes(const struct map *rows, struct text *out)
{
	metric_begin(out, &meters_metrics[REQUESTS]);
	for (size_t i = 0; i < rows->len; i++) {
		const struct row *row = rows->entries[i].thing;
		for (size_t o = 0; o < OUTCOMES; o++)
			metric_add(out, &meters_metrics[REQUESTS],
				   METRIC_OF(rows->entries[i].name, outcomes[o].name),
				   (int64_t)get(&row->outcomes[o]));
	}
}

static void write_errors(const struct map *rows, struct text *out)
{
	metric_begin(out, &meters_metrics[ERRORS]);
	for (size_t i = 0; i < rows->len; i++) {
		const struct row *row = rows->entries[i].thing;
		uint64_t errors = 0;
		for (size_t o = 0; o < OUTCOMES; o++)
			if (outcomes[o].result != FLUME_OK &&
			    outcomes[o].result != FLUME_DROPPED)
				errors += get(&row->outcomes[o]);
		metric_add(out, &meters_metrics[ERRORS], METRIC_OF(rows->entries[i].name),
			   (int64_t)errors);
	}
}

static void write_durations(const struct map *rows, struct text *out)
{
	const char *most[BUCKETS];
	for (size_t b = 0; b < BUCKETS; b++)
		most[b] = buckets[b].seconds;
	metric_begin(out, &meters_metrics[DURATIONS]);
	for (size_t i = 0; i < rows->len; i++) {
		const struct row *row = rows->entries[i].thing;
		uint64_t counts[BUCKETS];
		for (size_t b = 0; b < BUCKETS; b++)
			counts[b] = get(&row->buckets[b]);
		metric_add_histogram(out, &meters_metrics[DURATIONS],
				     METRIC_OF(rows->entries[i].name), most, counts, BUCKETS,
				     get(&row->took_ns));
	}
}

void meters_write(struct meters *m, struct text *out)
{
	struct map sums = {0};
	sum_rows(m, &sums);
	write_answers(m, out);
	write_cut(m, out);
	write_outcomes(&sums, out);
	write_errors(&sums, out);
	write_durations(&sums, out);
	drop_rows(&sums);
}
