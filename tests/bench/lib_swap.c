/*
 * What a swap costs: those who call meanwhile, and who sets the schema.  Run by `make bench`.
 *
 * Eight threads call; windows with 100 swaps a second and windows without take turns, and the
 * ratios are medians over the pairs.
 */
#include "tests/bench/bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#define CALLERS   8
#define PAIRS     7
#define WINDOW_NS 500000000.0
#define PAUSE_NS  10000000 /* between swaps */

/* ---- latencies: a bucket is a sixteenth of a power of two ---- */

#define BUCKETS (64 * 16)

struct histogram {
	unsigned long count[BUCKETS], total;
};

static size_t bucket_of(unsigned long ns)
{
	if (ns < 16)
		return ns;
	unsigned power = 63 - (unsigned)__builtin_clzl(ns);
	return power * 16 + (ns >> (power - 4) & 15);
}

static double value_of(size_t bucket)
{
	size_t power = bucket / 16;
	if (bucket < 16)
		return (double)bucket;
	return (double)((16UL + bucket % 16) << (power - 4)) * (1 + 1 / 32.0);
}

static void add(struct histogram *h, double ns)
{
	h->count[bucket_of((unsigned long)ns)]++;
	h->total++;
}

static void merge(struct histogram *to, const struct histogram *from)
{
	for (size_t i = 0; i < BUCKETS; i++)
		to->count[i] += from->count[i];
	to->total += from->total;
}

static double quantile(const struct histogram *h, double part)
{
	double left = (double)h->total * part;
	for (size_t i = 0; i < BUCKETS; i++) {
		left -= (double)h->count[i];
		if (left < 0)
			return value_of(i);
	}
	return 0;
}

/* ---- a window ---- */

static flume_factory *factory;
static flume_schema *versions[2];
static atomic_bool over;

struct caller {
	pthread_t thread;
	flume_binding *binding;
	struct histogram histogram;
};

static void *call_on(void *arg)
{
	struct caller *caller = arg;
	void *item = bench_clone(&(struct bench_item){0});
	double before = bench_now();
	while (!over) {
		bench_must(flume_binding_process(caller->binding, NULL, &item, NULL), "call");
		double after = bench_now();
		add(&caller->histogram, after - before);
		before = after;
	}
	free(item);
	return NULL;
}

static long swap_on(double until)
{
	struct timespec next;
	long swaps = 0;
	clock_gettime(CLOCK_MONOTONIC, &next);
	while (bench_now() < until) {
		bench_must(flume_factory_set_schema(factory, "s", versions[swaps++ % 2], NULL),
			   "set");
		next.tv_nsec += PAUSE_NS;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return swaps;
}

struct window {
	double p50, p99, p999;
	unsigned long calls;
	long swaps;
};

static struct window measure(flume_binding *binding, bool swapping)
{
	static struct caller callers[CALLERS];
	static struct histogram all;
	struct window window = {0};
	double until = bench_now() + WINDOW_NS;
	struct timespec sleep = {.tv_nsec = (long)WINDOW_NS};
	memset(&all, 0, sizeof all);
	memset(callers, 0, sizeof callers);
	over = false;
	for (int i = 0; i < CALLERS; i++) {
		callers[i].binding = binding;
		if (pthread_create(&callers[i].thread, NULL, call_on, &callers[i]))
			exit(1);
	}
	if (swapping)
		window.swaps = swap_on(until);
	else
		nanosleep(&sleep, NULL);
	over = true;
	for (int i = 0; i < CALLERS; i++) {
		pthread_join(callers[i].thread, NULL);
		merge(&all, &callers[i].histogram);
	}
	window.p50 = quantile(&all, 0.5);
	window.p99 = quantile(&all, 0.99);
	window.p999 = quantile(&all, 0.999);
	window.calls = all.total;
	return window;
}

static double median_of(const struct window *list, size_t field)
{
	double values[PAIRS];
	for (int i = 0; i < PAIRS; i++)
		memcpy(&values[i], (const char *)&list[i] + field, sizeof values[i]);
	return bench_median(values, PAIRS);
}

static void print_quantile(const char *what, const struct window *quiet,
			   const struct window *busy, size_t field)
{
	double ratio[PAIRS];
	for (int i = 0; i < PAIRS; i++) {
		double without, with;
		memcpy(&without, (const char *)&quiet[i] + field, sizeof without);
		memcpy(&with, (const char *)&busy[i] + field, sizeof with);
		ratio[i] = with / without;
	}
	printf("%-8s %10.0f %10.0f %8.3f\n", what, median_of(quiet, field),
	       median_of(busy, field), bench_median(ratio, PAIRS));
}

static void print_calls(void)
{
	static const char *const yaml[2] = {
		"{version: '1', type: sequence, children: [{ref: a}, {ref: a}, {ref: a}]}",
		"{version: '2', type: sequence, children: [{ref: a}, {ref: a}, {ref: a}]}",
	};
	struct window quiet[PAIRS], busy[PAIRS];
	flume_binding *binding = bench_bind(factory, "s", yaml[1]);
	long swaps = 0;
	unsigned long calls = 0;
	for (int i = 0; i < 2; i++)
		versions[i] = bench_schema(yaml[i], FLUME_YAML);
	for (int i = 0; i < PAIRS; i++) {
		quiet[i] = measure(binding, false);
		busy[i] = measure(binding, true);
		swaps += busy[i].swaps;
		calls += busy[i].calls;
	}
	printf("%d threads call a sequence of 3; %ld swaps during %lu calls\n", CALLERS, swaps,
	       calls);
	printf("%-8s %10s %10s %8s\n", "ns", "no swaps", "100/s", "ratio");
	print_quantile("p50", quiet, busy, offsetof(struct window, p50));
	print_quantile("p99", quiet, busy, offsetof(struct window, p99));
	print_quantile("p99.9", quiet, busy, offsetof(struct window, p999));
	flume_binding_unref(binding);
	for (int i = 0; i < 2; i++)
		flume_schema_unref(versions[i]);
}

/* ---- one who sets and reads ---- */

#define ROUNDS 51

/* A flat sequence of `nodes` nodes, itself included. */
static char *document(size_t nodes, int version, enum flume_format format)
{
	bool yaml = format == FLUME_YAML;
	size_t size = nodes * 16 + 128;
	char *text = malloc(size);
	FILE *out = text ? fmemopen(text, size, "w") : NULL;
	if (!out)
		exit(1);
	fprintf(out,
		yaml ? "version: '%d'\ntype: sequence\nchildren:\n"
		     : "{\"version\": \"%d\", \"type\": \"sequence\", \"children\": [",
		version);
	for (size_t i = 1; i < nodes; i++)
		fprintf(out, yaml ? "  - ref: a\n" : "{\"ref\": \"a\"}%s",
			i + 1 < nodes ? ", " : "]}");
	fclose(out);
	return text;
}

static double time_set(size_t nodes)
{
	double ns[ROUNDS];
	flume_schema *two[2];
	for (int i = 0; i < 2; i++) {
		char *text = document(nodes, i, FLUME_YAML);
		two[i] = bench_schema(text, FLUME_YAML);
		free(text);
	}
	for (int r = 0; r < ROUNDS; r++) {
		double before = bench_now();
		bench_must(flume_factory_set_schema(factory, "t", two[r % 2], NULL), "set");
		ns[r] = bench_now() - before;
		if (r == 0) /* the others are followed by a binding */
			bench_must(flume_factory_bind(factory, "t", "t", 0, NULL, NULL),
				   "bind");
	}
	bench_must(flume_factory_remove_schema(factory, "t", NULL), "remove");
	for (int i = 0; i < 2; i++)
		flume_schema_unref(two[i]);
	return bench_median(ns, ROUNDS);
}

static double time_build(size_t nodes)
{
	double ns[ROUNDS];
	char *text = document(nodes, 0, FLUME_YAML);
	flume_schema *schema = bench_schema(text, FLUME_YAML);
	for (int r = 0; r < ROUNDS; r++) {
		flume_pipeline *pipeline = NULL;
		double before = bench_now();
		bench_must(flume_schema_build(schema, factory, &pipeline, NULL), "build");
		ns[r] = bench_now() - before;
		flume_pipeline_unref(pipeline);
	}
	flume_schema_unref(schema);
	free(text);
	return bench_median(ns, ROUNDS);
}

static double time_parse(size_t nodes, enum flume_format format)
{
	double ns[ROUNDS];
	char *text = document(nodes, 0, format);
	for (int r = 0; r < ROUNDS; r++) {
		double before = bench_now();
		flume_schema *schema = bench_schema(text, format);
		ns[r] = bench_now() - before;
		flume_schema_unref(schema);
	}
	free(text);
	return bench_median(ns, ROUNDS);
}

static void print_costs(void)
{
	static const size_t sizes[] = {3, 50, 1000,
				       10000}; /* the last is the largest there may be */
	printf("\n%-7s %10s %10s %10s %10s\n", "nodes", "build ns", "set ns", "YAML ns",
	       "JSON ns");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		size_t n = sizes[i];
		printf("%-7zu %10.0f %10.0f %10.0f %10.0f\n", n, time_build(n), time_set(n),
		       time_parse(n, FLUME_YAML), time_parse(n, FLUME_JSON));
	}
}

int main(void)
{
	factory = bench_factory();
	print_calls();
	print_costs();
	flume_factory_free(factory);
	return 0;
}
