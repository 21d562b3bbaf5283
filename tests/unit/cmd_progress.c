#include "agent/cmd/progress.h"

#include "agent/cmd/quantile.h"
#include "tests/unit/suites.h"

#include <string.h>

#define SECOND INT64_C(1000000000)

static struct progress progress;
static char line[200];

static const char *at(int64_t ns, uint64_t documents, uint64_t bytes, uint64_t total)
{
	progress_tell(&progress, (struct progress_mark){ns, documents, bytes}, total, line,
		      sizeof line);
	return line;
}

START_TEST(a_rate_needs_two_looks)
{
	progress = (struct progress){0};
	ck_assert_str_eq(at(SECOND, 10, 1000, 0), "10 documents");
	ck_assert_str_eq(at(3 * SECOND, 30, 5001000, 0), "30 documents, 10/s, 2.5 MB/s");
}
END_TEST

START_TEST(of_a_file_it_says_how_much_is_left)
{
	progress = (struct progress){0};
	ck_assert_str_eq(at(SECOND, 0, 0, 100000000), "0 documents, 0 %");
	ck_assert_str_eq(at(2 * SECOND, 5000, 2000000, 100000000),
			 "5000 documents, 5000/s, 2.0 MB/s, 2 %, 49 s left");
	ck_assert_str_eq(at(3 * SECOND, 6000, 2000200, 100000000),
			 "6000 documents, 3000/s, 1.0 MB/s, 2 %, 2 min left");
	ck_assert_str_eq(at(4 * SECOND, 9000, 100000001, 100000000),
			 "9000 documents, 3000/s, 33.3 MB/s, 100 %, 0 s left");
}
END_TEST

START_TEST(long_times_are_told_roughly)
{
	static const struct {
		uint64_t total;
		const char *left;
	} rows[] = {{90000, " 89 s left"}, {601000, " 10 min left"}, {7201000, " 2.0 h left"}};
	for (size_t i = 0; i < 3; i++) {
		progress = (struct progress){0};
		at(SECOND, 0, 0, rows[i].total);
		at(2 * SECOND, 1, 1000, rows[i].total);
		ck_assert_str_eq(strrchr(line, ',') + 1, rows[i].left);
	}
}
END_TEST

START_TEST(a_rate_is_that_of_late)
{
	progress = (struct progress){0};
	for (int i = 1; i <= 100; i++)
		at(i * SECOND, 1000, 1000, 0);
	for (int i = 1; i <= PROGRESS_MARKS; i++)
		at((100 + i) * SECOND, 1000 + (uint64_t)i * 7, 1000, 0);
	ck_assert_str_eq(line, "1112 documents, 7/s, 0.0 MB/s");
}
END_TEST

/* ---- how long things took ---- */

START_TEST(quantiles_are_near)
{
	static struct quantile q;
	ck_assert_int_eq(quantile_get(&q, 500), 0);
	for (int64_t i = 1; i <= 1000; i++)
		quantile_add(&q, i * 1000);
	static const struct {
		unsigned of_1000;
		int64_t wanted;
	} rows[] = {{1, 1000}, {500, 500000}, {990, 990000}, {1000, 1000000}};
	for (size_t i = 0; i < 4; i++) {
		int64_t got = quantile_get(&q, rows[i].of_1000);
		ck_assert_int_ge(got, rows[i].wanted);
		ck_assert_int_le(got, rows[i].wanted + rows[i].wanted / QUANTILE_STEPS);
	}
}
END_TEST

START_TEST(every_time_has_a_place)
{
	static const int64_t times[] = {-1, 0, 1, 31, 32, 63, 64, 65, 127, 128, INT64_MAX};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		static struct quantile q;
		memset(&q, 0, sizeof q);
		quantile_add(&q, times[i]);
		int64_t got = quantile_get(&q, 500), least = times[i] < 0 ? 0 : times[i];
		ck_assert_int_ge(got, least);
		ck_assert_int_le(got - least, least / QUANTILE_STEPS);
	}
}
END_TEST

Suite *suite_cmd_progress(void)
{
	Suite *suite = suite_create("cmd_progress");
	TCase *tests = tcase_create("cmd_progress");
	tcase_add_test(tests, a_rate_needs_two_looks);
	tcase_add_test(tests, of_a_file_it_says_how_much_is_left);
	tcase_add_test(tests, long_times_are_told_roughly);
	tcase_add_test(tests, a_rate_is_that_of_late);
	tcase_add_test(tests, quantiles_are_near);
	tcase_add_test(tests, every_time_has_a_place);
	suite_add_tcase(suite, tests);
	return suite;
}
