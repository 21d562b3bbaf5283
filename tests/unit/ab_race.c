/* Which variant by weight: the recipe, how even it is, and who moves when weights change. */
#include "agent/split/race.h"

#include "tests/unit/ab_fixture.h"
#include "tests/unit/cases.h"
#include "tests/unit/reading.h"
#include "tests/unit/suites.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { MOST = 6 }; /* variants */

static size_t key_of(char key[32], uint64_t i)
{
	return (size_t)snprintf(key, 32, "user-%" PRIu64, i);
}

static size_t variant_of(const struct ab_switch *sw, uint64_t i)
{
	char key[32];
	size_t n = key_of(key, i);
	return ab_choose_key(sw, true, key, n).variant;
}

/* ---- the recipe ---- */

#define RULES "schemas/README.md"

static void expect_time(const char *line, int *seen)
{
	uint64_t hash, name, x, ticks;
	char variant[64];
	if (sscanf(line,
		   "| `%" SCNx64 "` | `%63[^`]` | `%" SCNx64 "` | %" SCNu64 " | %" SCNu64 " |",
		   &hash, variant, &name, &x, &ticks) != 5)
		return;
	ck_assert_msg(race_name(variant) == name, "%s", line);
	ck_assert_msg(race_time(hash, name) == ticks, "%s: %" PRIu64, line,
		      race_time(hash, name));
	++*seen;
}

static void expect_choice(const char *line, int *seen)
{
	uint64_t hash;
	char salt[64], variants[200], key[64], variant[64];
	struct text yaml = {0};
	if (sscanf(line, "| `%63[^`]` | `%199[^`]` | `%63[^`]` | `%" SCNx64 "` | `%63[^`]` |",
		   salt, variants, key, &hash, variant) != 5)
		return;
	text_addf(&yaml, "{by: id, variants: {%s}, default: %s}", variants, variant);
	struct ab_switch *sw = read_switch(salt, yaml.s);
	struct ab_choice choice = ab_choose_key(sw, true, key, strlen(key));
	ck_assert_msg(choice.hash == hash, "%s: %016" PRIx64, line, choice.hash);
	ck_assert_msg(!strcmp(ab_variant(sw, choice.variant)->name, variant), "%s: %s", line,
		      ab_variant(sw, choice.variant)->name);
	ab_unref(sw);
	text_fini(&yaml);
	++*seen;
}

/* They never change, or everyone would move. */
START_TEST(the_vectors_of_the_reference_hold)
{
	int times = 0, choices = 0;
	char *text = case_read(RULES), *rest = text;
	ck_assert_msg(text != NULL, "no " RULES " here: run from the top of the tree");
	for (char *line; (line = strsep(&rest, "\n"));) {
		expect_time(line, &times);
		expect_choice(line, &choices);
	}
	free(text);
	ck_assert_int_ge(times, 4);
	ck_assert_int_ge(choices, 12);
}
END_TEST

START_TEST(the_short_way_comes_to_what_the_recipe_does)
{
	uint64_t state = 1;
	race_prepare();
	for (int i = 0; i < 100000; i++) {
		struct racer racers[MOST];
		uint32_t weights[MOST];
		size_t n = 0, best = 0;
		random_weights(weights, MOST, &state);
		for (uint32_t v = 0; v < MOST; v++)
			if (weights[v])
				racers[n++] =
					(struct racer){random_next(&state), weights[v], v};
		uint64_t hash = random_next(&state), times[MOST];
		for (size_t v = 0; v < n; v++)
			times[v] = race_time(hash, racers[v].name);
		for (size_t v = 1; v < n; v++)
			if (times[v] * racers[best].weight < times[best] * racers[v].weight)
				best = v;
		ck_assert_uint_eq(race_run(racers, n, hash), best);
	}
}
END_TEST

/* Two that run the same race are as near to each other as can be: the first by name wins. */
START_TEST(of_equals_the_first_wins)
{
	const struct racer same[] = {{7, 500, 0}, {7, 500, 1}, {7, 500, 2}};
	const struct racer heavier[] = {{7, 50000, 0}, {7, 50001, 1}};
	race_prepare();
	for (uint64_t hash = 0; hash < 1000; hash++) {
		ck_assert_uint_eq(race_run(same, 3, hash), 0);
		ck_assert_uint_eq(race_run(heavier, 2, hash), 1);
	}
}
END_TEST

/* ---- how even ---- */

/* Of some 200 shares one in 400 may be beyond three standard deviations; the keys are always the same, so
 * what is seen here once is seen always.  A million keys: tests/bench/switch_split.c. */
START_TEST(shares_are_as_large_as_they_say)
{
	enum { KEYS = 20000, WEIGHTINGS = 50 };
	uint64_t state = 2;
	int beyond = 0;
	for (int w = 0; w < WEIGHTINGS; w++) {
		uint32_t weights[MOST];
		uint64_t got[MOST] = {0};
		size_t n = 2 + (size_t)w % (MOST - 1);
		random_weights(weights, n, &state);
		struct ab_switch *sw = weigh_switch(weights, n);
		for (uint64_t i = 0; i < KEYS; i++)
			got[variant_of(sw, i + (uint64_t)w * KEYS)]++;
		for (size_t v = 0; v < n; v++) {
			double p = (double)weights[v] / AB_WHOLE;
			double off = fabs((double)got[v] - KEYS * p);
			double deviation = sqrt(KEYS * p * (1 - p));
			ck_assert_msg(off <= 4 * deviation + 1, "%u: %" PRIu64 " of %d",
				      weights[v], got[v], KEYS);
			beyond += off > 3 * deviation + 1;
		}
		ab_unref(sw);
	}
	ck_assert_int_le(beyond, 2);
}
END_TEST

START_TEST(nobody_gets_a_variant_without_weight)
{
	const uint32_t weights[] = {0, 99999, 0, 1};
	struct ab_switch *sw = weigh_switch(weights, 4);
	for (uint64_t i = 0; i < 20000; i++) {
		size_t variant = variant_of(sw, i);
		ck_assert(variant == 1 || variant == 3);
	}
	ab_unref(sw);
}
END_TEST

/* ---- who moves ---- */

struct moves {
	const uint32_t *before, *after;
	size_t n;
	uint64_t keys, moved;
};

/* The promise, for every pair of weightings and every key. */
static void follow_all(struct moves *moves)
{
	struct ab_switch *before = weigh_switch(moves->before, moves->n);
	struct ab_switch *after = weigh_switch(moves->after, moves->n);
	for (uint64_t i = 0; i < moves->keys; i++) {
		size_t x = variant_of(before, i), y = variant_of(after, i);
		uint64_t grew_x = (uint64_t)moves->after[x] * moves->before[y];
		uint64_t grew_y = (uint64_t)moves->after[y] * moves->before[x];
		ck_assert_msg(x == y || grew_y > grew_x,
			      "from %zu (%u, then %u) to %zu (%u, then %u)", x,
			      moves->before[x], moves->after[x], y, moves->before[y],
			      moves->after[y]);
		moves->moved += x != y;
	}
	ab_unref(before);
	ab_unref(after);
}

START_TEST(a_document_moves_only_to_what_grew_by_a_larger_factor)
{
	uint64_t state = 3, moved = 0;
	for (int w = 0; w < 200; w++) {
		uint32_t before[MOST], after[MOST];
		size_t n = 2 + (size_t)w % (MOST - 1);
		random_weights(before, n, &state);
		random_weights(after, n, &state);
		struct moves moves = {before, after, n, 500, 0};
		follow_all(&moves);
		moved += moves.moved;
	}
	ck_assert_uint_gt(moved, 10000);
}
END_TEST

/* Whatever the others give for it, and whoever they are. */
START_TEST(what_grows_alone_loses_nobody)
{
	uint64_t state = 4, moved = 0;
	for (int w = 0; w < 200; w++) {
		uint32_t before[MOST], after[MOST];
		size_t n = 2 + (size_t)w % (MOST - 1), grows = random_next(&state) % n;
		random_weights(before, n, &state);
		memcpy(after, before, sizeof after);
		for (size_t v = 0; v < n; v++) {
			uint32_t gives = (uint32_t)(random_next(&state) % (before[v] / 2 + 1));
			after[v] -= gives;
			after[grows] += gives;
		}
		struct ab_switch *a = weigh_switch(before, n), *b = weigh_switch(after, n);
		for (uint64_t i = 0; i < 500; i++) {
			size_t was = variant_of(a, i), is = variant_of(b, i);
			ck_assert(was != grows || is == grows);
			moved += was != is;
		}
		ab_unref(a);
		ab_unref(b);
	}
	ck_assert_uint_gt(moved, 5000);
}
END_TEST

/* 0, 10, 50, 100 per cent: each step only adds, and as many as it says. */
START_TEST(a_ramp_only_adds)
{
	enum { KEYS = 20000 };
	static const uint32_t steps[] = {0, 10000, 50000, 100000};
	bool in[KEYS] = {false};
	for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
		const uint32_t weights[] = {steps[s], AB_WHOLE - steps[s]};
		struct ab_switch *sw = weigh_switch(weights, 2);
		double count = 0;
		for (uint64_t i = 0; i < KEYS; i++) {
			bool is = variant_of(sw, i) == 0;
			ck_assert(!in[i] || is);
			in[i] = is;
			count += is;
		}
		ck_assert(fabs(count - (double)KEYS * steps[s] / AB_WHOLE) <
			  4 * sqrt(KEYS * 0.25));
		ab_unref(sw);
	}
}
END_TEST

START_TEST(treatments_that_grow_alike_do_not_trade)
{
	static const uint32_t before[] = {5000, 5000, 90000}, after[] = {15000, 15000, 70000};
	struct ab_switch *a = weigh_switch(before, 3), *b = weigh_switch(after, 3);
	for (uint64_t i = 0; i < 20000; i++) {
		size_t was = variant_of(a, i), is = variant_of(b, i);
		ck_assert(was == 2 || was == is);
	}
	ab_unref(a);
	ab_unref(b);
}
END_TEST

START_TEST(a_new_variant_takes_and_gives_nothing_to_the_others)
{
	struct ab_switch *a = read_switch("s", "{by: id, variants: {control: 90, compact: "
					       "10}, default: control}");
	struct ab_switch *b = read_switch("s", "{by: id, variants: {control: 45, compact: 5, "
					       "all-new: 50}, default: control}");
	for (uint64_t i = 0; i < 20000; i++) {
		const char *was = ab_variant(a, variant_of(a, i))->name;
		const char *is = ab_variant(b, variant_of(b, i))->name;
		ck_assert(!strcmp(is, "all-new") || !strcmp(was, is));
	}
	ab_unref(a);
	ab_unref(b);
}
END_TEST

Suite *suite_ab_race(void)
{
	Suite *suite = suite_create("ab_race");
	TCase *tests = tcase_create("race");
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, the_vectors_of_the_reference_hold);
	tcase_add_test(tests, the_short_way_comes_to_what_the_recipe_does);
	tcase_add_test(tests, of_equals_the_first_wins);
	tcase_add_test(tests, shares_are_as_large_as_they_say);
	tcase_add_test(tests, nobody_gets_a_variant_without_weight);
	tcase_add_test(tests, a_document_moves_only_to_what_grew_by_a_larger_factor);
	tcase_add_test(tests, what_grows_alone_loses_nobody);
	tcase_add_test(tests, a_ramp_only_adds);
	tcase_add_test(tests, treatments_that_grow_alike_do_not_trade);
	tcase_add_test(tests, a_new_variant_takes_and_gives_nothing_to_the_others);
	suite_add_tcase(suite, tests);
	return suite;
}
