/* Tables, and documents that look into them. */
#include "agent/outside/table.h"

#include "agent/outside/kinds.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/outside_fixture.h"
#include "tests/unit/suites.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void expect_value(const struct table *table, const char *key, const char *json)
{
	size_t len = 0;
	const char *found = table_get(table, key, strlen(key), &len);
	if (!json) {
		ck_assert_msg(!found, "%s", key);
		return;
	}
	ck_assert_msg(found && len == strlen(json) && !memcmp(found, json, len), "%s: %.*s",
		      key, (int)len, found ? found : "");
}

static struct table *read_csv(const char *text, const char *key, const char *value)
{
	struct table *table = NULL;
	struct flume_err err = {0};
	int rc = table_read_csv(&table, text, strlen(text), key, value, &err);
	ck_assert_msg(rc == 0, "%s", err.text);
	return table;
}

START_TEST(csv_gives_a_row_as_an_object_without_its_key)
{
	struct table *table = read_csv("\xEF\xBB\xBFid,name,\"ti\"\"er\"\r\n"
				       "7,\"Lovelace, Ada\",gold\r\n"
				       "\n"
				       "8,\"two\nlines\",\n",
				       NULL, NULL);
	ck_assert_uint_eq(table_size(table), 2);
	expect_value(table, "7", "{\"name\":\"Lovelace, Ada\",\"ti\\\"er\":\"gold\"}");
	expect_value(table, "8", "{\"name\":\"two\\nlines\",\"ti\\\"er\":\"\"}");
	expect_value(table, "id", NULL);
	expect_value(table, "", NULL);
	table_free(table);
}
END_TEST

START_TEST(csv_gives_one_column_by_another)
{
	struct table *table = read_csv("a,b,c\n1,x,\"\"\"q\"\"\"\n2,y,z", "b", "c");
	expect_value(table, "x", "\"\\\"q\\\"\"");
	expect_value(table, "y", "\"z\"");
	expect_value(table, "1", NULL);
	table_free(table);
	table = read_csv("only\na\nb\n", NULL, NULL);
	expect_value(table, "a", "{}");
	table_free(table);
	table = read_csv("a,b\n", NULL, NULL);
	ck_assert_uint_eq(table_size(table), 0);
	expect_value(table, "a", NULL);
	table_free(table);
}
END_TEST

START_TEST(csv_that_is_wrong_is_refused_with_its_line)
{
	static const struct {
		const char *text, *key, *value, *why;
	} rows[] = {
		{"a,b\n1\n", 0, 0, "line 2: 1 fields, expected 2"},
		{"a,b\n1,2\n\"1\",3\n", 0, 0, "line 3: '1' is there twice"},
		{"a,b\n\"x\ny\",2,3\n", 0, 0, "line 2: 3 fields"},
		{"a,b\n\"x\ny\",2\nz", 0, 0, "line 4: 1 fields"},
		{"a,\"b\n1,2\n", 0, 0, "line 1: a quote is not closed"},
		{"a,b\n1,\"x\"y\n", 0, 0, "line 2: text behind a closing quote"},
		{"a,b\n1,x\"y\"\n", 0, 0, "line 2: a quote in a field"},
		{"a,a\n", 0, 0, "line 1: two columns have the same name"},
		{"a,b\n1,\xff\n", 0, 0, "line 2: not UTF-8"},
		{"a,b\r1,2\n", 0, 0, "line 1: a carriage return"},
		{"a,b\n", "c", 0, "line 1: no column is called 'c'"},
		{"a,b\n", 0, "d", "line 1: no column is called 'd'"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct table *table = NULL;
		struct flume_err err = {0};
		ck_assert_int_eq(table_read_csv(&table, rows[i].text, strlen(rows[i].text),
						rows[i].key, rows[i].value, &err),
				 FLUME_SYNTAX);
		expect_within(err.text, rows[i].why);
	}
}
END_TEST

static int read_json(struct table **out, const char *text, struct flume_err *err)
{
	return table_read_json(out, text, strlen(text), err);
}

START_TEST(json_gives_each_member_as_it_was_written)
{
	struct table *table = NULL;
	ck_assert_int_eq(read_json(&table,
				   " { \"a\" : 1.50 , \"b\\u0020\\\"c\":{\"x\":[1,\"]}\"]},\n"
				   "\"\" :\"}\\\\\" , \"t\":true}",
				   NULL),
			 0);
	ck_assert_uint_eq(table_size(table), 4);
	expect_value(table, "a", "1.50");
	expect_value(table, "b \"c", "{\"x\":[1,\"]}\"]}");
	expect_value(table, "", "\"}\\\\\"");
	expect_value(table, "t", "true");
	table_free(table);
	ck_assert_int_eq(read_json(&table, "{}", NULL), 0);
	ck_assert_uint_eq(table_size(table), 0);
	table_free(table);
}
END_TEST

START_TEST(json_that_is_wrong_is_refused)
{
	static const char *const rows[][2] = {
		{"[]", "expected an object"},
		{"{\"a\":1,\"a\":2}", "duplicate key"},
		{"{\"a\":1,\"\\u0061\":2}", "duplicate key"},
		{"{\"a\":}", "expected a value"},
		{"", "expected a value"},
		{"{\"a\":1}x", ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct table *table = NULL;
		struct flume_err err = {0};
		ck_assert_msg(read_json(&table, rows[i][0], &err) == FLUME_SYNTAX, "%s",
			      rows[i][0]);
		expect_within(err.text, rows[i][1]);
	}
}
END_TEST

START_TEST(a_large_table_has_each_of_its_rows)
{
	struct text text = {0};
	text_add(&text, "id,n\n");
	for (int i = 0; i < 20000; i++)
		text_addf(&text, "k%d,%d\n", i, i * 2);
	struct table *table = read_csv(text.s, NULL, "n");
	ck_assert_uint_eq(table_size(table), 20000);
	for (int i = 0; i < 20000; i += 7) {
		char key[16], value[16];
		snprintf(key, sizeof key, "k%d", i);
		snprintf(value, sizeof value, "\"%d\"", i * 2);
		expect_value(table, key, value);
	}
	table_free(table);
	text_fini(&text);
}
END_TEST

START_TEST(without_memory_no_table_is_made)
{
	static const char *const texts[] = {"a,b,c\n1,2,3\n2,3,4\n", "{\"a\":[1],\"b\\n\":2}"};
	for (int kind = 0; kind < 2; kind++) {
		for (long nth = 1;; nth++) {
			struct table *table = NULL;
			const char *text = texts[kind];
			memory_fails_at(nth);
			int rc = kind ? read_json(&table, text, NULL)
				      : table_read_csv(&table, text, strlen(text), NULL, NULL,
						       NULL);
			bool failed = memory_is_back();
			ck_assert_int_eq(rc, failed ? FLUME_NOMEM : 0);
			table_free(table);
			if (!failed)
				break;
		}
	}
}
END_TEST

/* ---- the processor ---- */

static char yaml[600];

static const char *lookup(const char *file, const char *more)
{
	snprintf(yaml, sizeof yaml, "{path: %s, field: customer.id, into: customer.is%s%s}",
		 scratch_path(file), *more ? ", " : "", more);
	return yaml;
}

START_TEST(what_is_found_is_stored)
{
	scratch_write("t.csv", "id,name\n7,Ada\nx,Bob\ntrue,Yes\n");
	struct made made = make_outside(&kind_lookup, lookup("t.csv", ""));
	ck_assert(!made.is.blocks && !made.is.prompt);
	expect_run(&made, NULL, "{\"customer\":{\"id\":\"x\"}}", 0,
		   "{\"customer\":{\"id\":\"x\",\"is\":{\"name\":\"Bob\"}}}");
	expect_run(&made, NULL, "{\"customer\":{\"id\":7}}", 0,
		   "{\"customer\":{\"id\":7,\"is\":{\"name\":\"Ada\"}}}");
	expect_run(&made, NULL, "{\"customer\":{\"id\":true}}", 0,
		   "{\"customer\":{\"id\":true,\"is\":{\"name\":\"Yes\"}}}");
	unmake(&made);
	scratch_write("t.json", "{\"7\":[1]}");
	made = make_outside(&kind_lookup, lookup("t.json", ""));
	expect_run(&made, NULL, "{\"customer\":{\"id\":7}}", 0,
		   "{\"customer\":{\"id\":7,\"is\":[1]}}");
	unmake(&made);
}
END_TEST

START_TEST(what_is_missing_is_what_the_declaration_says)
{
	static const char *const inputs[] = {"{\"customer\":{\"id\":\"y\"}}",
					     "{\"customer\":{\"id\":null}}",
					     "{\"customer\":{\"id\":[]}}", "{\"customer\":{}}"};
	scratch_write("t.csv", "id,name\n7,Ada\n");
	for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
		struct made made = make_outside(&kind_lookup, lookup("t.csv", ""));
		expect_run(&made, NULL, inputs[i], FLUME_FAILED,
			   i ? "customer.id: nothing to look up"
			     : "customer.id: 'y' is not in the table");
		unmake(&made);
		made = make_outside(&kind_lookup, lookup("t.csv", "missing: skip"));
		expect_run(&made, NULL, inputs[i], 0, inputs[i]);
		unmake(&made);
	}
	struct made made = make_outside(&kind_lookup, lookup("t.csv", "default: {name: none}"));
	expect_run(&made, NULL, "{\"customer\":{}}", 0,
		   "{\"customer\":{\"is\":{\"name\":\"none\"}}}");
	unmake(&made);
}
END_TEST

START_TEST(a_table_that_cannot_be_read_is_a_finding)
{
	expect_refused(&kind_lookup, lookup("none.csv", ""), "path", "No such file");
	scratch_write("t.csv", "id,name\n7\n");
	expect_refused(&kind_lookup, lookup("t.csv", ""), "path", "line 2: 1 fields");
	expect_refused(&kind_lookup, lookup("t.csv", "max_bytes: 3"), "path",
		       "more than 3 bytes");
	expect_refused(&kind_lookup, lookup("t.txt", ""), "path", "NAME.csv or NAME.json");
	expect_refused(&kind_lookup, lookup("t.json", "key: id"), "key",
		       "only CSV has columns");
	expect_refused(&kind_lookup, lookup("t.csv", "missing: never"), "missing",
		       "'never' is not fail or skip");
}
END_TEST

START_TEST(where_schemas_are_only_checked_no_file_is_needed)
{
	struct made made =
		make_outside(&kind_lookup_unopened, lookup("none.csv", "missing: skip"));
	expect_run(&made, NULL, "{\"customer\":{\"id\":7}}", 0, "{\"customer\":{\"id\":7}}");
	unmake(&made);
	made = make_outside(&kind_lookup_unopened, lookup("none.csv", ""));
	expect_run(&made, NULL, "{\"customer\":{\"id\":7}}", FLUME_FAILED, "not open");
	unmake(&made);
}
END_TEST

static const char *name_of(const struct made *made)
{
	static char name[64];
	struct flume_err err = {0};
	struct document_view view;
	struct path path = read_path("customer.is.name");
	void *item = read_document("{\"customer\":{\"id\":7}}");
	ck_assert_int_eq(made->is.run(NULL, &item, made->is.arg, &err), 0);
	ck_assert(document_get(item, &path, &view));
	snprintf(name, sizeof name, "%s", view.text);
	path_fini(&path);
	document_free(item);
	return name;
}

static void wait_name(const struct made *made, const char *name)
{
	int64_t until = ms_now() + 20000;
	while (strcmp(name_of(made), name) != 0) {
		ck_assert_msg(ms_now() < until, "%s", name_of(made));
		usleep(10000);
	}
}

START_TEST(a_file_that_changes_is_read_again_and_a_broken_one_changes_nothing)
{
	scratch_write("t.csv", "id,name\n7,Ada\n");
	struct made made = make_outside(&kind_lookup, lookup("t.csv", ""));
	ck_assert_str_eq(name_of(&made), "Ada");
	scratch_write("t.csv", "id,name\n7,Bob\n");
	wait_name(&made, "Bob");
	scratch_write("t.csv", "id,name\n7\n");
	int64_t until = ms_now() + 2000;
	while (ms_now() < until) {
		ck_assert_str_eq(name_of(&made), "Bob");
		usleep(50000);
	}
	unlink(scratch_path("t.csv"));
	ck_assert_str_eq(name_of(&made), "Bob");
	scratch_write("t.csv", "id,name\n7,Eve\n");
	wait_name(&made, "Eve");
	unmake(&made);
}
END_TEST

static atomic_bool over;

static void *look_often(void *arg)
{
	while (!atomic_load(&over))
		expect_run(arg, NULL, "{\"customer\":{\"id\":7}}", 0, NULL);
	return NULL;
}

START_TEST(many_threads_look_while_the_table_is_replaced)
{
	pthread_t threads[4];
	scratch_write("t.csv", "id,name\n7,0\n");
	struct made made = make_outside(&kind_lookup, lookup("t.csv", ""));
	atomic_store(&over, false);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, look_often, &made);
	for (int i = 0; i < 2; i++) {
		scratch_write("t.csv", i % 2 ? "id,name\n7,1\n" : "id,name\n7,2\n");
		usleep(1400000);
	}
	atomic_store(&over, true);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	unmake(&made);
}
END_TEST

Suite *suite_outside_lookup(void)
{
	Suite *suite = suite_create("outside_lookup");
	TCase *tc = tcase_create("table");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, csv_gives_a_row_as_an_object_without_its_key);
	tcase_add_test(tc, csv_gives_one_column_by_another);
	tcase_add_test(tc, csv_that_is_wrong_is_refused_with_its_line);
	tcase_add_test(tc, json_gives_each_member_as_it_was_written);
	tcase_add_test(tc, json_that_is_wrong_is_refused);
	tcase_add_test(tc, a_large_table_has_each_of_its_rows);
	tcase_add_test(tc, without_memory_no_table_is_made);
	suite_add_tcase(suite, tc);
	tc = scratch_case(suite, "lookup");
	tcase_add_test(tc, what_is_found_is_stored);
	tcase_add_test(tc, what_is_missing_is_what_the_declaration_says);
	tcase_add_test(tc, a_table_that_cannot_be_read_is_a_finding);
	tcase_add_test(tc, where_schemas_are_only_checked_no_file_is_needed);
	tcase_add_test(tc, a_file_that_changes_is_read_again_and_a_broken_one_changes_nothing);
	tcase_add_test(tc, many_threads_look_while_the_table_is_replaced);
	return suite;
}
