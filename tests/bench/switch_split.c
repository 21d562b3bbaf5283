/*
 * What choosing a variant costs, how even it is, and who moves when weights change; beside what flagd
 * documents of its `fractional`: MurmurHash3 (x86, 32 bits) of the flag and the key, its absolute value as
 * a part of 2^31 - 1 in per cent, and the variants one behind the other.  Run by `make bench`.
 */
#include "tests/bench/measure.h"

#include "agent/document/caller.h"
#include "agent/split/switchboard.h"
#include "agent/split/weight.h"
#include "lib/base/text.h"

#include <inttypes.h>
#include <math.h>

#define MOST   10
#define ROUNDS 31
#define KEYS   64 /* of the loops that are timed: as many documents as a cache holds */

static char keys[KEYS][24];
static size_t lengths[KEYS];

/* ---- both ways ---- */

struct way {
	uint32_t weights[MOST];
	size_t n;
	struct ab_switch *sw;
};

static struct way way_new(const uint32_t *weights, size_t n)
{
	struct way way = {.n = n};
	struct text t = {0};
	memcpy(way.weights, weights, n * sizeof *weights);
	text_add(&t, "{by: id, default: a, variants: {");
	for (size_t i = 0; i < n; i++) {
		char weight[WEIGHT_TEXT];
		weight_write(weight, weights[i]);
		text_addf(&t, "%c: %s, ", (char)('a' + i), weight);
	}
	text_add(&t, "}}");
	bench_must(ab_parse(&way.sw, "checkout-layout", t.s, t.len, FLUME_YAML, NULL),
		   "switch");
	text_fini(&t);
	return way;
}

static size_t ours(const struct way *way, const char *key, size_t len)
{
	return ab_choose_key(way->sw, true, key, len).variant;
}

static uint32_t turn(uint32_t x, unsigned bits)
{
	return x << bits | x >> (32 - bits);
}

static uint32_t mixed(uint32_t k)
{
	return turn(k * 0xcc9e2d51U, 15) * 0x1b873593U;
}

static uint32_t murmur3(const char *s, size_t len)
{
	uint32_t h = 0, k = 0;
	size_t i = 0;
	for (; i + 4 <= len; i += 4) {
		memcpy(&k, s + i, 4);
		h = turn(h ^ mixed(k), 13) * 5 + 0xe6546b64U;
	}
	k = 0;
	for (size_t rest = len; rest-- > i;)
		k = k << 8 | (unsigned char)s[rest];
	h ^= len > i ? mixed(k) : 0;
	h ^= (uint32_t)len;
	h = (h ^ h >> 16) * 0x85ebca6bU;
	h = (h ^ h >> 13) * 0xc2b2ae35U;
	return h ^ h >> 16;
}

static size_t theirs(const struct way *way, const char *key, size_t len)
{
	static const char flag[] = "checkout-layout";
	char bytes[64];
	double end = 0;
	memcpy(bytes, flag, sizeof flag - 1);
	memcpy(bytes + sizeof flag - 1, key, len);
	double bucket =
		fabs((double)(int32_t)murmur3(bytes, sizeof flag - 1 + len)) / INT32_MAX * 100;
	for (size_t i = 0; i < way->n; i++) {
		end += 100.0 * way->weights[i] / AB_WHOLE;
		if (bucket < end)
			return i;
	}
	return way->n - 1;
}

typedef size_t choose_fn(const struct way *, const char *key, size_t len);

/* ---- how even ---- */

static uint64_t state = 7;

static uint64_t next(void)
{
	uint64_t x = state += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

struct evenness {
	double worst, squares;
	size_t shares, beyond;
};

static void look(struct evenness *e, choose_fn *choose, const struct way *way, uint64_t first)
{
	enum { MANY = 1000000 };
	uint64_t seen[MOST] = {0};
	for (uint64_t i = 0; i < MANY; i++) {
		char key[24];
		int len = snprintf(key, sizeof key, "user-%" PRIu64, first + i);
		seen[choose(way, key, (size_t)len)]++;
	}
	for (size_t i = 0; i < way->n; i++) {
		double p = (double)way->weights[i] / AB_WHOLE;
		if (MANY * p < 20 || MANY * (1 - p) < 20)
			continue;
		double off = fabs((double)seen[i] - MANY * p) / sqrt(MANY * p * (1 - p));
		e->worst = off > e->worst ? off : e->worst;
		e->squares += off * off;
		e->beyond += off > 3;
		e->shares++;
	}
}

static void print_evenness(const char *who, const struct evenness *e)
{
	printf("%-22s %4zu shares, worst %.2f, root mean square %.3f, beyond three: %zu (%.1f "
	       "by chance)\n",
	       who, e->shares, e->worst, sqrt(e->squares / (double)e->shares), e->beyond,
	       0.0027 * (double)e->shares);
}

static void compare_evenness(void)
{
	struct evenness a = {0}, b = {0};
	for (int w = 0; w < 50; w++) {
		uint32_t weights[MOST], left = AB_WHOLE;
		size_t n = 2 + (size_t)w % 5;
		for (size_t i = 0; i + 1 < n; i++) {
			weights[i] = (uint32_t)(next() % (left + 1));
			left -= weights[i];
		}
		weights[n - 1] = left;
		struct way way = way_new(weights, n);
		uint64_t first = next() >> 20;
		look(&a, ours, &way, first);
		look(&b, theirs, &way, first);
		ab_unref(way.sw);
	}
	puts("a million keys, 50 random weightings; standard deviations off");
	print_evenness("flume", &a);
	print_evenness("murmur3, fractional", &b);
	puts("");
}

/* ---- who moves ---- */

static const struct {
	const char *what;
	uint32_t before[4], after[4];
} changes[] = {
	{"a 10 to 20, of d", {10000, 10000, 10000, 70000}, {20000, 10000, 10000, 60000}},
	{"c 10 to 20, of d", {10000, 10000, 10000, 70000}, {10000, 10000, 20000, 60000}},
	{"a b c 5 to 15, of d", {5000, 5000, 5000, 85000}, {15000, 15000, 15000, 55000}},
	{"c 10 to 40, of a", {40000, 25000, 10000, 25000}, {10000, 25000, 40000, 25000}},
};

struct moved {
	double all, lost; /* per cent of the keys: that moved, and out of a variant that grew */
};

static struct moved move(choose_fn *choose, const struct way *from, const struct way *to)
{
	enum { MANY = 200000 };
	size_t all = 0, lost = 0;
	for (int i = 0; i < MANY; i++) {
		char key[24];
		size_t len = (size_t)snprintf(key, sizeof key, "user-%d", i);
		size_t was = choose(from, key, len), is = choose(to, key, len);
		all += was != is;
		lost += was != is && to->weights[was] > from->weights[was];
	}
	return (struct moved){100.0 * (double)all / MANY, 100.0 * (double)lost / MANY};
}

static void compare_moves(void)
{
	printf("%-22s %6s | %8s %8s | %8s %8s\n", "% of keys that move", "least", "flume",
	       "lost", "murmur3", "lost");
	for (size_t c = 0; c < sizeof changes / sizeof *changes; c++) {
		struct way from = way_new(changes[c].before, 4);
		struct way to = way_new(changes[c].after, 4);
		struct moved a = move(ours, &from, &to), b = move(theirs, &from, &to);
		double least = 0;
		for (size_t i = 0; i < 4; i++)
			least += fabs((double)to.weights[i] - from.weights[i]) / 2000;
		printf("%-22s %6.1f | %8.1f %8.1f | %8.1f %8.1f\n", changes[c].what, least,
		       a.all, a.lost, b.all, b.lost);
		ab_unref(from.sw);
		ab_unref(to.sw);
	}
	puts("lost: out of a variant that grew\n");
}

/* ---- how fast ---- */

static volatile size_t sink;

static void loop_ours(void *arg, void **item, long n)
{
	size_t sum = 0;
	(void)item;
	for (long i = 0; i < n; i++)
		sum += ours(arg, keys[i % KEYS], lengths[i % KEYS]);
	sink = sum;
}

static void loop_theirs(void *arg, void **item, long n)
{
	size_t sum = 0;
	(void)item;
	for (long i = 0; i < n; i++)
		sum += theirs(arg, keys[i % KEYS], lengths[i % KEYS]);
	sink = sum;
}

static struct document *documents[KEYS];

static void loop_documents(void *arg, void **item, long n)
{
	size_t sum = 0;
	(void)item;
	for (long i = 0; i < n; i++)
		sum += ab_choose(((struct way *)arg)->sw, true, documents[i % KEYS]).variant;
	sink = sum;
}

static void loop_board(void *arg, void **item, long n)
{
	size_t sum = 0;
	(void)item;
	for (long i = 0; i < n; i++) {
		struct switch_answer answer;
		switch_ask(arg, NULL, documents[i % KEYS], &answer);
		sum += (size_t)answer.why;
	}
	sink = sum;
}

/* As a server does: each document in a call of its own; so often it asks. */
static void ask_in_calls(struct switch_slot *slot, long n, int often)
{
	struct caller *caller = caller_take();
	struct flume_call call = {0};
	size_t sum = 0;
	caller_begin(caller, "", &call);
	for (long i = 0; i < n; i++) {
		struct switch_answer answer;
		caller_next(caller, &call);
		for (int k = 0; k < often; k++) {
			switch_ask(slot, &call, documents[i % KEYS], &answer);
			sum += (size_t)answer.why;
		}
	}
	caller_give(caller);
	sink = sum;
}

static void loop_once(void *arg, void **item, long n)
{
	(void)item;
	ask_in_calls(arg, n, 1);
}

static void loop_twice(void *arg, void **item, long n)
{
	(void)item;
	ask_in_calls(arg, n, 2);
}

struct timing {
	const char *what;
	loop_fn *loop;
	void *arg;
	double ns[ROUNDS], ratio[ROUNDS];
};

static void time_all(struct timing *all, size_t n)
{
	long turns;
	for (int r = 0; r < ROUNDS; r++)
		for (size_t i = 0; i < n; i++) {
			all[i].ns[r] = measure(all[i].loop, all[i].arg, NULL, 10, &turns);
			all[i].ratio[r] = all[i].ns[r] / all[0].ns[r];
		}
	for (size_t i = 0; i < n; i++)
		printf("  %-30s %7.1f ns %6.2f %10.2f\n", all[i].what,
		       bench_median(all[i].ns, ROUNDS), bench_median(all[i].ratio, ROUNDS),
		       count_allocations(all[i].loop, all[i].arg, NULL, 10000));
}

static void compare_speed(struct switchboard *board, size_t n)
{
	uint32_t weights[MOST];
	struct switch_slot *slot = NULL;
	for (size_t i = 0; i < n; i++)
		weights[i] = (uint32_t)(AB_WHOLE / n);
	weights[0] += AB_WHOLE - (uint32_t)(AB_WHOLE / n * n);
	struct way way = way_new(weights, n);
	bench_must(switchboard_put(board, way.sw), "put");
	bench_must(switchboard_slot(board, "checkout-layout", &slot), "slot");
	printf("%zu variants %32s %6s %10s\n", n, "", "ratio", "allocations");
	struct timing all[] = {
		{.what = "murmur3, fractional", .loop = loop_theirs, .arg = &way},
		{.what = "flume, a key", .loop = loop_ours, .arg = &way},
		{.what = "flume, a document", .loop = loop_documents, .arg = &way},
		{.what = "flume, on the board, counted", .loop = loop_board, .arg = slot},
		{.what = "flume, the same in a call", .loop = loop_once, .arg = slot},
		{.what = "flume, asked twice in it", .loop = loop_twice, .arg = slot},
	};
	time_all(all, sizeof all / sizeof *all);
	ab_unref(way.sw);
}

static void make_keys(void)
{
	for (int i = 0; i < KEYS; i++) {
		char text[64];
		lengths[i] = (size_t)snprintf(keys[i], sizeof keys[i], "user-%" PRIu64,
					      next() % 1000000000);
		int len = snprintf(text, sizeof text, "{\"total\":7,\"id\":\"%s\"}", keys[i]);
		bench_must(document_parse(&documents[i], text, (size_t)len, NULL), "document");
	}
}

int main(int argc, char **argv)
{
	static const size_t variants[] = {2, 3, 5, 10};
	struct switchboard *board = NULL;
	make_keys();
	bench_must(switchboard_new(&board, NULL), "board");
	if (argc < 2 || strcmp(argv[1], "speed") != 0) {
		compare_evenness();
		compare_moves();
	}
	for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
		compare_speed(board, variants[i]);
	switchboard_unref(board);
	for (int i = 0; i < KEYS; i++)
		document_free(documents[i]);
	return 0;
}
