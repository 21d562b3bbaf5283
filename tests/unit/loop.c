#include "agent/loop/loop.h"

#include "tests/unit/suites.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MS INT64_C(1000000)

static struct loop *loop;
static char trace[4096]; /* one letter per callback */

static void mark(char c)
{
	size_t n = strlen(trace);
	ck_assert_uint_lt(n, sizeof trace - 1);
	trace[n] = c;
	trace[n + 1] = '\0';
}

static void setup(void)
{
	trace[0] = '\0';
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
}

static void teardown(void)
{
	loop = loop_free(loop);
}

/* Runs until `n` callbacks have left their mark. */
static void run_until(size_t n)
{
	int64_t end = loop_now() + 5000 * MS;
	while (strlen(trace) < n) {
		ck_assert_msg(loop_now() < end, "only '%s' happened", trace);
		loop_step(loop, 100);
	}
}

static void mark_letter(void *arg)
{
	mark(*(const char *)arg);
}

static struct loop_timer *timer(const char *letter)
{
	static char letters[128][2];
	int i = (unsigned char)*letter;
	letters[i][0] = *letter;
	return loop_timer_new(loop, mark_letter, letters[i]);
}

/* ---- timers ---- */

START_TEST(a_timer_fires_once_and_not_before_its_time)
{
	struct loop_timer *a = timer("a");
	int64_t from = loop_now();
	loop_timer_arm(a, 20 * MS);
	run_until(1);
	ck_assert_int_ge(loop_now() - from, 20 * MS);
	loop_step(loop, 30);
	ck_assert_str_eq(trace, "a");
}
END_TEST

START_TEST(a_disarmed_or_freed_timer_does_not_fire)
{
	struct loop_timer *a = timer("a"), *b = timer("b");
	loop_timer_arm(a, 1 * MS);
	loop_timer_arm(b, 1 * MS);
	loop_timer_arm(timer("c"), 5 * MS);
	loop_timer_disarm(a);
	loop_timer_disarm(a);
	ck_assert_ptr_null(loop_timer_free(b));
	run_until(1);
	ck_assert_str_eq(trace, "c");
}
END_TEST

static struct loop_timer *restless;

static void mark_and_arm_again(void *arg)
{
	(void)arg;
	mark('t');
	loop_timer_arm(restless, 0);
}

static void mark_and_stop_restless(int fd, uint32_t events, void *arg)
{
	(void)fd, (void)events, (void)arg;
	mark('f');
	restless = loop_timer_free(restless);
}

START_TEST(a_timer_that_arms_itself_with_0_starves_no_descriptor)
{
	int pipe_fds[2];
	ck_assert_int_eq(pipe(pipe_fds), 0);
	restless = loop_timer_new(loop, mark_and_arm_again, NULL);
	loop_timer_arm(restless, 0);
	ck_assert_int_eq(write(pipe_fds[1], "x", 1), 1);
	loop_fd_add(loop, pipe_fds[0], EPOLLIN, mark_and_stop_restless, NULL);
	while (!strchr(trace, 'f'))
		loop_step(loop, 0);
	ck_assert_uint_le(strlen(trace), 2);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}
END_TEST

static void free_own_timer(void *arg)
{
	struct loop_timer **t = arg;
	*t = loop_timer_free(*t);
	mark('x');
}

START_TEST(a_timer_may_free_itself)
{
	struct loop_timer *t = loop_timer_new(loop, free_own_timer, &t);
	loop_timer_arm(t, 0);
	run_until(1);
	ck_assert_ptr_null(t);
}
END_TEST

START_TEST(a_step_waits_no_longer_than_it_may)
{
	int64_t from = loop_now();
	loop_timer_arm(timer("a"), 10000 * MS);
	loop_step(loop, 10);
	ck_assert_int_lt(loop_now() - from, 5000 * MS);
	ck_assert_str_eq(trace, "");
}
END_TEST

/* ---- descriptors ---- */

struct end { /* of a pipe, with a letter */
	int read, write;
	char letter;
	struct loop_fd *watch;
};

static void open_end(struct end *e, char letter, loop_fd_fn *fn)
{
	int fds[2];
	ck_assert_int_eq(pipe(fds), 0);
	*e = (struct end){.read = fds[0], .write = fds[1], .letter = letter};
	e->watch = loop_fd_add(loop, e->read, EPOLLIN, fn, e);
	ck_assert_ptr_nonnull(e->watch);
	ck_assert_int_eq(write(e->write, "x", 1), 1);
}

static void close_end(struct end *e)
{
	e->watch = loop_fd_remove(e->watch);
	close(e->read);
	close(e->write);
}

static void mark_fd(int fd, uint32_t events, void *arg)
{
	struct end *e = arg;
	ck_assert_int_eq(fd, e->read);
	ck_assert_uint_ne(events & EPOLLIN, 0);
	mark(e->letter);
}

START_TEST(a_descriptor_is_reported_while_it_is_ready)
{
	struct end a;
	char c;
	open_end(&a, 'a', mark_fd);
	loop_step(loop, 0);
	loop_step(loop, 0);
	ck_assert_str_eq(trace, "aa");
	ck_assert_int_eq(read(a.read, &c, 1), 1);
	loop_step(loop, 0);
	ck_assert_str_eq(trace, "aa");
	close_end(&a);
}
END_TEST

START_TEST(a_watch_can_change_what_it_waits_for)
{
	struct end a;
	open_end(&a, 'a', mark_fd);
	ck_assert_int_eq(loop_fd_change(a.watch, 0), 0);
	loop_step(loop, 0);
	ck_assert_str_eq(trace, "");
	ck_assert_int_eq(loop_fd_change(a.watch, EPOLLIN), 0);
	loop_step(loop, 0);
	ck_assert_str_eq(trace, "a");
	close_end(&a);
}
END_TEST

START_TEST(what_cannot_be_watched_gives_no_watch)
{
	ck_assert_ptr_null(loop_fd_add(loop, -1, EPOLLIN, mark_fd, NULL));
}
END_TEST

static struct end one, other;

static void remove_the_other(int fd, uint32_t events, void *arg)
{
	struct end *e = arg;
	mark_fd(fd, events, arg);
	close_end(e == &one ? &other : &one);
	e->watch = loop_fd_remove(e->watch);
}

START_TEST(a_watch_removed_by_another_callback_is_not_called)
{
	open_end(&one, 'a', remove_the_other);
	open_end(&other, 'b', remove_the_other);
	loop_step(loop, 0);
	loop_step(loop, 0);
	ck_assert_uint_eq(strlen(trace), 1);
}
END_TEST

static void reuse_the_number(int fd, uint32_t events, void *arg)
{
	struct end *e = arg;
	mark_fd(fd, events, arg);
	struct end *victim = e == &one ? &other : &one;
	int number = victim->read;
	close_end(victim);
	open_end(victim, 'n', mark_fd);
	ck_assert_int_eq(victim->read, number);
	close_end(e);
}

START_TEST(a_new_watch_on_an_old_number_waits_for_its_own_news)
{
	open_end(&one, 'a', reuse_the_number);
	open_end(&other, 'a', reuse_the_number);
	loop_step(loop, 0);
	ck_assert_str_eq(trace, "a");
	loop_step(loop, 0);
	ck_assert_str_eq(trace, "an");
}
END_TEST

START_TEST(a_watch_removed_too_late_is_gone_all_the_same)
{
	struct end a;
	open_end(&a, 'a', mark_fd);
	int copy = dup(a.read); /* as a forked child would hold it */
	close(a.read);
	a.watch = loop_fd_remove(a.watch);
	loop_step(loop, 0);
	loop_step(loop, 0);
	ck_assert_str_eq(trace, "");
	close(copy);
	close(a.write);
}
END_TEST

START_TEST(a_watch_goes_over_to_what_was_opened_with_its_number)
{
	struct end a, b;
	open_end(&a, 'a', mark_fd);
	close(a.read); /* without a word to the loop */
	int fds[2];
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(fds[0], a.read);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	loop_step(loop, 0);
	ck_assert_str_eq(trace, "");
	loop_fd_opened(loop, fds[0]);
	open_end(&b, 'b', mark_fd);
	loop_fd_opened(loop, b.write); /* nobody's */
	loop_step(loop, 0);
	ck_assert_msg(!strcmp(trace, "ab") || !strcmp(trace, "ba"), "%s", trace);
	close(fds[1]);
	close_end(&a);
	close_end(&b);
}
END_TEST

START_TEST(freeing_the_loop_drops_what_is_left)
{
	struct end a;
	open_end(&a, 'a', mark_fd);
	loop_timer_arm(timer("t"), 0);
	static char p[] = "p";
	ck_assert_int_eq(loop_post(loop, mark_letter, p), 0);
	loop = loop_free(loop);
	ck_assert_str_eq(trace, "");
	close(a.read);
	close(a.write);
}
END_TEST

/* ---- other threads ---- */

enum { THREADS = 4, POSTS = 500 };
static struct poster {
	pthread_t thread;
	int next; /* touched on the loop alone */
	struct parcel {
		struct poster *from;
		int number;
	} parcels[POSTS];
} posters[THREADS];
static int arrived;

static void arrive(void *arg)
{
	struct parcel *p = arg;
	ck_assert_int_eq(p->number, p->from->next);
	p->from->next++;
	if (++arrived == THREADS * POSTS)
		loop_stop(loop);
}

static void *post_all(void *arg)
{
	struct poster *p = arg;
	for (int i = 0; i < POSTS; i++) {
		p->parcels[i] = (struct parcel){p, i};
		if (loop_post(loop, arrive, &p->parcels[i]))
			abort();
	}
	return NULL;
}

START_TEST(posts_of_a_thread_run_on_the_loop_in_their_order)
{
	for (int i = 0; i < THREADS; i++)
		pthread_create(&posters[i].thread, NULL, post_all, &posters[i]);
	loop_run(loop);
	ck_assert_int_eq(arrived, THREADS * POSTS);
	for (int i = 0; i < THREADS; i++)
		pthread_join(posters[i].thread, NULL);
}
END_TEST

static void *stop_it(void *arg)
{
	(void)arg;
	usleep(5000);
	loop_stop(loop);
	return NULL;
}

START_TEST(another_thread_can_stop_a_waiting_loop)
{
	pthread_t thread;
	pthread_create(&thread, NULL, stop_it, NULL);
	loop_run(loop);
	pthread_join(thread, NULL);
}
END_TEST

static void mark_and_stop(void *arg)
{
	mark_letter(arg);
	loop_stop(loop);
}

START_TEST(a_stopped_loop_leaves_the_rest_for_the_next_run)
{
	static char a[] = "a", b[] = "b";
	loop_post(loop, mark_and_stop, a);
	loop_post(loop, mark_and_stop, b);
	loop_run(loop);
	ck_assert_str_eq(trace, "a");
	loop_run(loop);
	ck_assert_str_eq(trace, "ab");
}
END_TEST

START_TEST(a_stop_before_the_run_is_not_lost)
{
	loop_stop(loop);
	loop_step(loop, 0);
	loop_run(loop);
}
END_TEST

Suite *suite_loop(void)
{
	Suite *s = suite_create("loop");
	TCase *c = tcase_create("loop");
	tcase_set_timeout(c, 20);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_timer_fires_once_and_not_before_its_time);
	tcase_add_test(c, a_disarmed_or_freed_timer_does_not_fire);
	tcase_add_test(c, a_timer_that_arms_itself_with_0_starves_no_descriptor);
	tcase_add_test(c, a_timer_may_free_itself);
	tcase_add_test(c, a_step_waits_no_longer_than_it_may);
	tcase_add_test(c, a_descriptor_is_reported_while_it_is_ready);
	tcase_add_test(c, a_watch_can_change_what_it_waits_for);
	tcase_add_test(c, what_cannot_be_watched_gives_no_watch);
	tcase_add_test(c, a_watch_removed_by_another_callback_is_not_called);
	tcase_add_test(c, a_new_watch_on_an_old_number_waits_for_its_own_news);
	tcase_add_test(c, a_watch_removed_too_late_is_gone_all_the_same);
	tcase_add_test(c, a_watch_goes_over_to_what_was_opened_with_its_number);
	tcase_add_test(c, freeing_the_loop_drops_what_is_left);
	tcase_add_test(c, posts_of_a_thread_run_on_the_loop_in_their_order);
	tcase_add_test(c, another_thread_can_stop_a_waiting_loop);
	tcase_add_test(c, a_stopped_loop_leaves_the_rest_for_the_next_run);
	tcase_add_test(c, a_stop_before_the_run_is_not_lost);
	suite_add_tcase(s, c);
	return s;
}
