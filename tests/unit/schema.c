#include "tests/unit/reading.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char yaml[] = "version: 1.2.0 # the first\n"
			   "type: sequence\n"
			   "children:\n"
			   "  - {ref: a}\n"
			   "canary:\n"
			   "  cases: []\n";
static const char json[] = "{\"children\": [{\"ref\": \"a\"}], \"type\": \"sequence\",\n"
			   " \"canary\": {\"cases\": []}, \"version\": \"1.2.0\"}";

static flume_schema *read_schema(const char *text, enum flume_format format)
{
	flume_schema *s = NULL;
	ck_assert_int_eq(flume_schema_parse(&s, text, strlen(text), format, NULL, NULL), 0);
	return s;
}

START_TEST(a_schema_tells_what_it_was_read_from)
{
	size_t len = 0;
	flume_schema *s = read_schema(yaml, FLUME_YAML);
	ck_assert_str_eq(flume_schema_get_text(s, &len), yaml);
	ck_assert_uint_eq(len, strlen(yaml));
	ck_assert_int_eq(flume_schema_get_format(s), FLUME_YAML);
	ck_assert_str_eq(flume_schema_get_version(s), "1.2.0");
	ck_assert_int_eq(flume_value_type(flume_schema_get_root(s)), FLUME_MAP);
	ck_assert_uint_eq(flume_value_size(flume_schema_get_canary(s)), 1);
	ck_assert_ptr_null(flume_schema_unref(s));
}
END_TEST

START_TEST(what_is_unset_is_empty)
{
	flume_schema *s = read_schema("ref: a", FLUME_YAML);
	ck_assert_str_eq(flume_schema_get_version(s), "");
	ck_assert_ptr_null(flume_schema_get_canary(s));
	ck_assert_ptr_nonnull(flume_schema_get_text(s, NULL));
	flume_schema_unref(s);
	s = read_schema("version: ~\nref: a", FLUME_YAML);
	ck_assert_str_eq(flume_schema_get_version(s), "");
	flume_schema_unref(s);
	s = read_schema("version: 3\nref: a", FLUME_YAML);
	ck_assert_str_eq(flume_schema_get_version(s), "3");
	flume_schema_unref(s);
	s = read_schema("version: [3]\nref: a", FLUME_YAML);
	ck_assert_str_eq(flume_schema_get_version(s), "");
	flume_schema_unref(s);
}
END_TEST

START_TEST(no_text_is_an_empty_one)
{
	flume_schema *schema;
	for (int format = FLUME_YAML; format <= FLUME_JSON; format++) {
		ck_assert_int_eq(flume_schema_parse(&schema, NULL, 0, format, NULL, NULL),
				 FLUME_SYNTAX);
		ck_assert_int_eq(flume_schema_parse(&schema, NULL, 1, format, NULL, NULL),
				 FLUME_INVALID);
	}
}
END_TEST

START_TEST(the_digest_is_of_the_meaning)
{
	flume_schema *a = read_schema(yaml, FLUME_YAML), *b = read_schema(json, FLUME_JSON);
	ck_assert_str_eq(flume_schema_get_digest(a), flume_schema_get_digest(b));
	ck_assert_str_eq(flume_schema_get_digest(a),
			 "sha256:"
			 "0300984dae322e51aa94340a12004cb73386f3e5d33dda74ca4cb912cb0d09f8");
	flume_schema_unref(b);
	static const char *const others[] = {"ref: a",      "ref: b",      "ref: 1",
					     "ref: '1'",    "ref: 1.0",    "{ref: a, name: b}",
					     "ref: [a]",    "ref: {a: b}", "ref: [a, b]",
					     "ref: [b, a]", "ref: null",   "ref: 'null'"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		for (size_t j = 0; j < i; j++) {
			flume_schema *x = read_schema(others[i], FLUME_YAML);
			flume_schema *y = read_schema(others[j], FLUME_YAML);
			ck_assert_str_ne(flume_schema_get_digest(x),
					 flume_schema_get_digest(y));
			flume_schema_unref(x);
			flume_schema_unref(y);
		}
	flume_schema_unref(a);
}
END_TEST

START_TEST(its_own_format_is_given_back_byte_for_byte)
{
	flume_schema *s = read_schema(yaml, FLUME_YAML);
	char *text = flume_schema_dup_text(s, FLUME_YAML);
	ck_assert_str_eq(text, yaml);
	free(text);
	text = flume_schema_dup_text(s, FLUME_JSON);
	flume_schema *again = read_schema(text, FLUME_JSON);
	ck_assert_str_eq(flume_schema_get_digest(s), flume_schema_get_digest(again));
	free(text);
	text = flume_schema_dup_text(again, FLUME_YAML);
	flume_schema *third = read_schema(text, FLUME_YAML);
	ck_assert_str_eq(flume_schema_get_digest(s), flume_schema_get_digest(third));
	free(text);
	flume_schema_unref(third);
	flume_schema_unref(again);
	flume_schema_unref(s);
}
END_TEST

START_TEST(the_last_reference_frees)
{
	flume_schema *s = read_schema(yaml, FLUME_YAML);
	ck_assert_ptr_eq(flume_schema_ref(s), s);
	ck_assert_ptr_null(flume_schema_unref(s));
	ck_assert_str_eq(flume_schema_get_version(s), "1.2.0");
	ck_assert_ptr_null(flume_schema_unref(s));
	ck_assert_ptr_null(flume_schema_unref(NULL));
	ck_assert_ptr_null(flume_schema_ref(NULL));
}
END_TEST

START_TEST(only_a_map_is_a_schema)
{
	flume_schema *s = NULL;
	flume_report *r = flume_report_new();
	ck_assert_int_eq(flume_schema_parse(&s, "\n- a\n", 5, FLUME_YAML, NULL, r),
			 FLUME_SYNTAX);
	ck_assert_ptr_null(s);
	const struct flume_issue *issue = flume_report_get_issue(r, 0);
	ck_assert_str_eq(issue->code, "wrong-type");
	ck_assert_str_eq(issue->path, "root");
	ck_assert_str_eq(issue->text, "a schema must be a map, not a list");
	ck_assert_uint_eq(issue->line, 2);
	flume_report_free(r);
}
END_TEST

static struct {
	char top[64], path[128];
} t;

static void make_folder(void)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(t.top, sizeof t.top, "%.40s/flume-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(t.top));
}

static void remove_folder(void)
{
	unlink(t.path);
	rmdir(t.path);
	rmdir(t.top);
}

static void write_file(const char *name, const char *text)
{
	snprintf(t.path, sizeof t.path, "%s/%s", t.top, name);
	FILE *f = fopen(t.path, "w");
	ck_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void expect_loads(const char *name, const char *text, enum flume_format format)
{
	flume_schema *s = NULL;
	write_file(name, text);
	ck_assert_int_eq(flume_schema_load(&s, t.path, NULL, NULL), 0);
	ck_assert_int_eq(flume_schema_get_format(s), format);
	flume_schema_unref(s);
	unlink(t.path);
}

static void expect_no_load(const struct flume_limits *limits, int code, const char *finding)
{
	flume_schema *s = NULL;
	flume_report *r = flume_report_new();
	ck_assert_int_eq(flume_schema_load(&s, t.path, limits, r), code);
	ck_assert_uint_eq(flume_report_size(r), 1);
	ck_assert_str_eq(flume_report_get_issue(r, 0)->code, finding);
	flume_report_free(r);
}

START_TEST(the_suffix_tells_the_format)
{
	expect_loads("a.yaml", yaml, FLUME_YAML);
	expect_loads("a.b.yml", yaml, FLUME_YAML);
	expect_loads("a.json", json, FLUME_JSON);
	write_file("yaml", yaml);
	expect_no_load(NULL, FLUME_INVALID, "io");
	unlink(t.path);
	write_file("a.json.txt", json);
	expect_no_load(NULL, FLUME_INVALID, "io");
}
END_TEST

START_TEST(what_cannot_be_read_says_why)
{
	snprintf(t.path, sizeof t.path, "%s/none.yaml", t.top);
	expect_no_load(NULL, FLUME_IO, "io");
	snprintf(t.path, sizeof t.path, "%s/folder.yaml", t.top);
	ck_assert_int_eq(mkdir(t.path, 0700), 0);
	expect_no_load(NULL, FLUME_IO, "io");
}
END_TEST

START_TEST(a_file_without_end_is_not_read_to_its_end)
{
	struct flume_limits limits = {.bytes = 1000};
	snprintf(t.path, sizeof t.path, "%s/zero.yaml", t.top);
	ck_assert_int_eq(symlink("/dev/zero", t.path), 0);
	expect_no_load(NULL, FLUME_SYNTAX, "too-large");
	unlink(t.path);
	write_file("empty.yaml", "");
	expect_no_load(&limits, FLUME_SYNTAX, "syntax");
}
END_TEST

Suite *suite_schema(void)
{
	Suite *suite = suite_create("schema");
	TCase *tests = tcase_create("text");
	tcase_add_test(tests, a_schema_tells_what_it_was_read_from);
	tcase_add_test(tests, what_is_unset_is_empty);
	tcase_add_test(tests, no_text_is_an_empty_one);
	tcase_add_test(tests, the_digest_is_of_the_meaning);
	tcase_add_test(tests, its_own_format_is_given_back_byte_for_byte);
	tcase_add_test(tests, the_last_reference_frees);
	tcase_add_test(tests, only_a_map_is_a_schema);
	suite_add_tcase(suite, tests);
	TCase *files = tcase_create("files");
	tcase_add_checked_fixture(files, make_folder, remove_folder);
	tcase_add_test(files, the_suffix_tells_the_format);
	tcase_add_test(files, what_cannot_be_read_says_why);
	tcase_add_test(files, a_file_without_end_is_not_read_to_its_end);
	suite_add_tcase(suite, files);
	return suite;
}
