#include "agent/conf/conf.h"

#include "tests/unit/suites.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct told {
	const char *etcd, *agent, *config;
	const char *const *labels;
	int64_t poll, requests, body;
	double rate;
	int log;
	bool wait;
};

static const struct conf_option options[] = {
	{"etcd", 0, CONF_TEXT, "URL", NULL, "FLUME_T_ETCD", offsetof(struct told, etcd), ""},
	{"config", 'c', CONF_TEXT, "FILE", NULL, "FLUME_T_CONFIG",
	 offsetof(struct told, config), ""},
	{"label", 0, CONF_TEXTS, "K=V", NULL, "FLUME_T_LABEL", offsetof(struct told, labels),
	 ""},
	{"poll", 'p', CONF_DURATION, "TIME", "30s", "FLUME_T_POLL", offsetof(struct told, poll),
	 ""},
	{"requests", 0, CONF_COUNT, "N", "50", "FLUME_T_N", offsetof(struct told, requests),
	 ""},
	{"max-body", 0, CONF_SIZE, "SIZE", "1MiB", "FLUME_T_B", offsetof(struct told, body),
	 ""},
	{"rate", 0, CONF_PERCENT, "RATE", "1%", "FLUME_T_RATE", offsetof(struct told, rate),
	 ""},
	{"log", 0, CONF_CHOICE, "text|json|auto", "auto", "FLUME_T_LOG",
	 offsetof(struct told, log), ""},
	{"wait", 'w', CONF_FLAG, "", NULL, NULL, offsetof(struct told, wait), ""},
	{0},
};
static const struct conf_option other_options[] = {
	{"listen", 0, CONF_TEXT, "ADDRESS", NULL, "FLUME_T_LISTEN", 0, ""},
	{"dry-run", 0, CONF_FLAG, "", NULL, NULL, 0, ""},
	{0},
};
static const struct conf_option *const others[] = {other_options, NULL};

static struct {
	struct conf conf;
	struct told told;
	flume_report *report;
	struct flume_err err;
	char file[256];
	char *argv[16];
} t;

static void begin(void)
{
	memset(&t, 0, sizeof t);
	t.report = flume_report_new();
	ck_assert_ptr_nonnull(t.report);
}

static void end(void)
{
	conf_fini(&t.conf);
	flume_report_free(t.report);
	if (*t.file)
		unlink(t.file);
}

static void write_file(const char *text)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(t.file, sizeof t.file, "%s/flume-conf-XXXXXX", tmp ? tmp : "/tmp");
	int fd = mkstemp(t.file);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	ck_assert_int_eq(setenv("FLUME_T_CONFIG", t.file, 1), 0);
}

/* Arguments in one text, separated by single spaces. */
static int read_words(const char *words)
{
	static char copy[512];
	int argc = 0;
	snprintf(copy, sizeof copy, "%s", words);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		t.argv[argc++] = word;
	return conf_read(&t.conf, &(struct conf_request){options, others, argc, t.argv},
			 &t.told, t.report, &t.err);
}

static const struct flume_issue *issue(size_t i)
{
	const struct flume_issue *found = flume_report_get_issue(t.report, i);
	ck_assert_ptr_nonnull(found);
	return found;
}

START_TEST(what_nobody_said_is_the_default)
{
	ck_assert_int_eq(read_words(""), 0);
	ck_assert_ptr_null(t.told.etcd);
	ck_assert_ptr_null(t.told.labels[0]);
	ck_assert_int_eq(t.told.poll, INT64_C(30000000000));
	ck_assert_int_eq(t.told.requests, 50);
	ck_assert_int_eq(t.told.body, 1 << 20);
	ck_assert_double_eq_tol(t.told.rate, 0.01, 1e-9);
	ck_assert_int_eq(t.told.log, 2);
	ck_assert(!t.told.wait);
}
END_TEST

START_TEST(a_flag_wins_over_a_variable_over_the_file)
{
	write_file("etcd: file\npoll: 1s\nrequests: 1\nlabel: [a=file, b=file]\n");
	setenv("FLUME_T_POLL", "2s", 1);
	setenv("FLUME_T_N", "2", 1);
	setenv("FLUME_T_LABEL", "c=env,d=env", 1);
	ck_assert_int_eq(read_words("--requests 3 --label e=flag --label=f=flag"), 0);
	ck_assert_str_eq(t.told.etcd, "file");
	ck_assert_int_eq(t.told.poll, INT64_C(2000000000));
	ck_assert_int_eq(t.told.requests, 3);
	ck_assert_str_eq(t.told.labels[0], "e=flag");
	ck_assert_str_eq(t.told.labels[1], "f=flag");
	ck_assert_ptr_null(t.told.labels[2]);
}
END_TEST

START_TEST(a_flag_stands_in_for_another_option)
{
	static const struct conf_option two[] = {
		{"etcd", 0, CONF_TEXT, "URL", NULL, "FLUME_T_ETCD", offsetof(struct told, etcd),
		 ""},
		{"agent", 0, CONF_TEXT, "URL", "here", "FLUME_T_AGENT",
		 offsetof(struct told, agent), "", .instead_of = "etcd"},
		{0},
	};
	char agent[] = "--agent", flag[] = "flag", etcd[] = "--etcd", too[] = "too";
	char *words[] = {agent, flag, etcd, too};
	setenv("FLUME_T_ETCD", "env", 1);
	setenv("FLUME_T_AGENT", "env", 1);
	for (int argc = 0; argc <= 4; argc += 2) {
		struct conf_request r = {two, others, argc, words};
		ck_assert_int_eq(conf_read(&t.conf, &r, &t.told, t.report, &t.err), 0);
		conf_fini(&t.conf);
		ck_assert_str_eq(t.told.agent, argc ? "flag" : "env");
		if (argc == 2)
			ck_assert_ptr_null(t.told.etcd);
		else
			ck_assert_str_eq(t.told.etcd, argc ? "too" : "env");
	}
}
END_TEST

START_TEST(a_variable_set_to_nothing_is_not_set)
{
	setenv("FLUME_T_POLL", "", 1);
	setenv("FLUME_T_LABEL", "a=1,b=2", 1);
	ck_assert_int_eq(read_words(""), 0);
	ck_assert_int_eq(t.told.poll, INT64_C(30000000000));
	ck_assert_str_eq(t.told.labels[1], "b=2");
}
END_TEST

START_TEST(flags_come_in_every_usual_form)
{
	ck_assert_int_eq(read_words("one --etcd=a -p 1s -w two --log json - -- --etcd"), 0);
	ck_assert_str_eq(t.told.etcd, "a");
	ck_assert_int_eq(t.told.poll, 1000000000);
	ck_assert_int_eq(t.told.log, 1);
	ck_assert(t.told.wait);
	ck_assert_uint_eq(t.conf.n_words, 4);
	ck_assert_str_eq(t.conf.words[0], "one");
	ck_assert_str_eq(t.conf.words[1], "two");
	ck_assert_str_eq(t.conf.words[2], "-");
	ck_assert_str_eq(t.conf.words[3], "--etcd");
}
END_TEST

START_TEST(short_flags_take_their_value_in_one_word_too)
{
	ck_assert_int_eq(read_words("-p5s --wait=false"), 0);
	ck_assert_int_eq(t.told.poll, INT64_C(5000000000));
	ck_assert(!t.told.wait);
}
END_TEST

START_TEST(help_is_seen_before_what_is_wrong_behind_it)
{
	ck_assert_int_eq(read_words("--help --no-such-thing"), CONF_HELP);
}
END_TEST

static const struct {
	const char *words, *text;
} wrong[] = {
	{"--pol 1s", "unknown option '--pol' (did you mean '--poll'?)"},
	{"--zzzzzzzz", "unknown option '--zzzzzzzz'"},
	{"--listen a", "unknown option '--listen'"},
	{"-x", "unknown option '-x'"},
	{"-wx", "unknown option '-wx'"},
	{"--poll", "--poll needs a value: TIME"},
	{"--poll --wait", "--poll needs a value: TIME"},
	{"--poll 5", "--poll: '5' is not a duration (30s, 1m30s, 500ms)"},
	{"--poll=-5s", "--poll: '-5s' is not a duration (30s, 1m30s, 500ms)"},
	{"--log tex", "--log: 'tex' is not one of text|json|auto"},
	{"--requests 1e3", "--requests: '1e3' is not a whole number"},
	{"--requests 99999999999999999999",
	 "--requests: '99999999999999999999' is not a whole number"},
	{"--max-body 0", "--max-body: '0' is not a size (1000, 64KiB, 1MiB)"},
	{"--max-body 1TiB", "--max-body: '1TiB' is not a size (1000, 64KiB, 1MiB)"},
	{"--rate 1", "--rate: '1' is not a percentage (1%, 0.5%)"},
	{"--rate 101%", "--rate: '101%' is not a percentage (1%, 0.5%)"},
	{"--rate 1.2.3%", "--rate: '1.2.3%' is not a percentage (1%, 0.5%)"},
	{"--wait=yes", "--wait: 'yes' is not true or false"},
};

START_TEST(a_wrong_flag_is_named)
{
	ck_assert_int_eq(read_words(wrong[_i].words), FLUME_INVALID);
	ck_assert_str_eq(t.err.text, wrong[_i].text);
}
END_TEST

START_TEST(a_wrong_variable_is_named)
{
	setenv("FLUME_T_LOG", "loud", 1);
	ck_assert_int_eq(read_words(""), FLUME_INVALID);
	ck_assert_str_eq(t.err.text, "FLUME_T_LOG: 'loud' is not one of text|json|auto");
}
END_TEST

START_TEST(everything_wrong_in_the_file_is_told_with_its_place)
{
	write_file("etdc: x\n"
		   "poll: soon\n"
		   "listen: what others have is not looked at\n"
		   "label: [[a]]\n"
		   "requests: {a: 1}\n"
		   "dry-run: true\n"
		   "x-mine: 1\n");
	ck_assert_int_eq(read_words(""), FLUME_REJECTED);
	ck_assert_uint_eq(flume_report_size(t.report), 5);
	ck_assert_str_eq(issue(0)->code, "unknown-key");
	ck_assert_str_eq(issue(0)->text, "unknown key 'etdc'");
	ck_assert_str_eq(issue(0)->hint, "did you mean 'etcd'?");
	ck_assert_uint_eq(issue(0)->line, 1);
	ck_assert_str_eq(issue(1)->text, "'soon' is not a duration (30s, 1m30s, 500ms)");
	ck_assert_uint_eq(issue(1)->line, 2);
	ck_assert_uint_eq(issue(1)->column, 7);
	ck_assert_str_eq(issue(2)->code, "wrong-type");
	ck_assert_uint_eq(issue(2)->line, 4);
	ck_assert_uint_eq(issue(3)->line, 5);
	ck_assert_str_eq(issue(4)->text, "unknown key 'dry-run'");
}
END_TEST

START_TEST(a_file_that_does_not_parse_is_told_with_its_place)
{
	write_file("etcd: a\n  b: c\n");
	ck_assert_int_eq(read_words(""), FLUME_SYNTAX);
	ck_assert_uint_ge(flume_report_size(t.report), 1);
	ck_assert_uint_ge(issue(0)->line, 1);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
	ck_assert_int_eq(read_words("--config /no/such/file.yaml"), FLUME_IO);
	ck_assert_str_eq(t.err.text, "/no/such/file.yaml: no such file");
}
END_TEST

START_TEST(a_map_of_labels_is_as_good_as_a_list)
{
	write_file("label: {zone: a, rack: 12}\n# nothing said:\netcd:\n");
	ck_assert_int_eq(read_words(""), 0);
	ck_assert_str_eq(t.told.labels[0], "zone=a");
	ck_assert_str_eq(t.told.labels[1], "rack=12");
	ck_assert_ptr_null(t.told.etcd);
}
END_TEST

START_TEST(an_empty_file_says_nothing)
{
	write_file("# nothing\n");
	int code = read_words("");
	ck_assert(code == 0 || code == FLUME_SYNTAX);
}
END_TEST

/* What stands where in the components, for every way in which they may lie in the file. */
static const struct {
	const char *text;
	unsigned line, column; /* of the kind */
} sections[] = {
	{"components:\n  processors:\n    a: {kind: drop}\n", 3, 15},
	{"etcd: x\ncomponents:\n  processors:\n    a:\n      kind: drop\npoll: 1s\n", 5, 13},
	{"# \xc3\xa4\ncomponents: {processors: {a: {kind: drop}}} # why\netcd: y\n", 2, 37},
	{"{components: {processors: {a: {kind: drop}}}, etcd: z}\n", 1, 38},
	{"{\"components\":\n {\"processors\": {\"a\": {\"kind\": \"drop\"}}}\n}\n", 2, 32},
};

START_TEST(the_components_keep_their_places)
{
	write_file(sections[_i].text);
	ck_assert_int_eq(read_words(""), 0);
	flume_value *components = NULL;
	ck_assert_int_eq(conf_dup_components(&t.conf, &components), 0);
	ck_assert_ptr_nonnull(components);
	const flume_value *kind = components;
	kind = flume_value_get(kind, "processors");
	kind = flume_value_get(kind, "a");
	kind = flume_value_get(kind, "kind");
	ck_assert_str_eq(flume_value_text(kind), "drop");
	ck_assert_uint_eq(flume_value_line(kind), sections[_i].line);
	ck_assert_uint_eq(flume_value_column(kind), sections[_i].column);
	flume_value_free(components);
}
END_TEST

START_TEST(components_with_aliases_are_the_same)
{
	write_file("x-one: &one {kind: drop}\ncomponents:\n  processors: {a: *one}\n");
	ck_assert_int_eq(read_words(""), 0);
	flume_value *components = NULL;
	ck_assert_int_eq(conf_dup_components(&t.conf, &components), 0);
	char *json = flume_value_dup_json(components);
	ck_assert_str_eq(json, "{\"processors\":{\"a\":{\"kind\":\"drop\"}}}");
	ck_assert_uint_eq(flume_value_line(components), 3);
	free(json);
	flume_value_free(components);
}
END_TEST

START_TEST(no_components_are_none)
{
	write_file("etcd: a\n");
	ck_assert_int_eq(read_words(""), 0);
	flume_value *components = NULL;
	ck_assert_int_eq(conf_dup_components(&t.conf, &components), 0);
	ck_assert_ptr_null(components);
}
END_TEST

START_TEST(two_readings_differ_where_a_value_does_and_nowhere_else)
{
	static const char *const words[] = {"--etcd b",  "--config c",   "--label a=2",
					    "--poll 1s", "--requests 7", "--max-body 7",
					    "--rate 7%", "--log json",   "--wait"};
	write_file("etcd: a\nlabel: {a: 1}\n");
	ck_assert_int_eq(read_words(""), 0);
	const struct told first = t.told;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct conf before = t.conf;
		t.conf = (struct conf){0};
		int code = read_words(words[i]);
		for (size_t k = 0; options[k].name; k++)
			ck_assert_msg(code || conf_same(&options[k], &first, &t.told) ==
						      (k != i),
				      "%s: --%s", words[i], options[k].name);
		if (!code) {
			conf_lend(&options[i], &t.told, &first);
			ck_assert(conf_same(&options[i], &first, &t.told));
		}
		conf_fini(&t.conf);
		t.conf = before;
		t.told = (struct told){0};
	}
}
END_TEST

START_TEST(sections_are_compared_by_what_they_say)
{
	struct conf first;
	bool same = false;
	char place[300];
	write_file("components: {channels: {a: {kind: stdout}}}\netcd: a\n");
	ck_assert_int_eq(read_words(""), 0);
	first = t.conf;
	t.conf = (struct conf){0};
	unlink(t.file);
	write_file("\ncomponents:\n  channels:\n    a:\n      kind: stdout\n");
	ck_assert_int_eq(read_words(""), 0);
	ck_assert_int_eq(conf_same_section(&first, &t.conf, "components", &same), 0);
	ck_assert(same);
	ck_assert_int_eq(conf_same_section(&first, &t.conf, "etcd", &same), 0);
	ck_assert(!same);
	conf_place(&first, "etcd", place, sizeof place);
	ck_assert_str_eq(place + strlen(place) - 4, ":2:7");
	conf_place(&t.conf, "etcd", place, sizeof place);
	ck_assert_str_eq(place, t.file);
	conf_fini(&first);
}
END_TEST

Suite *suite_conf(void)
{
	Suite *suite = suite_create("conf");
	TCase *tests = tcase_create("conf");
	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, what_nobody_said_is_the_default);
	tcase_add_test(tests, a_flag_wins_over_a_variable_over_the_file);
	tcase_add_test(tests, a_flag_stands_in_for_another_option);
	tcase_add_test(tests, a_variable_set_to_nothing_is_not_set);
	tcase_add_test(tests, flags_come_in_every_usual_form);
	tcase_add_test(tests, short_flags_take_their_value_in_one_word_too);
	tcase_add_test(tests, help_is_seen_before_what_is_wrong_behind_it);
	tcase_add_loop_test(tests, a_wrong_flag_is_named, 0, sizeof wrong / sizeof *wrong);
	tcase_add_test(tests, a_wrong_variable_is_named);
	tcase_add_test(tests, everything_wrong_in_the_file_is_told_with_its_place);
	tcase_add_test(tests, a_file_that_does_not_parse_is_told_with_its_place);
	tcase_add_test(tests, a_file_that_is_not_there_is_named);
	tcase_add_test(tests, a_map_of_labels_is_as_good_as_a_list);
	tcase_add_test(tests, an_empty_file_says_nothing);
	tcase_add_loop_test(tests, the_components_keep_their_places, 0,
			    sizeof sections / sizeof *sections);
	tcase_add_test(tests, components_with_aliases_are_the_same);
	tcase_add_test(tests, no_components_are_none);
	tcase_add_test(tests, two_readings_differ_where_a_value_does_and_nowhere_else);
	tcase_add_test(tests, sections_are_compared_by_what_they_say);
	suite_add_tcase(suite, tests);
	return suite;
}
