#include "agent/source/source.h"

#include "lib/base/text.h"
#include "tests/unit/suites.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder, a source on it, and what the source said last: "a=text b=text". */
static struct {
	char top[256], dir[300];
	struct loop *loop;
	struct source *source;
	char *seen;
	size_t batches, proofs;
	int fails; /* so many batches are not taken in */
	bool up, told;
} t;

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
	free(t.seen);
	t.seen = text_take(&seen);
	t.batches++;
	return t.fails-- > 0 ? FLUME_NOMEM : 0;
}

static void on_proved(void *arg, int64_t revision)
{
	(void)arg, (void)revision;
	t.proofs++;
}

static void on_link(void *arg, bool up, const char *why)
{
	(void)arg;
	ck_assert(up || *why);
	t.up = up;
	t.told = true;
}

static void on_reset(void *arg, int64_t revision)
{
	(void)arg, (void)revision;
	ck_abort_msg("a folder has no revisions to reset");
}

static void begin(void)
{
	const char *tmp = getenv("TMPDIR");
	memset(&t, 0, sizeof t);
	snprintf(t.top, sizeof t.top, "%s/flume-dir-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(t.top));
	snprintf(t.dir, sizeof t.dir, "%s/schemas", t.top);
	ck_assert_int_eq(mkdir(t.dir, 0777), 0);
	t.loop = loop_new();
	ck_assert_ptr_nonnull(t.loop);
}

static void end(void)
{
	t.source = source_free(t.source);
	t.loop = loop_free(t.loop);
	free(t.seen);
	char command[400];
	snprintf(command, sizeof command, "rm -rf '%s'", t.top);
	ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c) */
}

static void follow(int64_t poll_ns)
{
	const struct sink sink = {on_batch, on_proved, on_link, on_reset, NULL};
	ck_assert_int_eq(source_dir_new(&t.source, t.loop, t.dir, poll_ns, &sink, NULL), 0);
}

static void path_of(char out[512], const char *file)
{
	snprintf(out, 512, "%s/%s", t.dir, file);
}

static void put(const char *file, const char *text)
{
	char path[512];
	path_of(path, file);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void move(const char *from, const char *to)
{
	char a[512], b[512];
	path_of(a, from);
	path_of(b, to);
	ck_assert_int_eq(rename(a, b), 0);
}

static void make_link(const char *to, const char *at)
{
	char path[512];
	path_of(path, at);
	ck_assert_int_eq(symlink(to, path), 0);
}

static void drop(const char *file)
{
	char path[512];
	path_of(path, file);
	ck_assert_int_eq(unlink(path), 0);
}

static void expect(const char *seen)
{
	for (int64_t end_at = loop_now() + 8000000000; loop_now() < end_at;) {
		if (t.seen && !strcmp(t.seen, seen))
			return;
		loop_step(t.loop, 50);
	}
	ck_abort_msg("expected '%s', seen '%s'", seen, t.seen ? t.seen : "nothing");
}

static void expect_link(bool up)
{
	for (int64_t end_at = loop_now() + 8000000000; loop_now() < end_at;) {
		if (t.told && t.up == up)
			return;
		loop_step(t.loop, 50);
	}
	ck_abort_msg("the link is still %s", t.up ? "up" : "down");
}

static void until_batches(size_t n)
{
	for (int64_t end_at = loop_now() + 8000000000; t.batches < n;) {
		ck_assert_msg(loop_now() < end_at, "%zu of %zu lists", t.batches, n);
		loop_step(t.loop, 50);
	}
}

static void until_proofs(size_t n)
{
	for (int64_t end_at = loop_now() + 8000000000; t.proofs < n;) {
		ck_assert_msg(loop_now() < end_at, "%zu of %zu proofs", t.proofs, n);
		loop_step(t.loop, 50);
	}
}

static void go_on_for(int64_t ms)
{
	for (int64_t end_at = loop_now() + ms * 1000000; loop_now() < end_at;)
		loop_step(t.loop, 10);
}

START_TEST(what_is_there_at_the_start_is_one_list)
{
	put("b.json", "2");
	put("a.yaml", "1");
	put("c.yml", "3");
	follow(0);
	expect("a=1 b=2(json) c=3");
	ck_assert_uint_eq(t.batches, 1);
	ck_assert_uint_eq(t.proofs, 1);
	ck_assert(t.up);
}
END_TEST

START_TEST(what_could_not_be_taken_in_is_said_again)
{
	put("a.yaml", "1");
	t.fails = 1;
	follow(0);
	until_batches(2);
	ck_assert_str_eq(t.seen, "a=1");
	expect_link(true);
	t.fails = 1;
	put("a.yaml", "2");
	until_batches(4);
	ck_assert_str_eq(t.seen, "a=2");
}
END_TEST

START_TEST(an_empty_folder_is_an_empty_list)
{
	follow(0);
	expect("");
}
END_TEST

START_TEST(each_way_of_saving_is_seen)
{
	put("a.yaml", "1");
	follow(0);
	expect("a=1");
	put("a.yaml", "2");
	expect("a=2");
	put(".a.yaml.swp", "3");
	move(".a.yaml.swp", "a.yaml");
	expect("a=3");
	put("b.yaml", "new");
	expect("a=3 b=new");
	char here[512], outside[512];
	path_of(outside, "../outside");
	FILE *f = fopen(outside, "w");
	ck_assert_ptr_nonnull(f);
	fputs("linked", f);
	fclose(f);
	make_link("../outside", "c.yaml");
	expect("a=3 b=new c=linked");
	path_of(here, "d.yaml");
	ck_assert_int_eq(link(outside, here), 0);
	expect("a=3 b=new c=linked d=linked");
}
END_TEST

START_TEST(touching_a_file_is_no_change)
{
	put("a.yaml", "1");
	follow(0);
	expect("a=1");
	put("a.yaml", "1");
	put("b.yaml", "2");
	expect("a=1 b=2");
	size_t proofs = t.proofs;
	put("b.yaml", "2");
	until_proofs(proofs + 1);
	ck_assert_uint_eq(t.batches, 2);
}
END_TEST

START_TEST(a_file_is_gone_when_it_stays_away)
{
	put("a.yaml", "1");
	put("b.yaml", "2");
	follow(0);
	expect("a=1 b=2");
	drop("b.yaml");
	expect("a=1");
}
END_TEST

START_TEST(a_file_that_is_moved_aside_and_written_again_was_never_gone)
{
	put("a.yaml", "1");
	follow(0);
	expect("a=1");
	size_t proofs = t.proofs;
	move("a.yaml", "a.yaml~");
	until_proofs(proofs + 1); /* it was looked for, and is missing */
	ck_assert_str_eq(t.seen, "a=1");
	put("a.yaml", "2");
	expect("a=2");
	ck_assert_uint_eq(t.batches, 2);
}
END_TEST

START_TEST(a_file_is_gone_even_in_a_folder_that_is_never_quiet)
{
	put("a.yaml", "1");
	put("b.yaml", "2");
	follow(0);
	expect("a=1 b=2");
	drop("b.yaml");
	for (int i = 0; strcmp(t.seen, "a=1") != 0; i++) {
		ck_assert_int_lt(i, 500);
		put("noise", "x");
		go_on_for(20);
	}
}
END_TEST

START_TEST(a_config_map_swap_is_one_list)
{
	char path[512];
	path_of(path, "..one");
	ck_assert_int_eq(mkdir(path, 0777), 0);
	put("..one/a.yaml", "1");
	put("..one/b.yaml", "1");
	make_link("..one", "..data");
	make_link("..data/a.yaml", "a.yaml");
	make_link("..data/b.yaml", "b.yaml");
	follow(0);
	expect("a=1 b=1");
	path_of(path, "..two");
	ck_assert_int_eq(mkdir(path, 0777), 0);
	put("..two/a.yaml", "2");
	put("..two/b.yaml", "2");
	make_link("..two", "..data_tmp");
	move("..data_tmp", "..data");
	expect("a=2 b=2");
	ck_assert_uint_eq(t.batches, 2);
}
END_TEST

START_TEST(a_folder_that_vanishes_takes_no_schema_with_it)
{
	put("a.yaml", "1");
	follow(0);
	expect("a=1");
	char away[512];
	snprintf(away, sizeof away, "%s/away", t.top);
	ck_assert_int_eq(rename(t.dir, away), 0);
	expect_link(false);
	go_on_for(300);
	ck_assert_str_eq(t.seen, "a=1");
	ck_assert_uint_eq(t.batches, 1);
	ck_assert_int_eq(rename(away, t.dir), 0);
	expect_link(true);
	put("a.yaml", "2");
	expect("a=2");
}
END_TEST

START_TEST(another_folder_in_its_place_is_followed)
{
	put("a.yaml", "1");
	follow(0);
	expect("a=1");
	char away[512], fresh[512];
	snprintf(away, sizeof away, "%s/away", t.top);
	snprintf(fresh, sizeof fresh, "%s/fresh", t.top);
	ck_assert_int_eq(mkdir(fresh, 0777), 0);
	ck_assert_int_eq(rename(t.dir, away), 0);
	ck_assert_int_eq(rename(fresh, t.dir), 0);
	put("a.yaml", "2");
	expect("a=2");
	put("a.yaml", "3");
	expect("a=3");
}
END_TEST

/* "1" to "9" in place, 30 ms apart. */
static void write_slowly(const char *file)
{
	char path[512];
	path_of(path, file);
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0666);
	ck_assert_int_ge(fd, 0);
	for (char c = '1'; c <= '9'; c++) {
		ck_assert_int_eq(write(fd, &c, 1), 1);
		put("b.yaml", "2"); /* its event calls for a look */
		go_on_for(30);
		ck_assert(!t.seen || !strstr(t.seen, "a=") || !strncmp(t.seen, "a=old", 5));
	}
	close(fd);
}

START_TEST(a_file_that_is_being_written_is_waited_for)
{
	put("a.yaml", "old");
	follow(0);
	expect("a=old");
	write_slowly("a.yaml");
	expect("a=123456789 b=2");
}
END_TEST

START_TEST(a_file_that_is_being_written_is_waited_for_by_the_clock_too)
{
	put("a.yaml", "old");
	follow(20000000);
	expect("a=old");
	write_slowly("a.yaml");
	expect("a=123456789 b=2");
}
END_TEST

START_TEST(a_file_that_is_written_at_the_start_is_waited_for)
{
	follow(0);
	write_slowly("a.yaml");
	expect("a=123456789 b=2");
	ck_assert_uint_le(t.batches, 2);
}
END_TEST

START_TEST(a_file_that_is_written_for_ever_holds_up_no_other)
{
	char path[512];
	put("a.yaml", "old");
	follow(20000000);
	expect("a=old");
	path_of(path, "a.yaml");
	int fd = open(path, O_WRONLY | O_APPEND);
	put("b.yaml", "2");
	for (int64_t end_at = loop_now() + 8000000000; strcmp(t.seen, "a=old b=2") != 0;) {
		ck_assert_int_lt(loop_now(), end_at);
		ck_assert_int_eq(write(fd, "x", 1), 1);
		loop_step(t.loop, 10);
	}
	close(fd);
}
END_TEST

START_TEST(a_link_that_is_set_to_another_folder_is_followed)
{
	char one[280], link[280], aside[280];
	put("a.yaml", "1");
	snprintf(one, sizeof one, "%s/two", t.top);
	snprintf(link, sizeof link, "%s/current", t.top);
	snprintf(aside, sizeof aside, "%s/.current", t.top);
	ck_assert_int_eq(mkdir(one, 0777), 0);
	ck_assert_int_eq(symlink("schemas", link), 0);
	put("../two/a.yaml", "2");
	snprintf(t.dir, sizeof t.dir, "%s/", link);
	follow(0);
	expect("a=1");
	ck_assert_int_eq(symlink("two", aside), 0);
	int64_t begun = loop_now();
	ck_assert_int_eq(rename(aside, link), 0);
	expect("a=2");
	ck_assert_int_lt(loop_now() - begun,
			 INT64_C(8000000000)); /* the slow look is at 10 s */
	put("a.yaml", "3");
	expect("a=3");
}
END_TEST

/* top/NAME/schemas/a.yaml */
static void make_release(const char *name, const char *text)
{
	char path[512], file[64];
	snprintf(path, sizeof path, "%s/%s", t.top, name);
	ck_assert_int_eq(mkdir(path, 0777), 0);
	snprintf(path, sizeof path, "%s/%s/schemas", t.top, name);
	ck_assert_int_eq(mkdir(path, 0777), 0);
	snprintf(file, sizeof file, "../%s/schemas/a.yaml", name);
	put(file, text);
}

/* In one step, as whoever deploys does it. */
static void set_link(const char *name, const char *to)
{
	char link[512], aside[512];
	snprintf(link, sizeof link, "%s/%s", t.top, name);
	snprintf(aside, sizeof aside, "%s/.aside", t.top);
	ck_assert_int_eq(symlink(to, aside), 0);
	ck_assert_int_eq(rename(aside, link), 0);
}

/* Sooner than the slow look would. */
static void expect_soon(const char *seen)
{
	int64_t begun = loop_now();
	expect(seen);
	ck_assert_int_lt(loop_now() - begun, INT64_C(8000000000));
}

START_TEST(a_link_on_the_way_that_is_set_elsewhere_is_followed)
{
	char whole[300];
	make_release("one", "1");
	make_release("two", "2");
	make_release("three", "3");
	snprintf(whole, sizeof whole, "%s/three", t.top);
	set_link("newest", "one");
	set_link("current", "newest"); /* a link to a link */
	char dir[300];
	snprintf(dir, sizeof dir, "%s/current/./schemas//", t.top);
	const struct sink sink = {on_batch, on_proved, on_link, on_reset, NULL};
	ck_assert_int_eq(source_dir_new(&t.source, t.loop, dir, 0, &sink, NULL), 0);
	expect("a=1");
	set_link("newest", "two");
	expect_soon("a=2");
	set_link("current", whole); /* from the root */
	expect_soon("a=3");
	put("../three/schemas/a.yaml", "4");
	expect_soon("a=4");
	put("../two/schemas/a.yaml", "nobody looks there");
	set_link("current", "one");
	expect_soon("a=1");
}
END_TEST

START_TEST(a_folder_on_the_way_that_is_replaced_is_followed)
{
	char one[300], two[300], away[300], dir[320];
	make_release("current", "1");
	make_release("next", "2");
	snprintf(one, sizeof one, "%s/current", t.top);
	snprintf(two, sizeof two, "%s/next", t.top);
	snprintf(away, sizeof away, "%s/away", t.top);
	snprintf(dir, sizeof dir, "%s/schemas", one);
	const struct sink sink = {on_batch, on_proved, on_link, on_reset, NULL};
	ck_assert_int_eq(source_dir_new(&t.source, t.loop, dir, 0, &sink, NULL), 0);
	expect("a=1");
	ck_assert_int_eq(rename(one, away), 0);
	ck_assert_int_eq(rename(two, one), 0);
	expect_soon("a=2");
	put("../current/schemas/a.yaml", "3");
	expect_soon("a=3");
}
END_TEST

START_TEST(a_folder_may_come_after_the_agent)
{
	ck_assert_int_eq(rmdir(t.dir), 0);
	follow(0);
	expect_link(false);
	ck_assert_uint_eq(t.batches, 0);
	ck_assert_int_eq(mkdir(t.dir, 0777), 0);
	expect_link(true);
	put("a.yaml", "1");
	expect("a=1");
}
END_TEST

START_TEST(what_cannot_be_a_schema_is_passed_over)
{
	put("README.md", "x");
	put(".hidden.yaml", "x");
	put("a.yaml~", "x");
	put("#a.yaml#", "x");
	put("Upper.yaml", "x");
	put("with space.json", "x");
	put("flume.schema.json", "{}");
	put(".yaml", "x");
	make_link("nowhere", "dangling.yaml");
	char path[512];
	path_of(path, "folder.yaml");
	ck_assert_int_eq(mkdir(path, 0777), 0);
	path_of(path, "pipe.yaml");
	ck_assert_int_eq(mkfifo(path, 0666), 0);
	put("a.yaml", "1");
	follow(0);
	expect("a=1");
}
END_TEST

START_TEST(of_two_files_for_one_schema_the_first_counts)
{
	put("a.yaml", "yaml");
	put("a.json", "json");
	put("a.k.yaml", "k");
	follow(0);
	expect("a=json(json) a.k=k");
	drop("a.json");
	expect("a=yaml a.k=k");
}
END_TEST

START_TEST(a_file_that_cannot_be_read_keeps_its_last_content)
{
	if (geteuid() == 0)
		return; /* who may read everything cannot show this */
	put("a.yaml", "1");
	follow(0);
	expect("a=1");
	char path[512];
	path_of(path, "a.yaml");
	put("a.yaml", "2");
	ck_assert_int_eq(chmod(path, 0), 0);
	put("b.yaml", "1");
	expect("a=1 b=1");
}
END_TEST

START_TEST(what_cannot_be_read_is_not_proved)
{
	put("a.yaml", "1");
	follow(0);
	expect("a=1");
	make_link("loop.yaml", "loop.yaml"); /* which not even root can read */
	put("a.yaml", "2");
	expect("a=2"); /* it holds up no other */
	expect_link(false);
	size_t proofs = t.proofs;
	put("a.yaml", "3");
	expect("a=3");
	ck_assert_uint_eq(t.proofs, proofs);
	drop("loop.yaml");
	until_proofs(proofs + 1);
	ck_assert(t.up);
}
END_TEST

START_TEST(a_huge_file_is_cut_where_the_engine_refuses_it)
{
	char path[512];
	path_of(path, "a.yaml");
	int fd = open(path, O_CREAT | O_WRONLY, 0666);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 64 << 20), 0);
	close(fd);
	follow(0);
	expect("a=1048577");
}
END_TEST

START_TEST(a_pace_needs_no_events)
{
	put("a.yaml", "1");
	follow(20000000);
	expect("a=1");
	put("a.yaml", "2");
	put("b.yaml", "2");
	expect("a=2 b=2");
	drop("a.yaml");
	expect("b=2");
}
END_TEST

/* In the folder of the test, which is a folder of schemas itself. */
static void follow_one_that_may_be_missing(void)
{
	const struct sink sink = {on_batch, on_proved, on_link, on_reset, NULL};
	char path[512];
	path_of(path, "canaries");
	ck_assert_int_eq(source_dir_new_optional(&t.source, t.loop, path, 0, &sink, NULL), 0);
}

static void make_folder(const char *name)
{
	char path[512];
	path_of(path, name);
	ck_assert_int_eq(mkdir(path, 0777), 0);
}

START_TEST(one_that_may_be_missing_is_empty_until_it_is_made)
{
	follow_one_that_may_be_missing();
	expect("");
	ck_assert(t.up);
	make_folder("canaries");
	put("canaries/a.yaml", "1");
	expect("a=1");
	put("canaries/a.yaml", "2");
	expect("a=2");
	move("canaries", "elsewhere");
	expect("");
	ck_assert(t.up);
	move("elsewhere", "canaries");
	expect("a=2");
}
END_TEST

START_TEST(without_the_one_above_it_nothing_is_said_of_its_files)
{
	char away[512];
	make_folder("canaries");
	put("canaries/a.yaml", "1");
	follow_one_that_may_be_missing();
	expect("a=1");
	snprintf(away, sizeof away, "%s/away", t.top);
	ck_assert_int_eq(rename(t.dir, away), 0);
	while (t.up)
		loop_step(t.loop, 50);
	ck_assert_str_eq(t.seen, "a=1");
}
END_TEST

START_TEST(a_folder_in_it_is_no_schema)
{
	make_folder("canaries");
	put("canaries/a.yaml", "1");
	put("b.yaml", "2");
	follow(0);
	expect("b=2");
}
END_TEST

START_TEST(names_follow_the_rule)
{
	char name[131];
	memset(name, 'a', sizeof name);
	name[128] = '\0';
	ck_assert(source_name_good(name));
	ck_assert(source_name_good("0.a-b_c"));
	name[128] = 'a';
	name[129] = '\0';
	ck_assert(!source_name_good(name));
	static const char *const bad[] = {"", ".a", "-a", "_a", "A", "a/b", "a b", "\xc3\xa4"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert(!source_name_good(bad[i]));
}
END_TEST

Suite *suite_source_dir(void)
{
	Suite *suite = suite_create("source_dir");
	TCase *tests = tcase_create("source_dir");
	tcase_add_checked_fixture(tests, begin, end);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, what_is_there_at_the_start_is_one_list);
	tcase_add_test(tests, one_that_may_be_missing_is_empty_until_it_is_made);
	tcase_add_test(tests, without_the_one_above_it_nothing_is_said_of_its_files);
	tcase_add_test(tests, a_folder_in_it_is_no_schema);
	tcase_add_test(tests, what_could_not_be_taken_in_is_said_again);
	tcase_add_test(tests, an_empty_folder_is_an_empty_list);
	tcase_add_test(tests, each_way_of_saving_is_seen);
	tcase_add_test(tests, touching_a_file_is_no_change);
	tcase_add_test(tests, a_file_is_gone_when_it_stays_away);
	tcase_add_test(tests, a_file_that_is_moved_aside_and_written_again_was_never_gone);
	tcase_add_test(tests, a_file_is_gone_even_in_a_folder_that_is_never_quiet);
	tcase_add_test(tests, a_config_map_swap_is_one_list);
	tcase_add_test(tests, a_folder_that_vanishes_takes_no_schema_with_it);
	tcase_add_test(tests, another_folder_in_its_place_is_followed);
	tcase_add_test(tests, a_file_that_is_being_written_is_waited_for);
	tcase_add_test(tests, a_file_that_is_being_written_is_waited_for_by_the_clock_too);
	tcase_add_test(tests, a_file_that_is_written_at_the_start_is_waited_for);
	tcase_add_test(tests, a_file_that_is_written_for_ever_holds_up_no_other);
	tcase_add_test(tests, a_link_that_is_set_to_another_folder_is_followed);
	tcase_add_test(tests, a_link_on_the_way_that_is_set_elsewhere_is_followed);
	tcase_add_test(tests, a_folder_on_the_way_that_is_replaced_is_followed);
	tcase_add_test(tests, a_folder_may_come_after_the_agent);
	tcase_add_test(tests, what_cannot_be_a_schema_is_passed_over);
	tcase_add_test(tests, of_two_files_for_one_schema_the_first_counts);
	tcase_add_test(tests, a_file_that_cannot_be_read_keeps_its_last_content);
	tcase_add_test(tests, what_cannot_be_read_is_not_proved);
	tcase_add_test(tests, a_huge_file_is_cut_where_the_engine_refuses_it);
	tcase_add_test(tests, a_pace_needs_no_events);
	tcase_add_test(tests, names_follow_the_rule);
	suite_add_tcase(suite, tests);
	return suite;
}
