#include "tests/unit/dir_fixture.h"

#include "lib/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct dir_site dir_site;

static int on_batch(void *arg, enum batch_kind kind, const struct change *changes, size_t n,
		    int64_t revision)
{
	(void)arg;
	ck_assert_int_eq(kind, BATCH_LIST);
	ck_assert_int_eq(revision, 0);
	struct text seen = {0};
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(changes[i].origin, "dir");
		text_addf(&seen, "%s%s=", i ? " " : "", changes[i].name);
		if (changes[i].len < 100)
			text_add_n(&seen, changes[i].text, changes[i].len);
		else
			text_addf(&seen, "%zu", changes[i].len);
		if (changes[i].format == FLUME_JSON)
			text_add(&seen, "(json)");
	}
	free(dir_site.seen);
	dir_site.seen = text_take(&seen);
	dir_site.batches++;
	return dir_site.fails-- > 0 ? FLUME_NOMEM : 0;
}

static void on_proved(void *arg, int64_t revision)
{
	(void)arg, (void)revision;
	dir_site.proofs++;
}

static void on_link(void *arg, bool up, const char *why)
{
	(void)arg;
	ck_assert(up || *why);
	dir_site.up = up;
	dir_site.told = true;
}

static void on_reset(void *arg, int64_t revision)
{
	(void)arg, (void)revision;
	ck_abort_msg("a folder has no revisions to reset");
}

static void begin(void)
{
	const char *tmp = getenv("TMPDIR");
	memset(&dir_site, 0, sizeof dir_site);
	snprintf(dir_site.top, sizeof dir_site.top, "%s/flume-dir-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir_site.top));
	snprintf(dir_site.dir, sizeof dir_site.dir, "%s/schemas", dir_site.top);
	ck_assert_int_eq(mkdir(dir_site.dir, 0777), 0);
	dir_site.loop = loop_new();
	ck_assert_ptr_nonnull(dir_site.loop);
}

static void end(void)
{
	dir_site.source = source_free(dir_site.source);
	dir_site.loop = loop_free(dir_site.loop);
	free(dir_site.seen);
	char command[400];
	snprintf(command, sizeof command, "rm -rf '%s'", dir_site.top);
	ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c) */
}

const struct sink dir_sink = {on_batch, on_proved, on_link, on_reset, NULL};

void dir_follow(int64_t poll_ns)
{
	ck_assert_int_eq(source_dir_new(&dir_site.source, dir_site.loop, dir_site.dir, poll_ns,
					&dir_sink, NULL),
			 0);
}

void dir_path(char out[512], const char *file)
{
	snprintf(out, 512, "%s/%s", dir_site.dir, file);
}

void dir_put(const char *file, const char *text)
{
	char path[512];
	dir_path(path, file);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

void dir_move(const char *from, const char *to)
{
	char a[512], b[512];
	dir_path(a, from);
	dir_path(b, to);
	ck_assert_int_eq(rename(a, b), 0);
}

void dir_link(const char *to, const char *at)
{
	char path[512];
	dir_path(path, at);
	ck_assert_int_eq(symlink(to, path), 0);
}

void dir_drop(const char *file)
{
	char path[512];
	dir_path(path, file);
	ck_assert_int_eq(unlink(path), 0);
}

void dir_expect(const char *seen)
{
	for (int64_t end_at = loop_now() + 8000000000; loop_now() < end_at;) {
		if (dir_site.seen && !strcmp(dir_site.seen, seen))
			return;
		loop_step(dir_site.loop, 50);
	}
	ck_abort_msg("expected '%s', seen '%s'", seen,
		     dir_site.seen ? dir_site.seen : "nothing");
}

void dir_expect_link(bool up)
{
	for (int64_t end_at = loop_now() + 8000000000; loop_now() < end_at;) {
		if (dir_site.told && dir_site.up == up)
			return;
		loop_step(dir_site.loop, 50);
	}
	ck_abort_msg("the link is still %s", dir_site.up ? "up" : "down");
}

void dir_until_batches(size_t n)
{
	for (int64_t end_at = loop_now() + 8000000000; dir_site.batches < n;) {
		ck_assert_msg(loop_now() < end_at, "%zu of %zu lists", dir_site.batches, n);
		loop_step(dir_site.loop, 50);
	}
}

void dir_until_proofs(size_t n)
{
	for (int64_t end_at = loop_now() + 8000000000; dir_site.proofs < n;) {
		ck_assert_msg(loop_now() < end_at, "%zu of %zu proofs", dir_site.proofs, n);
		loop_step(dir_site.loop, 50);
	}
}

void dir_go_on_for(int64_t ms)
{
	for (int64_t end_at = loop_now() + ms * 1000000; loop_now() < end_at;)
		loop_step(dir_site.loop, 10);
}

TCase *dir_case(Suite *suite, const char *name)
{
	TCase *tests = tcase_create(name);
	tcase_add_checked_fixture(tests, begin, end);
	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	return tests;
}
