/* How metrics are written, what their rows must be like, and that agent/README.md has them all. */
#include "agent/http/metrics.h"
#include "tests/unit/suites.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct text out;

static void setup(void)
{
	out = (struct text){0};
}

static void teardown(void)
{
	text_fini(&out);
}

static const struct metric plain = {
	"flume_blind", METRIC_GAUGE, "Whether it is blind.", {NULL}};
static const struct metric calls = {
	"calls_total", METRIC_COUNTER, "Calls.", {"schema", "outcome"}};
static const struct metric took = {"took_seconds", METRIC_HISTOGRAM, "How long.", {"schema"}};

START_TEST(a_family_is_told_once_and_a_sample_is_a_line)
{
	metric_begin(&out, &plain);
	metric_add(&out, &plain, NULL, 1);
	metric_begin(&out, &calls);
	metric_add(&out, &calls, METRIC_OF("a", "ok"), 7);
	metric_add(&out, &calls, METRIC_OF("b", NULL), 0);
	ck_assert_str_eq(out.s, "# HELP flume_blind Whether it is blind.\n"
				"# TYPE flume_blind gauge\n"
				"flume_blind 1\n"
				"# HELP calls_total Calls.\n"
				"# TYPE calls_total counter\n"
				"calls_total{schema=\"a\",outcome=\"ok\"} 7\n"
				"calls_total{schema=\"b\",outcome=\"\"} 0\n");
}
END_TEST

START_TEST(what_would_end_a_value_is_escaped)
{
	metric_add(&out, &calls, METRIC_OF("\\a\"b\nc\\", "\""), 1);
	ck_assert_str_eq(out.s,
			 "calls_total{schema=\"\\\\a\\\"b\\nc\\\\\",outcome=\"\\\"\"} 1\n");
}
END_TEST

START_TEST(seconds_lose_no_nanosecond)
{
	metric_add_ns(&out, &plain, NULL, INT64_C(1795805859120000001));
	metric_add_ns(&out, &plain, NULL, 0);
	ck_assert_str_eq(out.s, "flume_blind 1795805859.120000001\nflume_blind 0.000000000\n");
}
END_TEST

START_TEST(a_histogram_adds_up)
{
	static const char *const most[] = {"0.1", "1", "+Inf"};
	metric_add_histogram(&out, &took, METRIC_OF("a"), most, (uint64_t[]){2, 0, 3}, 3,
			     UINT64_C(2500000000));
	ck_assert_str_eq(out.s, "took_seconds_bucket{schema=\"a\",le=\"0.1\"} 2\n"
				"took_seconds_bucket{schema=\"a\",le=\"1\"} 2\n"
				"took_seconds_bucket{schema=\"a\",le=\"+Inf\"} 5\n"
				"took_seconds_sum{schema=\"a\"} 2.500000000\n"
				"took_seconds_count{schema=\"a\"} 5\n");
}
END_TEST

/* ---- the rows of the agent ---- */

/* Each row in turn; NULL behind the last one. */
static const struct metric *nth_metric(size_t n)
{
	for (const struct metric *const *table = metrics_tables; *table; table++)
		for (const struct metric *m = *table; m->name; m++)
			if (!n--)
				return m;
	return NULL;
}

static bool ends_in(const char *s, const char *end)
{
	size_t len = strlen(s), n = strlen(end);
	return len >= n && !strcmp(s + len - n, end);
}

static bool begins_with(const char *s, const char *start)
{
	return !strncmp(s, start, strlen(start));
}

static bool is_plain_name(const char *s)
{
	bool good = islower((unsigned char)*s);
	for (; *s; s++)
		good = good &&
		       (islower((unsigned char)*s) || isdigit((unsigned char)*s) || *s == '_');
	return good;
}

START_TEST(rows_keep_to_the_conventions_of_prometheus)
{
	static const char *const reserved[] = {"_bucket", "_sum", "_count"};
	const struct metric *m;
	for (size_t i = 0; (m = nth_metric(i)); i++) {
		ck_assert_msg(is_plain_name(m->name), "%s", m->name);
		ck_assert_msg(begins_with(m->name, "flume_") ||
				      begins_with(m->name, "process_"),
			      "%s", m->name);
		ck_assert_msg(ends_in(m->name, "_total") == (m->type == METRIC_COUNTER), "%s",
			      m->name);
		for (size_t r = 0; r < sizeof reserved / sizeof *reserved; r++)
			ck_assert_msg(!ends_in(m->name, reserved[r]), "%s", m->name);
		ck_assert_msg(m->type != METRIC_HISTOGRAM || ends_in(m->name, "_seconds"), "%s",
			      m->name);
		ck_assert_msg(ends_in(m->help, ".") && !strpbrk(m->help, "\n\\|"), "%s",
			      m->help);
		for (size_t l = 0; m->labels[l]; l++)
			ck_assert_msg(is_plain_name(m->labels[l]) &&
					      strcmp(m->labels[l], "le") != 0,
				      "%s", m->labels[l]);
		for (size_t before = 0; before < i; before++)
			ck_assert_msg(strcmp(nth_metric(before)->name, m->name) != 0,
				      "%s stands twice", m->name);
	}
}
END_TEST

/* ---- the reference ---- */

static void add_row(struct text *t, const struct metric *m)
{
	text_addf(t, "| `%s` | %s |", m->name, metric_type_word(m->type));
	for (size_t l = 0; m->labels[l]; l++)
		text_addf(t, "%s`%s`", l ? ", " : " ", m->labels[l]);
	text_addf(t, " | %s |\n", m->help);
}

static char *read_file(const char *path)
{
	struct text t = {0};
	char piece[4096];
	size_t n;
	FILE *file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s: run it in the top folder", path);
	while ((n = fread(piece, 1, sizeof piece, file)))
		text_add_n(&t, piece, n);
	fclose(file);
	return text_take(&t);
}

START_TEST(the_reference_says_what_the_agent_has_word_for_word)
{
	static const char head[] = "| metric | type | labels | |\n|---|---|---|---|\n";
	const struct metric *m;
	char *readme = read_file("agent/README.md"), *table = strstr(readme, head);
	ck_assert_ptr_nonnull(table);
	table += strlen(head);
	for (size_t i = 0; (m = nth_metric(i)); i++)
		add_row(&out, m);
	text_add(&out, "\n");
	ck_assert_msg(begins_with(table, out.s), "the table in agent/README.md should be\n%s",
		      out.s);
	free(readme);
}
END_TEST

Suite *suite_metric(void)
{
	Suite *suite = suite_create("metric");
	TCase *t = tcase_create("metric");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_family_is_told_once_and_a_sample_is_a_line);
	tcase_add_test(t, what_would_end_a_value_is_escaped);
	tcase_add_test(t, seconds_lose_no_nanosecond);
	tcase_add_test(t, a_histogram_adds_up);
	tcase_add_test(t, rows_keep_to_the_conventions_of_prometheus);
	tcase_add_test(t, the_reference_says_what_the_agent_has_word_for_word);
	suite_add_tcase(suite, t);
	return suite;
}
