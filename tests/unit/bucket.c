/* A bucket against what it promises, in random stories. */
#include "lib/connector/bucket.h"
#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>

#define STEPS    4000
#define INTERVAL 100

static struct bucket bucket;
static uint64_t seed;
static int64_t now;

static int64_t passed[STEPS]; /* when: in no order */
static size_t n_passed;
static struct promise waiting[STEPS];
static size_t n_waiting;

static unsigned below(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

static void open_bucket(int64_t burst)
{
	memset(&bucket, 0, sizeof bucket);
	pthread_mutex_init(&bucket.state.lock, NULL);
	now = 1000;
	n_passed = n_waiting = 0;
	bucket_adopt(&bucket, INTERVAL, burst, now);
}

static void pass(int64_t at)
{
	passed[n_passed++] = at;
}

static void arrive(void)
{
	struct promise promise = {.at_ns = now};
	int64_t before = below(2) ? INT64_MAX : now + below(2000);
	if (!bucket_take(&bucket, now) && !bucket_promise(&bucket, now, before, &promise))
		return;
	if (promise.at_ns <= now)
		pass(now);
	else
		waiting[n_waiting++] = promise;
}

static void let_pass(void)
{
	for (size_t i = 0; i < n_waiting;) {
		if (waiting[i].at_ns <= now) {
			pass(waiting[i].at_ns);
			waiting[i] = waiting[--n_waiting];
		} else {
			i++;
		}
	}
}

static void give_up(void)
{
	size_t i = below((unsigned)n_waiting);
	bucket_give_back(&bucket, &waiting[i]);
	waiting[i] = waiting[--n_waiting];
}

static int by_time(const void *a, const void *b)
{
	int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
	return (one > other) - (one < other);
}

/* In no time, however short or long, more than the burst and what came meanwhile. */
static void expect_no_more_than(int64_t burst)
{
	size_t too_many = 0;
	qsort(passed, n_passed, sizeof *passed, by_time);
	for (size_t i = 0; i < n_passed; i++)
		for (size_t k = i; k < n_passed; k++)
			too_many += (int64_t)(k - i + 1) >
				    burst + (passed[k] - passed[i]) / INTERVAL;
	ck_assert_uint_eq(too_many, 0);
}

START_TEST(it_never_lets_more_through_than_it_may)
{
	seed = (uint64_t)_i;
	int64_t burst = 1 + below(7);
	open_bucket(burst);
	for (int step = 0; step < STEPS; step++) {
		let_pass();
		switch (below(4)) {
		case 0:
			now += below(_i % 2 ? 150 : 350);
			break;
		case 1:
			if (n_waiting)
				give_up();
			break;
		default:
			arrive();
		}
	}
	expect_no_more_than(burst);
	ck_assert_uint_gt(n_passed, 50);
}
END_TEST

START_TEST(who_comes_all_the_time_gets_all_there_is)
{
	open_bucket(3);
	while (now < 1000 + 100 * INTERVAL) {
		arrive();
		let_pass();
		now += below(20);
	}
	let_pass();
	ck_assert_int_ge(n_passed, 3 + 99);
	expect_no_more_than(3);
}
END_TEST

Suite *suite_bucket(void)
{
	Suite *suite = suite_create("bucket");
	TCase *tc = tcase_create("bucket");
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, it_never_lets_more_through_than_it_may, 0, 40);
	tcase_add_test(tc, who_comes_all_the_time_gets_all_there_is);
	return suite;
}
