/*
 * build/sim [--seeds N] [--first N] [--jobs N] [--seconds N] [--first-failure]
 *                                                           many seeds
 * build/sim --seed N [--trace] [--skip LIST] [--shrink]      one of them
 */
#include "tests/sim/members.h"
#include "tests/sim/nodes.h"
#include "tests/sim/people.h"
#include "tests/sim/plan.h"
#include "tests/sim/promises.h"
#include "tests/sim/seeds.h"
#include "tests/sim/sim.h"
#include "tests/sim/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK     (1 * SIM_SECOND) /* at first; less and less often then */
#define SETTLED  (180 * SIM_SECOND)
#define SUSPECTS (700 * SIM_SECOND) /* ten minutes of suspicion, and some */
#define LINES    60
#define FAILURES 3 /* are enough to look at */

/* ---- one seed ---- */

/* True when every promise was kept. */
static bool play(const struct plan *plan, uint64_t seed, bool aloud)
{
	sim_open(seed);
	trace_open(aloud);
	promises_open();
	drafts_open();
	people_open();
	nodes_open(&plan->fleet);
	cluster_open(plan->fleet.members);
	cluster.old_dialect = plan->old_dialect;
	cluster.progress_ns = plan->progress_ns;
	trace("%u nodes, %u members, %u names%s", plan->fleet.nodes, plan->fleet.members,
	      plan->fleet.names, plan->fleet.poll_ns ? ", by polling" : "");
	for (unsigned i = 0; i < plan->fleet.nodes; i++)
		node_start(node_at(i));
	plan_begin(plan);
	sim_run(SIM_START + plan->end);
	if (!sim.broken)
		plan_heal();
	int64_t end = sim.now + SETTLED + SUSPECTS + plan->fleet.breaker_window_ns;
	for (int64_t pause = LOOK; !sim.broken && sim.now < end; pause += pause / 4) {
		if (promises_settled(false))
			break;
		sim_run(sim.now + pause < end ? sim.now + pause : end);
	}
	if (!sim.broken)
		promises_settled(true);
	nodes_close();
	cluster_close();
	drafts_close();
	promises_close();
	sim_close();
	return !sim.broken;
}

static void skip(struct plan *plan, const char *list)
{
	while (list && *list) {
		char *end;
		unsigned long from = strtoul(list, &end, 10), to = from;
		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		for (unsigned long i = from; i <= to && i < plan->n; i++)
			plan->actions[i].skipped = true;
		list = *end == ',' ? end + 1 : NULL;
	}
}

static void print_skipped(const struct plan *plan)
{
	const char *before = " --skip ";
	for (unsigned i = 0; i < plan->n; i++) {
		unsigned from = i;
		while (i < plan->n && plan->actions[i].skipped)
			i++;
		if (i == from)
			continue;
		printf("%s%u", before, from);
		if (i - 1 > from)
			printf("-%u", i - 1);
		before = ",";
	}
	printf("\n");
}

static bool same_promise(const char *a, const char *b)
{
	size_t n = strcspn(a, ":");
	return b && !strncmp(a, b, n);
}

/* Leaves out what the failure does not need: halves first, then less and less at a time. */
static void shrink(struct plan *plan, uint64_t seed, const char *promise)
{
	char wanted[1024];
	snprintf(wanted, sizeof wanted, "%s", promise);
	for (unsigned size = plan->n / 2; size; size /= 2)
		for (unsigned at = 0; at < plan->n; at += size) {
			const struct plan before = *plan;
			bool any = false;
			for (unsigned i = at; i < at + size && i < plan->n; i++) {
				any |= !plan->actions[i].skipped;
				plan->actions[i].skipped = true;
			}
			if (any &&
			    (play(plan, seed, false) || !same_promise(wanted, promise_text())))
				*plan = before;
		}
	(void)play(plan, seed, false);
}

static void report(struct plan *plan, uint64_t seed, bool shorter)
{
	if (shorter)
		shrink(plan, seed, promise_text());
	printf("seed %llu: BROKEN: %s\n", (unsigned long long)seed, promise_text());
	trace_print(stdout, LINES);
	printf("again: build/sim --seed %llu --trace", (unsigned long long)seed);
	print_skipped(plan);
	fflush(stdout);
}

static bool run_one(uint64_t seed, const char *skipped, bool aloud, bool shorter)
{
	struct plan plan;
	plan_make(&plan, seed);
	skip(&plan, skipped);
	bool good = play(&plan, seed, aloud);
	if (!good)
		report(&plan, seed, shorter && !aloud);
	return good;
}

/* ---- many ---- */

struct desk {                                     /* shared by the processes */
	unsigned long next, done, failed, enough; /* failures, to stop at */
	uint64_t now[64];                         /* the seed each is at */
};

time_t __real_time(time_t *); /* not that of the world */

static int64_t real_now(void)
{
	return (int64_t)__real_time(NULL);
}

static void work(struct desk *desk, unsigned me, uint64_t first, unsigned long seeds,
		 int64_t until)
{
	for (;;) {
		unsigned long i = __atomic_fetch_add(&desk->next, 1, __ATOMIC_SEQ_CST);
		if (i >= seeds_known_len + seeds ||
		    (until && i >= seeds_known_len && real_now() >= until) ||
		    __atomic_load_n(&desk->failed, __ATOMIC_SEQ_CST) >= desk->enough)
			_exit(0);
		bool known = i < seeds_known_len;
		uint64_t seed = known ? seeds_known[i].seed : first + i - seeds_known_len;
		desk->now[me] = seed;
		if (!run_one(seed, NULL, false, desk->enough > 1))
			__atomic_fetch_add(&desk->failed, 1, __ATOMIC_SEQ_CST);
		else if (i % 64 == 0) {
			uint64_t sum = trace_sum();
			if (!run_one(seed, NULL, false, false) || sum != trace_sum()) {
				printf("seed %llu: BROKEN: two runs of it differ\n",
				       (unsigned long long)seed);
				__atomic_fetch_add(&desk->failed, 1, __ATOMIC_SEQ_CST);
			}
		}
		__atomic_fetch_add(&desk->done, 1, __ATOMIC_SEQ_CST);
	}
}

static int run_many(uint64_t first, unsigned long seeds, unsigned jobs, int64_t seconds,
		    unsigned enough)
{
	struct desk *desk = mmap(NULL, sizeof *desk, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int64_t until = seconds ? real_now() + seconds : 0;
	pid_t pids[64];
	if (desk == MAP_FAILED)
		return 1;
	desk->enough = enough;
	jobs = jobs < 1 ? 1 : jobs > 64 ? 64 : jobs;
	fflush(stdout);
	for (unsigned i = 0; i < jobs; i++) {
		pids[i] = fork();
		if (!pids[i])
			work(desk, i, first, seeds, until);
	}
	for (unsigned i = 0; i < jobs; i++) {
		int status;
		waitpid(pids[i], &status, 0);
		if (!WIFEXITED(status) || WEXITSTATUS(status)) {
			printf("seed %llu: the simulator died\n",
			       (unsigned long long)desk->now[i]);
			desk->failed++;
		}
	}
	printf("sim: %lu seeds, %lu broken\n", desk->done, desk->failed);
	return desk->failed ? 1 : 0;
}

/* ---- the command line ---- */

int main(int argc, char **argv)
{
	unsigned long seeds = 1000;
	uint64_t seed = 0, first = 1;
	unsigned jobs = 1, enough = FAILURES;
	int64_t seconds = 0;
	bool one = false, aloud = false, shorter = false;
	const char *skipped = NULL;
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "0";
		if (!strcmp(argv[i], "--trace")) {
			aloud = true;
			continue;
		}
		if (!strcmp(argv[i], "--first-failure")) {
			enough = 1;
			continue;
		}
		if (!strcmp(argv[i], "--shrink")) {
			shorter = true;
			continue;
		}
		if (!strcmp(argv[i], "--seed")) {
			one = true;
			seed = strtoull(value, NULL, 10);
		} else if (!strcmp(argv[i], "--seeds")) {
			seeds = strtoul(value, NULL, 10);
		} else if (!strcmp(argv[i], "--first")) {
			first = strtoull(value, NULL, 10);
		} else if (!strcmp(argv[i], "--jobs")) {
			jobs = (unsigned)strtoul(value, NULL, 10);
		} else if (!strcmp(argv[i], "--seconds")) {
			seconds = strtol(value, NULL, 10);
		} else if (!strcmp(argv[i], "--skip")) {
			skipped = value;
		} else {
			fprintf(stderr, "sim: what is %s?\n", argv[i]);
			return 2;
		}
		i++;
	}
	if (one)
		return run_one(seed, skipped, aloud, shorter) ? 0 : 1;
	return run_many(first, seeds, jobs, seconds, enough);
}
