#include "lib/base/pool.h"
#include "tests/unit/suites.h"
#include "tests/unit/threads.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct job {
	struct task task; /* first */
	void (*what)(struct job *);
	struct pool *pool;
	struct job *other;
	atomic_int ran, inside, most;
	atomic_bool open; /* lets those inside go */
	atomic_int back;
	atomic_bool over;
};

static bool run(struct task *task)
{
	struct job *job = (struct job *)task;
	if (job->what)
		job->what(job);
	job->ran++;
	return false;
}

static struct flume_factory_info look(struct pool *pool)
{
	struct flume_factory_info info;
	pool_read(pool, &info);
	return info;
}

static void stand(struct job *job)
{
	job->inside++;
	UNTIL(job->open);
	job->inside--;
}

START_TEST(nothing_starts_before_it_is_needed)
{
	struct pool *pool = pool_new(4, run);
	ck_assert_uint_eq(look(pool).workers, 0);
	ck_assert_ptr_null(pool_free(pool));
	ck_assert_ptr_null(pool_free(NULL));
}
END_TEST

START_TEST(every_run_is_run)
{
	struct job job = {0};
	struct pool *pool = pool_new(4, run);
	ck_assert(pool_submit(pool, &job.task, 500));
	UNTIL(job.ran == 500);
	ck_assert_uint_eq(pool_retract(pool, &job.task), 0);
	pool_free(pool);
	ck_assert_int_eq(job.ran, 500);
}
END_TEST

static void count_in(struct job *job)
{
	int inside = ++job->inside, most = job->most;
	while (inside > most && !atomic_compare_exchange_weak(&job->most, &most, inside))
		;
	sched_yield();
	job->inside--;
}

START_TEST(there_are_no_more_threads_than_allowed)
{
	struct job job = {.what = count_in};
	struct pool *pool = pool_new(2, run);
	ck_assert(pool_submit(pool, &job.task, 200));
	UNTIL(job.ran == 200);
	ck_assert_uint_le(look(pool).workers, 2);
	ck_assert_int_le(job.most, 2);
	pool_free(pool);
}
END_TEST

START_TEST(runs_go_to_as_many_workers_as_it_takes)
{
	struct job job = {.what = stand};
	struct pool *pool = pool_new(3, run);
	ck_assert(pool_submit(pool, &job.task, 3));
	UNTIL(job.inside == 3);
	ck_assert_uint_eq(look(pool).workers, 3);
	ck_assert_uint_eq(look(pool).busy, 3);
	job.open = true;
	pool_free(pool);
	ck_assert_int_eq(job.ran, 3);
}
END_TEST

START_TEST(what_waits_is_seen_and_can_be_taken_back)
{
	struct job stands = {.what = stand}, one = {0}, three = {0}, two = {0};
	struct pool *pool = pool_new(1, run);
	ck_assert(pool_submit(pool, &stands.task, 1));
	UNTIL(stands.inside);
	ck_assert(pool_submit(pool, &one.task, 1));
	ck_assert(pool_submit(pool, &three.task, 3));
	ck_assert(pool_offer(pool, &two.task));
	ck_assert_uint_eq(pool_press(pool, &two.task, 1), 0);
	ck_assert_uint_eq(look(pool).queued, 6);
	ck_assert_uint_eq(look(pool).busy, 1);
	ck_assert_uint_eq(pool_retract(pool, &three.task), 3);
	ck_assert_uint_eq(pool_retract(pool, &three.task), 0);
	ck_assert_uint_eq(look(pool).queued, 3);
	stands.open = true;
	UNTIL(two.ran == 2);
	ck_assert_int_eq(one.ran, 1); /* who came first is served first */
	pool_free(pool);
	ck_assert_int_eq(three.ran, 0);
}
END_TEST

START_TEST(each_of_many_offers_is_run_once)
{
	struct job job = {0};
	struct pool *pool = pool_new(2, run);
	for (int i = 1; i <= 2000; i++) {
		ck_assert(pool_offer(pool, &job.task));
		UNTIL(job.ran == i);
		ck_assert_uint_eq(pool_retract(pool, &job.task), 0);
	}
	pool_free(pool);
	ck_assert_int_eq(job.ran, 2000);
}
END_TEST

START_TEST(an_offer_is_run_or_taken_back)
{
	struct job job = {0};
	int back = 0;
	struct pool *pool = pool_new(2, run);
	for (int i = 0; i < 2000; i++) {
		ck_assert(pool_offer(pool, &job.task));
		for (int k = 0; k < i % 64; k++)
			atomic_load(&job.ran);
		back += (int)pool_retract(pool, &job.task);
	}
	UNTIL(job.ran + back == 2000);
	pool_free(pool);
	ck_assert_int_eq(job.ran + back, 2000);
}
END_TEST

static void *offer_many(void *arg)
{
	struct job job = {0};
	for (int i = 1; i <= 500; i++) {
		ck_assert(i % 3 ? pool_offer(arg, &job.task) : pool_submit(arg, &job.task, 1));
		if (i % 5 == 0)
			pool_press(arg, &job.task, 0);
		UNTIL(job.ran == i);
		pool_retract(arg, &job.task);
	}
	return NULL;
}

START_TEST(many_may_hand_over_at_once)
{
	pthread_t callers[8];
	struct pool *pool = pool_new(3, run);
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&callers[i], NULL, offer_many, pool), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(callers[i], NULL);
	ck_assert_uint_eq(look(pool).queued, 0);
	pool_free(pool);
}
END_TEST

/* ---- workers that hand over ---- */

static void wait_for_oneself(struct job *job)
{
	struct job inner = {0};
	ck_assert(pool_offer(job->pool, &inner.task));
	job->back = (int)pool_press(job->pool, &inner.task, 2);
	job->over = pool_must_press(job->pool, &inner.task);
}

START_TEST(the_only_worker_gets_its_own_runs_back)
{
	struct pool *pool = pool_new(1, run);
	struct job job = {.what = wait_for_oneself, .pool = pool};
	ck_assert(pool_submit(pool, &job.task, 1));
	UNTIL(job.ran);
	ck_assert_int_eq(job.back, 3);
	ck_assert(!job.over);
	ck_assert_uint_eq(look(pool).queued, 0);
	pool_free(pool);
}
END_TEST

/* The other worker is free, but serves somebody who never ends first. */
static void wait_behind_another(struct job *job)
{
	struct job inner = {0}, *other = job->other;
	ck_assert(pool_submit(job->pool, &other->task, 1));
	ck_assert(pool_submit(job->pool, &inner.task, 1));
	UNTIL(other->inside);
	job->over = pool_must_press(job->pool, &inner.task);
	job->back = (int)pool_press(job->pool, &inner.task, 0);
}

START_TEST(a_worker_asks_again_for_who_was_free_took_something_else)
{
	struct pool *pool = pool_new(2, run);
	struct job other = {.what = stand};
	struct job job = {.what = wait_behind_another, .pool = pool, .other = &other};
	ck_assert(pool_submit(pool, &job.task, 1));
	UNTIL(job.ran);
	ck_assert(job.over);
	ck_assert_int_eq(job.back, 1);
	other.open = true;
	pool_free(pool);
}
END_TEST

START_TEST(others_never_get_theirs_back)
{
	struct job stands = {.what = stand}, job = {0};
	struct pool *pool = pool_new(1, run);
	ck_assert(pool_submit(pool, &stands.task, 1));
	UNTIL(stands.inside);
	ck_assert(pool_offer(pool, &job.task));
	ck_assert_uint_eq(pool_press(pool, &job.task, 0), 0);
	ck_assert(!pool_must_press(pool, &job.task));
	ck_assert_uint_eq(pool_retract(pool, &job.task), 1);
	stands.open = true;
	pool_free(pool);
}
END_TEST

static void free_pool(struct job *job)
{
	UNTIL(job->open); /* who handed it over is out of the pool */
	pool_free(job->pool);
	job->over = true;
}

START_TEST(a_worker_may_free_the_pool)
{
	struct pool *pool = pool_new(3, run);
	struct job job = {.what = stand}, last = {.what = free_pool, .pool = pool};
	ck_assert(pool_submit(pool, &job.task, 3));
	UNTIL(job.inside == 3);
	job.open = true;
	UNTIL(job.ran == 3);
	ck_assert(pool_submit(pool, &last.task, 1));
	last.open = true;
	UNTIL(last.ran);
	ck_assert(last.over);
}
END_TEST

/* ---- threads ---- */

static void look_at_oneself(struct job *job)
{
	char name[16];
	sigset_t blocked;
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	job->back = sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGUSR1);
	pthread_getname_np(pthread_self(), name, sizeof name);
	job->over = !strcmp(name, "flume-worker");
}

START_TEST(threads_have_a_name_and_take_no_signals)
{
	struct job job = {.what = look_at_oneself};
	struct pool *pool = pool_new(1, run);
	sigset_t blocked;
	ck_assert(pool_submit(pool, &job.task, 1));
	UNTIL(job.ran);
	ck_assert(job.back);
	ck_assert(job.over);
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	ck_assert(!sigismember(&blocked, SIGTERM)); /* and the caller does as before */
	pool_free(pool);
}
END_TEST

START_TEST(when_no_thread_can_be_started_that_is_said)
{
	struct job job = {0};
	struct pool *pool = pool_new(2, run);
	no_threads(true);
	ck_assert(!pool_submit(pool, &job.task, 2));
	ck_assert(!pool_offer(pool, &job.task));
	ck_assert_uint_eq(look(pool).queued, 0);
	ck_assert_uint_eq(look(pool).workers, 0);
	ck_assert_uint_eq(pool_retract(pool, &job.task), 0);
	no_threads(false);
	ck_assert(pool_submit(pool, &job.task, 2));
	UNTIL(job.ran == 2);
	pool_free(pool);
}
END_TEST

START_TEST(what_no_second_thread_comes_for_waits_for_the_first)
{
	struct job stands = {.what = stand}, job = {0};
	struct pool *pool = pool_new(2, run);
	ck_assert(pool_submit(pool, &stands.task, 1));
	UNTIL(stands.inside);
	no_threads(true);
	ck_assert(pool_submit(pool, &job.task, 1));
	no_threads(false);
	ck_assert_uint_eq(look(pool).queued, 1);
	stands.open = true;
	UNTIL(job.ran);
	pool_free(pool);
}
END_TEST

Suite *suite_pool(void)
{
	Suite *suite = suite_create("pool");
	TCase *tc = tcase_create("pool");
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, nothing_starts_before_it_is_needed);
	tcase_add_test(tc, every_run_is_run);
	tcase_add_test(tc, there_are_no_more_threads_than_allowed);
	tcase_add_test(tc, runs_go_to_as_many_workers_as_it_takes);
	tcase_add_test(tc, what_waits_is_seen_and_can_be_taken_back);
	tcase_add_test(tc, each_of_many_offers_is_run_once);
	tcase_add_test(tc, an_offer_is_run_or_taken_back);
	tcase_add_test(tc, many_may_hand_over_at_once);
	tcase_add_test(tc, the_only_worker_gets_its_own_runs_back);
	tcase_add_test(tc, a_worker_asks_again_for_who_was_free_took_something_else);
	tcase_add_test(tc, others_never_get_theirs_back);
	tcase_add_test(tc, a_worker_may_free_the_pool);
	tcase_add_test(tc, threads_have_a_name_and_take_no_signals);
	tcase_add_test(tc, when_no_thread_can_be_started_that_is_said);
	tcase_add_test(tc, what_no_second_thread_comes_for_waits_for_the_first);
	return suite;
}
