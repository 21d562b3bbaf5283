#include "agent/source/way.h"

#include "lib/flume.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* top/real/schemas, and top/link to real. */
static struct {
	char top[96];
	int inotify;
	struct way way;
} t;

static const char *below_top(const char *rest)
{
	static char paths[4][160];
	static int turn;
	char *path = paths[turn++ % 4];
	snprintf(path, 160, "%s/%s", t.top, rest);
	return path;
}

static void begin(void)
{
	memset(&t, 0, sizeof t);
	const char *tmp = getenv("TMPDIR");
	snprintf(t.top, sizeof t.top, "%s/flume-way-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(t.top));
	ck_assert_int_eq(mkdir(below_top("real"), 0777), 0);
	ck_assert_int_eq(mkdir(below_top("real/schemas"), 0777), 0);
	ck_assert_int_eq(symlink("real", below_top("link")), 0);
	t.inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	ck_assert_int_ge(t.inotify, 0);
}

static void end(void)
{
	char command[160];
	way_fini(&t.way);
	close(t.inotify);
	snprintf(command, sizeof command, "rm -rf '%s'", t.top);
	ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c) */
}

static bool has_step(const char *name)
{
	for (size_t i = 0; i < t.way.n; i++)
		if (!strcmp(t.way.steps[i].name, name))
			return true;
	return false;
}

START_TEST(every_name_on_the_way_is_a_step)
{
	ck_assert_int_eq(way_watch(&t.way, t.inotify, below_top("link/./schemas"), -1), 0);
	ck_assert(has_step("link"));
	ck_assert(has_step("real"));
	ck_assert(has_step("schemas"));
	ck_assert(!has_step("."));
}
END_TEST

START_TEST(links_in_a_circle_end)
{
	ck_assert_int_eq(symlink("round", below_top("about")), 0);
	ck_assert_int_eq(symlink("about", below_top("round")), 0);
	ck_assert_int_eq(way_watch(&t.way, t.inotify, below_top("round/schemas"), -1), 0);
	ck_assert_uint_le(t.way.n, 64);
}
END_TEST

static bool turns(int wd, const char *name)
{
	_Alignas(struct inotify_event) char room[sizeof(struct inotify_event) + 16] = {0};
	struct inotify_event *event = (struct inotify_event *)room;
	event->wd = wd;
	event->mask = IN_MOVED_TO;
	event->len = 16;
	strcpy(room + sizeof *event, name);
	return way_is_turned(&t.way, event);
}

START_TEST(only_names_on_the_way_turn_it)
{
	ck_assert_int_eq(way_watch(&t.way, t.inotify, below_top("link/schemas"), -1), 0);
	size_t i = 0;
	while (strcmp(t.way.steps[i].name, "link") != 0)
		i++;
	int wd = t.way.steps[i].wd;
	ck_assert(turns(wd, "link"));
	ck_assert(turns(wd, "real"));
	ck_assert(!turns(wd, "other"));
	ck_assert(!turns(wd, "schemas"));
	ck_assert(!turns(1000, "link"));
}
END_TEST

START_TEST(each_allocation_may_fail)
{
	const char *path = below_top("link/schemas");
	for (long nth = 1;; nth++) {
		memory_fails_at(nth);
		int code = way_watch(&t.way, t.inotify, path, -1);
		bool failed = memory_is_back();
		ck_assert_int_eq(code, failed ? FLUME_NOMEM : 0);
		if (!failed)
			break;
	}
	ck_assert(has_step("schemas"));
}
END_TEST

Suite *suite_way(void)
{
	Suite *suite = suite_create("way");
	TCase *tests = tcase_create("way");
	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, every_name_on_the_way_is_a_step);
	tcase_add_test(tests, links_in_a_circle_end);
	tcase_add_test(tests, only_names_on_the_way_turn_it);
	tcase_add_test(tests, each_allocation_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}
