/* Patterns that must end in time, and channels that write. */
#include "agent/document/regex.h"
#include "agent/outside/kinds.h"

#include "tests/unit/document_fixture.h"
#include "tests/unit/suites.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int search(const char *pattern, const char *text, size_t len, struct flume_err *why)
{
	struct regex *regex = NULL;
	struct flume_err err = {0};
	int rc = regex_compile(&regex, pattern, &err);
	ck_assert_msg(rc == 0, "%s: %s", pattern, err.text);
	int found = regex_search(regex, text, len, NULL, why);
	regex_free(regex);
	return found;
}

static bool finds(const char *pattern, const char *text, size_t len)
{
	struct flume_err why = {0};
	int found = search(pattern, text, len, &why);
	ck_assert_msg(found >= 0, "%s: %s", pattern, why.text);
	return found;
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

START_TEST(a_pattern_is_found_anywhere_unless_anchored)
{
	ck_assert(finds("b+", "abbc", 4));
	ck_assert(!finds("^b", "abbc", 4));
	ck_assert(finds("^ab|zz$", "abbc", 4));
	ck_assert(finds("c|^x", "abbc", 4));
	ck_assert(finds("^.$", "ä", strlen("ä")));
	ck_assert(finds("(*UCP)^\\w$", "ä", strlen("ä")));
	ck_assert(finds("a.c", "a\0c", 3));
	ck_assert(finds("", "", 0));
	ck_assert(finds("(?x) b  # the second letter", "abc", 3));
}
END_TEST

START_TEST(a_bad_pattern_is_refused_with_its_offset)
{
	static const struct {
		const char *pattern, *why;
	} rows[] = {
		{"ä(b", "offset 3: missing closing parenthesis"},
		{"(*UCP)[a", "offset 8: missing terminating ] for character class"},
		{"*a", "offset 0: quantifier does not follow a repeatable item"},
		{"a\\C", "offset 3: using \\C is disabled by the application"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct regex *regex = NULL;
		struct flume_err err = {0};
		ck_assert_int_eq(regex_compile(&regex, rows[i].pattern, &err), FLUME_INVALID);
		ck_assert_str_eq(err.text, rows[i].why);
	}
}
END_TEST

START_TEST(an_ordinary_pattern_is_found_in_a_megabyte)
{
	static const struct {
		const char *pattern;
		bool found;
	} rows[] = {
		{"end$", true},
		{"^[a-z ]+end$", true},
		{"^(?:[a-z]+ )+end$", true},
		{"^([a-z]+ )*([a-z]+)$", true},
		{"^(?:[^ ]* )*nothing$", false},
		{"(?i)\\bEND\\b", true},
		{"word (?:[a-z]+ )+end", true},
		{"^(?:\\w+ ){10}.*end$", true},
		{"\\d{4}-\\d{2}", false},
		{"other.*thing", false},
	};
	size_t len = 1 << 20;
	char *text = malloc(len + 1);
	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < len; i++)
		text[i] = "word "[i % 5];
	memcpy(text + len - 4, " end", 5);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_msg(finds(rows[i].pattern, text, len) == rows[i].found, "%s",
			      rows[i].pattern);
		size_t part = len - (16 << 10);
		ck_assert_msg(finds(rows[i].pattern, text + part, 16 << 10) == rows[i].found,
			      "%s in 16 KiB", rows[i].pattern);
	}
	free(text);
}
END_TEST

START_TEST(a_catastrophic_pattern_gives_up_and_says_so)
{
	static const char *const patterns[] = {
		"(a+)+$", "(a|aa)+$", "^(?:a?){50}a{50}b", "(?:a*)*[bc]", "a+[bc]", "(.*)*\\1b",
	};
	size_t sizes[] = {60, 3000, 500000};
	char *text = malloc(sizes[2]);
	memset(text, 'a', sizes[2]);
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
			double begin = seconds();
			struct flume_err why = {0};
			text[sizes[k] - 1] = '!';
			int found = search(patterns[i], text, sizes[k], &why);
			text[sizes[k] - 1] = 'a';
			double took = seconds() - begin;
			ck_assert_int_le(found, 0);
			ck_assert_int_eq(found, why.code);
			ck_assert(!found || strstr(why.text, "takes too long"));
			ck_assert(i || !k || found); /* (a+)+$ on more than a line */
			ck_assert_msg(took < 10, "%s on %zu: %.1f s", patterns[i], sizes[k],
				      took);
		}
	}
	free(text);
}
END_TEST

START_TEST(a_cancelled_search_gives_up)
{
	size_t len = 500000;
	char *text = malloc(len);
	memset(text, 'a', len);
	struct regex *regex = NULL;
	flume_cancel *cancel = flume_cancel_new();
	struct flume_call call = {.cancel = cancel};
	ck_assert_int_eq(regex_compile(&regex, "a+", NULL), 0);
	ck_assert_int_eq(regex_search(regex, text, len, &call, NULL), 1);
	flume_cancel_request(cancel);
	ck_assert_int_eq(regex_search(regex, text, len, &call, NULL), FLUME_TIMED_OUT);
	flume_cancel_free(cancel);
	regex_free(regex);
	free(text);
}
END_TEST

START_TEST(a_document_whose_text_takes_too_long_fails)
{
	static const char all[] = "components:\n"
				  "  predicates:\n"
				  "    p: {kind: matches, field: t, pattern: '^(a+)+$'}\n"
				  "    n: {kind: not, of: p}\n"
				  "  processors: {s: {kind: set, fields: {x: 1}}}\n"
				  "type: filter\npredicate: %s\nthen: {ref: s}\n";
	char input[4100] = "{\"t\":\"", yaml[512];
	size_t n = strlen(input);
	memset(input + n, 'a', 4000);
	memcpy(input + n + 4000, "!\"}", 4);
	for (int i = 0; i < 2; i++) {
		snprintf(yaml, sizeof yaml, all, i ? "n" : "p");
		expect_failure(yaml, input,
			       "the pattern takes too long on this text of 4001 bytes: "
			       "match limit exceeded");
	}
}
END_TEST

static void *search_often(void *arg)
{
	for (int i = 0; i < 200; i++)
		if (regex_search(arg, "order-17", 8, NULL, NULL) != 1 ||
		    regex_search(arg, "order-", 6, NULL, NULL) != 0)
			return NULL;
	return arg;
}

START_TEST(one_pattern_serves_many_threads)
{
	struct regex *regex = NULL;
	pthread_t threads[4];
	ck_assert_int_eq(regex_compile(&regex, "^order-\\d+$", NULL), 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, search_often, regex), 0);
	for (int i = 0; i < 4; i++) {
		void *right = NULL;
		ck_assert_int_eq(pthread_join(threads[i], &right), 0);
		ck_assert_ptr_eq(right, regex);
	}
	regex_free(regex);
}
END_TEST

static char folder[64];

static void make_folder(void)
{
	const char *below = getenv("TMPDIR");
	snprintf(folder, sizeof folder, "%.40s/flume-XXXXXX", below ? below : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
	char name[128];
	snprintf(name, sizeof name, "%s/out", folder);
	unlink(name);
	rmdir(folder);
}

/* The channel that the maker of this kind makes of a declaration. */
static struct flume_component make_channel(const struct flume_maker *maker, flume_value *decl)
{
	struct flume_component channel = {.name = "c"};
	flume_report *report = flume_report_new();
	int rc = maker->make(decl, "components.channels.c", NULL, &channel, report);
	ck_assert_msg(rc == 0, "%s", rc ? flume_report_get_issue(report, 0)->text : "");
	ck_assert(channel.send);
	flume_report_free(report);
	return channel;
}

static void expect_file(const char *name, const char *wanted)
{
	char text[256] = "";
	FILE *file = fopen(name, "r");
	ck_assert_ptr_nonnull(file);
	size_t n = fread(text, 1, sizeof text - 1, file);
	text[n] = '\0';
	fclose(file);
	ck_assert_str_eq(text, wanted);
}

START_TEST(file_appends_one_line_a_document)
{
	char yaml[200], name[128];
	struct flume_call canary = {.flags = FLUME_CALL_CANARY};
	struct flume_err err = {0};
	snprintf(name, sizeof name, "%s/out", folder);
	snprintf(yaml, sizeof yaml, "{kind: file, path: %s}", name);
	flume_value *decl = read_constant(yaml);
	struct flume_component channel = make_channel(&kind_file, decl);
	ck_assert_int_eq(channel.send(NULL, read_document("{ \"a\": 1 }"), channel.arg, &err),
			 0);
	ck_assert_int_eq(channel.send(&canary, read_document("2"), channel.arg, &err), 0);
	channel.done(channel.arg);
	channel = make_channel(&kind_file, decl);
	ck_assert_int_eq(channel.send(NULL, read_document("[3]"), channel.arg, &err), 0);
	channel.done(channel.arg);
	expect_file(name, "{\"a\":1}\n[3]\n");
	flume_value_free(decl);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_is_a_finding)
{
	char yaml[128];
	snprintf(yaml, sizeof yaml, "{kind: file, path: %s/none/out}", folder);
	flume_value *decl = read_constant(yaml);
	struct flume_component channel = {.name = "c"};
	flume_report *report = flume_report_new();
	ck_assert_int_eq(kind_file.make(decl, "c", NULL, &channel, report), FLUME_REJECTED);
	const struct flume_issue *issue = flume_report_get_issue(report, 0);
	ck_assert_str_eq(issue->code, "cannot-open");
	ck_assert_str_eq(issue->path, "c.path");
	expect_within(issue->text, "No such file");
	flume_report_free(report);
	flume_value_free(decl);
}
END_TEST

START_TEST(a_write_that_fails_is_an_error)
{
	flume_value *decl = read_constant("{kind: file, path: /dev/full}");
	struct flume_component channel = make_channel(&kind_file, decl);
	struct flume_err err = {0};
	ck_assert_int_eq(channel.send(NULL, read_document("1"), channel.arg, &err), FLUME_IO);
	ck_assert_str_eq(err.text, "/dev/full: No space left on device");
	channel.done(channel.arg);
	flume_value_free(decl);
}
END_TEST

/* A channel to a pipe that is full, whose other end is `reader`. */
static struct flume_component make_full_pipe(flume_value **decl, int *reader)
{
	char yaml[200], name[128];
	snprintf(name, sizeof name, "%s/out", folder);
	snprintf(yaml, sizeof yaml, "{kind: file, path: %s}", name);
	ck_assert_int_eq(mkfifo(name, 0600), 0);
	*reader = open(name, O_RDONLY | O_NONBLOCK);
	ck_assert_int_ge(*reader, 0);
	int writer = open(name, O_WRONLY | O_NONBLOCK);
	ck_assert_int_ge(writer, 0);
	while (write(writer, "full of lines, \n", 16) == 16)
		;
	close(writer);
	*decl = read_constant(yaml);
	return make_channel(&kind_file, *decl);
}

static struct flume_call within_ms(int64_t ms)
{
	const struct flume_clock *clock = flume_clock_real();
	return (struct flume_call){.deadline_ns = clock->now_ns(clock->arg) + ms * 1000000};
}

START_TEST(a_reader_that_stands_still_costs_no_more_than_the_call)
{
	int reader;
	flume_value *decl;
	struct flume_err err = {0};
	struct flume_component channel = make_full_pipe(&decl, &reader);
	struct flume_call call = within_ms(50);
	ck_assert_int_eq(channel.send(&call, read_document("1"), channel.arg, &err),
			 FLUME_TIMED_OUT);
	expect_within(err.text, "out: the reader is too slow");
	call = (struct flume_call){.cancel = flume_cancel_new()};
	flume_cancel_request(call.cancel);
	ck_assert_int_eq(channel.send(&call, read_document("1"), channel.arg, &err),
			 FLUME_CANCELLED);
	flume_cancel_free(call.cancel);
	channel.done(channel.arg);
	flume_value_free(decl);
	close(reader);
}
END_TEST

struct sending {
	struct flume_component *channel;
	int rc;
};

static void *send_aside(void *arg)
{
	struct sending *sending = arg;
	struct flume_err err = {0};
	sending->rc = sending->channel->send(NULL, read_document("\"late\""),
					     sending->channel->arg, &err);
	return NULL;
}

START_TEST(a_reader_that_is_slow_gets_every_line_whole)
{
	int reader;
	flume_value *decl;
	struct flume_err err = {0};
	struct flume_component channel = make_full_pipe(&decl, &reader);
	char heard[65536], *large = malloc(200001);
	ck_assert_ptr_nonnull(large);
	memset(large, 'x', 200000);
	large[0] = large[199999] = '"';
	large[200000] = '\0';
	ck_assert_int_eq(read(reader, heard, 10000), 10000);
	/* There is room for the beginning of it. */
	struct flume_call call = within_ms(50);
	ck_assert_int_eq(channel.send(&call, read_document(large), channel.arg, &err),
			 FLUME_TIMED_OUT);
	free(large);
	pthread_t thread;
	struct sending sending = {.channel = &channel};
	ck_assert_int_eq(pthread_create(&thread, NULL, send_aside, &sending), 0);
	char end[] = "xxx\n\"late\"\n", last[sizeof end] = "";
	while (strcmp(last, end) != 0) {
		ssize_t n = read(reader, heard, sizeof heard);
		for (ssize_t i = 0; i < n; i++) {
			memmove(last, last + 1, sizeof last - 2);
			last[sizeof last - 2] = heard[i];
		}
	}
	pthread_join(thread, NULL);
	ck_assert_int_eq(sending.rc, 0);
	channel.done(channel.arg);
	flume_value_free(decl);
	close(reader);
}
END_TEST

START_TEST(stdout_writes_one_line_a_document)
{
	char name[128];
	snprintf(name, sizeof name, "%s/out", folder);
	fflush(stdout);
	int before = dup(STDOUT_FILENO);
	ck_assert_ptr_nonnull(freopen(name, "w", stdout));
	flume_value *decl = read_constant("{kind: stdout}");
	struct flume_component channel = make_channel(&kind_stdout, decl);
	struct flume_err err = {0};
	int rc = channel.send(NULL, read_document("{\"a\": \"b\"}"), channel.arg, &err);
	dup2(before, STDOUT_FILENO);
	close(before);
	ck_assert_int_eq(rc, 0);
	expect_file(name, "{\"a\":\"b\"}\n");
	flume_value_free(decl);
}
END_TEST

Suite *suite_document_effects(void)
{
	Suite *suite = suite_create("document_effects");
	TCase *patterns = tcase_create("patterns");
	tcase_set_timeout(patterns, 120);
	tcase_add_test(patterns, a_pattern_is_found_anywhere_unless_anchored);
	tcase_add_test(patterns, a_bad_pattern_is_refused_with_its_offset);
	tcase_add_test(patterns, an_ordinary_pattern_is_found_in_a_megabyte);
	tcase_add_test(patterns, a_catastrophic_pattern_gives_up_and_says_so);
	tcase_add_test(patterns, a_cancelled_search_gives_up);
	tcase_add_test(patterns, a_document_whose_text_takes_too_long_fails);
	tcase_add_test(patterns, one_pattern_serves_many_threads);
	suite_add_tcase(suite, patterns);
	TCase *channels = tcase_create("channels");
	tcase_add_checked_fixture(channels, make_folder, remove_folder);
	tcase_add_test(channels, file_appends_one_line_a_document);
	tcase_add_test(channels, a_file_that_cannot_be_opened_is_a_finding);
	tcase_add_test(channels, a_write_that_fails_is_an_error);
	tcase_add_test(channels, a_reader_that_stands_still_costs_no_more_than_the_call);
	tcase_add_test(channels, a_reader_that_is_slow_gets_every_line_whole);
	tcase_add_test(channels, stdout_writes_one_line_a_document);
	suite_add_tcase(suite, channels);
	return suite;
}
