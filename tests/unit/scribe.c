/* The thread that writes: it tells when it is done, and nobody waits for one that hangs. */
#include "agent/engine/scribe.h"

#include "tests/unit/suites.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MS INT64_C(1000000)

static char folder[64];
static struct loop *loop;
static struct scribe *scribe;
static int told, rc;
static size_t done;

static void note(void *arg, struct scribe_job *job)
{
	(void)arg;
	told++;
	rc = job->rc;
	done = job->done;
	scribe_job_free(job);
}

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(folder, sizeof folder, "%s/flume-scribe-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	told = 0;
	loop = loop_new();
	scribe = scribe_new(loop, note, NULL);
	ck_assert_ptr_nonnull(scribe);
}

static void teardown(void)
{
	scribe = scribe_free(scribe);
	loop = loop_free(loop);
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static const char *path(const char *name)
{
	static char out[128];
	snprintf(out, sizeof out, "%s/%s", folder, name);
	return out;
}

static struct scribe_job *job_of(const char *name, const char *text)
{
	struct scribe_job *job = calloc(1, sizeof *job);
	job->folder = strdup(folder);
	job->items = calloc(1, sizeof *job->items);
	job->items[0] = (struct file_item){
		.name = strdup(name), .bytes = strdup(text), .len = strlen(text)};
	job->n = 1;
	return job;
}

static void until_told(int times)
{
	int64_t end = loop_now() + 10000 * MS;
	while (told < times && loop_now() < end)
		loop_step(loop, 10);
	ck_assert_int_eq(told, times);
}

START_TEST(it_is_told_on_the_loop)
{
	ck_assert(!scribe_is_busy(scribe));
	for (int i = 0; i < 3; i++) {
		scribe_start(scribe, job_of("a", "x"));
		ck_assert(scribe_is_busy(scribe));
		until_told(i + 1);
		ck_assert(!scribe_is_busy(scribe));
		ck_assert_int_eq(rc, 0);
		ck_assert_uint_eq(done, 1);
	}
	ck_assert_int_eq(access(path("a"), F_OK), 0);
}
END_TEST

START_TEST(an_error_comes_with_it)
{
	ck_assert_int_eq(mkdir(path("a"), 0700), 0);
	scribe_start(scribe, job_of("a", "x"));
	until_told(1);
	ck_assert_int_eq(rc, FLUME_IO);
	ck_assert_uint_eq(done, 0);
}
END_TEST

START_TEST(one_can_wait_for_it)
{
	scribe_start(scribe, job_of("a", "x"));
	ck_assert(scribe_wait(scribe, loop_now() + 10000 * MS));
	ck_assert_int_eq(told, 1);
	ck_assert(scribe_wait(scribe, 0));
	loop_step(loop, 0);
	ck_assert_int_eq(told, 1); /* and not once more */
}
END_TEST

START_TEST(a_job_without_items_looks_whether_one_may_write)
{
	struct scribe_job *job = calloc(1, sizeof *job);
	job->folder = strdup(folder);
	scribe_start(scribe, job);
	until_told(1);
	ck_assert_int_eq(rc, 0);
}
END_TEST

/* A pipe that nobody reads hangs whoever opens it for writing, as a dead disk does. */
START_TEST(nobody_waits_for_a_disk_that_hangs)
{
	ck_assert_int_eq(mkfifo(path(".a"), 0600), 0);
	scribe_start(scribe, job_of("a", "x"));
	int64_t begun = loop_now();
	ck_assert(!scribe_wait(scribe, begun + 50 * MS));
	scribe = scribe_free(scribe);
	ck_assert_int_lt(loop_now() - begun, 5000 * MS);
	ck_assert_int_eq(told, 0);
	int reader = open(path(".a"), O_RDONLY); /* it wakes, and clears up */
	char piece[8];
	while (read(reader, piece, sizeof piece) > 0)
		;
	close(reader);
	ck_assert_int_eq(told, 0);
}
END_TEST

Suite *suite_scribe(void)
{
	Suite *suite = suite_create("scribe");
	TCase *tcase = tcase_create("a thread");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, it_is_told_on_the_loop);
	tcase_add_test(tcase, an_error_comes_with_it);
	tcase_add_test(tcase, one_can_wait_for_it);
	tcase_add_test(tcase, a_job_without_items_looks_whether_one_may_write);
	tcase_add_test(tcase, nobody_waits_for_a_disk_that_hangs);
	suite_add_tcase(suite, tcase);
	return suite;
}
