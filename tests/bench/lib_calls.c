/* What a call costs, beside calling the same functions from a table.  Run by `make bench`. */
#include "tests/bench/bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define ROUNDS 301
#define TURNS  101
#define CALLS  2000 /* a turn: short, so that most are not interrupted */

struct work {
	const char *what;
	const char *yaml; /* NULL: a sequence of `steps` */
	int steps;        /* functions of ours that one call runs */
};

static const struct work works[] = {
	{"ref", "ref: a", 1},
	{"sequence of 1", NULL, 1},
	{"sequence of 3", NULL, 3},
	{"sequence of 10", NULL, 10},
	{"sequence of 50", NULL, 50},
	{"filter, true", "{type: filter, predicate: yes, then: {ref: a}}", 2},
	{"filter, false", "{type: filter, predicate: no, then: {ref: a}}", 1},
	{"filter with else", "{type: filter, predicate: no, then: {ref: a}, else: {ref: b}}",
	 2},
	{"switch of 4",
	 "{type: switch, condition: word, routes: {a: {ref: a}, b: {ref: a}, c: {ref: a}, "
	 "d: {ref: a}}}",
	 2},
	{"retry, first try", "{type: retry, child: {ref: a}}", 1},
	{"fallback, first way", "{type: fallback, children: [{ref: a}, {ref: b}]}", 1},
	{"handle, no error", "{type: handle, error_handler: handler, child: {ref: a}}", 1},
	{"stream", "stream: box", 1},
	{"breaker, closed", "{type: circuit-breaker, child: {ref: a}}", 1},
	{"limiter, open",
	 "{type: rate-limit, requests_per_second: 1e9, burst_size: 1000000, child: {ref: a}}",
	 1},
};

#define WORKS (sizeof works / sizeof *works)

static struct result {
	flume_binding *binding;
	double ns[ROUNDS], direct[ROUNDS], ratio[ROUNDS];
} results[WORKS];

static flume_binding *prepare(flume_factory *factory, const struct work *work)
{
	char yaml[1024] = "{type: sequence, children: [";
	for (int i = 0; i < work->steps; i++)
		strcat(yaml, "{ref: a},");
	strcat(yaml, "]}");
	return bench_bind(factory, work->what, work->yaml ? work->yaml : yaml);
}

/* ns a call */
static double measure(flume_binding *binding, long calls)
{
	void *item = bench_clone(&(struct bench_item){0});
	double begin = bench_now();
	for (long i = 0; i < calls; i++)
		bench_must(flume_binding_process(binding, NULL, &item, NULL), "call");
	double took = bench_now() - begin;
	free(item);
	return took / (double)calls;
}

static struct {
	flume_run_fn *run;
	void *arg;
} table[50];

/* The same functions, each called through the table and its result looked at. */
static double measure_direct(int steps, long calls)
{
	const struct flume_call call = {0};
	struct flume_err err = {0};
	void *item = bench_clone(&(struct bench_item){0});
	double begin = bench_now();
	for (long i = 0; i < calls; i++)
		for (int k = 0; k < steps; k++)
			if (table[k].run(&call, &item, table[k].arg, &err))
				exit(1);
	double took = bench_now() - begin;
	free(item);
	return took / (double)calls;
}

static void print_calls(void)
{
	printf("%-22s %8s %8s %7s\n", "one thread", "ns/call", "direct", "ratio");
	for (size_t w = 0; w < WORKS; w++) {
		struct result *it = &results[w];
		printf("%-22s %8.1f %8.1f %7.1f\n", works[w].what, bench_median(it->ns, ROUNDS),
		       bench_median(it->direct, ROUNDS), bench_median(it->ratio, ROUNDS));
	}
}

/* What a step of a sequence adds to a call, over the call of its function. */
static void print_node(size_t few, size_t many)
{
	const struct result *low = &results[few], *high = &results[many];
	int steps = works[many].steps - works[few].steps;
	double node[ROUNDS];
	for (int r = 0; r < ROUNDS; r++)
		node[r] = (high->ns[r] - low->ns[r] - high->direct[r] + low->direct[r]) / steps;
	printf("overhead per node %.2f ns (%s against %s)\n\n", bench_median(node, ROUNDS),
	       works[many].what, works[few].what);
}

/* ---- two threads on one binding ---- */

struct caller {
	pthread_t thread;
	flume_binding *binding;
	struct caller *other; /* NULL when alone */
	atomic_long turns;
	atomic_bool ready;
	int counted;
	double ns[TURNS];
};

static double cpu_now(void)
{
	struct timespec used;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (double)used.tv_sec * 1e9 + (double)used.tv_nsec;
}

/* A turn counts when nothing came between and the other went on meanwhile: on a busy machine
 * the two may share one core for a while. */
static bool take_turn(struct caller *caller, double *ns)
{
	long before = caller->other ? caller->other->turns : 0;
	double cpu = cpu_now(), wall = bench_now();
	*ns = measure(caller->binding, CALLS);
	wall = bench_now() - wall;
	cpu = cpu_now() - cpu;
	caller->turns++;
	return wall < 1.1 * cpu && (!caller->other || caller->other->turns != before);
}

static void *call_in_turns(void *arg)
{
	struct caller *caller = arg;
	int r = 0;
	for (int tries = 0; r < TURNS && tries < 20 * TURNS; tries++)
		r += take_turn(caller, &caller->ns[r]);
	caller->counted = r;
	for (caller->ready = true; caller->other && !caller->other->ready;)
		measure(caller->binding, CALLS); /* so that the other is not alone */
	return NULL;
}

/* ns that pass for each operation of all threads together. */
static double measure_together(flume_binding *binding, int threads)
{
	struct caller callers[2] = {{.binding = binding}, {.binding = binding}};
	double ns = 0;
	if (threads == 2) {
		callers[0].other = &callers[1];
		callers[1].other = &callers[0];
	}
	for (int i = 0; i < threads; i++)
		if (pthread_create(&callers[i].thread, NULL, call_in_turns, &callers[i]))
			exit(1);
	for (int i = 0; i < threads; i++) {
		pthread_join(callers[i].thread, NULL);
		ns += bench_median(callers[i].ns, (size_t)callers[i].counted) /
		      (threads * threads);
	}
	return ns;
}

static void print_together(size_t w)
{
	double alone[5], both[5], speed_up[5];
	for (int r = 0; r < 5; r++) {
		alone[r] = measure_together(results[w].binding, 1);
		both[r] = measure_together(results[w].binding, 2);
		speed_up[r] = alone[r] / both[r];
	}
	printf("%-22s %8.1f %8.1f %7.2f\n", works[w].what, bench_median(alone, 5),
	       bench_median(both, 5), bench_median(speed_up, 5));
}

int main(void)
{
	flume_factory *factory = bench_factory();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		table[i].run = bench_step;
	for (size_t w = 0; w < WORKS; w++)
		results[w].binding = prepare(factory, &works[w]);
	for (int r = 0; r < ROUNDS; r++) {
		for (size_t w = 0; w < WORKS; w++) {
			struct result *it = &results[w];
			it->ns[r] = measure(it->binding, CALLS);
			it->direct[r] = measure_direct(works[w].steps, CALLS);
			it->ratio[r] = it->ns[r] / it->direct[r];
		}
	}
	print_node(1, 4);
	print_calls();
	printf("\n%-22s %8s %8s %7s\n", "ns an operation", "alone", "together", "speedup");
	print_together(0);
	print_together(2);
	print_together(5);
	for (size_t w = 0; w < WORKS; w++)
		flume_binding_unref(results[w].binding);
	flume_factory_free(factory);
	return 0;
}
