/* What a plug-in may be, and what it is given.  240_plugin loads real ones. */
/* The example, as it would be loaded; first, since Check takes names away. */
#include "agent/plugin/example/luhn.c"

#include "agent/plugin/inside.h"
#include "agent/plugin/plugin.h"

#include "tests/unit/document_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what a plug-in says of itself ---- */

static int no_make(const flume_value *decl, const char *path, flume_scope *scope,
		   struct flume_component *out, flume_report *report)
{
	(void)decl, (void)path, (void)scope, (void)out, (void)report;
	return FLUME_NOMEM;
}

static struct flume_field its_fields[3];
static struct flume_maker its_kind;
static const struct flume_maker *its_kinds[2];

static struct flume_plugin a_plugin(void)
{
	its_fields[0] = (struct flume_field){
		.name = "n", .type = FLUME_FIELD_COUNT, .fallback = "4", .about = "Which."};
	its_fields[1] = its_fields[2] = (struct flume_field){0};
	its_kind = (struct flume_maker){.of = FLUME_PROCESSOR,
					.kind = "x",
					.about = "Does x.",
					.fields = its_fields,
					.make = no_make};
	its_kinds[0] = its_kinds[1] = &its_kind;
	return (struct flume_plugin){.abi = FLUME_PLUGIN_ABI,
				     .size = sizeof(struct flume_plugin),
				     .name = "its-name",
				     .version = "1",
				     .about = "Something.",
				     .makers = its_kinds,
				     .n_makers = 1,
				     .start = flume_plugin.start};
}

static void expect_refused(const struct flume_plugin *p, const char *why)
{
	struct flume_err err = {0};
	ck_assert_int_eq(plugin_check(p, &err), FLUME_INVALID);
	expect_within(err.text, why);
}

START_TEST(what_is_in_order_is_taken)
{
	struct flume_plugin p = a_plugin();
	ck_assert_int_eq(plugin_check(&p, NULL), 0);
	ck_assert_int_eq(plugin_check(&flume_plugin, NULL), 0);
	its_kind.fields = NULL;
	p.size += 64; /* of a later agent */
	ck_assert_int_eq(plugin_check(&p, NULL), 0);
}
END_TEST

START_TEST(another_interface_is_told_by_its_number)
{
	struct flume_plugin p = {.abi = 7}; /* whatever else there may be */
	expect_refused(&p, "is built for version 7 of the interface; this agent has 1");
	p = a_plugin();
	p.size = 8;
	expect_refused(&p, "has 8 bytes: expected ");
}
END_TEST

START_TEST(nothing_may_be_missing)
{
#define WITHOUT(member, none, why)                  \
	do {                                        \
		struct flume_plugin p = a_plugin(); \
		p.member = none;                    \
		expect_refused(&p, why);            \
	} while (0)
	WITHOUT(name, NULL, "'' cannot be its name");
	WITHOUT(name, "Its", "'Its' cannot be its name");
	WITHOUT(name, "", "cannot be its name");
	WITHOUT(version, NULL, "has no `version`");
	WITHOUT(version, "1\n2", "has no `version`");
	WITHOUT(about, NULL, "has no `about`");
	WITHOUT(makers, NULL, "brings no kind");
	WITHOUT(n_makers, 0, "brings no kind");
	WITHOUT(n_makers, (size_t)-1, "expected 1024 at the most");
	WITHOUT(start, NULL, "has no `start`");
	struct flume_plugin p = a_plugin();
	its_kinds[0] = NULL;
	expect_refused(&p, "one of its `makers` is NULL");
}
END_TEST

START_TEST(a_kind_says_what_it_is)
{
#define KIND_WITH(member, value, why)               \
	do {                                        \
		struct flume_plugin p = a_plugin(); \
		its_kind.member = value;            \
		expect_refused(&p, why);            \
	} while (0)
	KIND_WITH(of, (enum flume_kind)FLUME_KINDS, "makes something unknown (6)");
	KIND_WITH(kind, NULL, "'' cannot be the name of a kind of processor");
	KIND_WITH(kind, "a b", "'a b' cannot be the name of a kind of processor");
	KIND_WITH(kind, "-a", "'-a' cannot");
	KIND_WITH(about, "", "processor 'x': has no `about`");
	KIND_WITH(about, "a\033[2J", "processor 'x': has no `about`");
	KIND_WITH(example, "{a:\n b}", "its `example` is not one line");
	KIND_WITH(make, NULL, "processor 'x': has no `make`");
	struct flume_plugin p = a_plugin();
	p.n_makers = 2;
	expect_refused(&p, "brings processor 'x' twice");
}
END_TEST

START_TEST(a_field_says_what_it_is)
{
#define FIELD_WITH(member, value, why)              \
	do {                                        \
		struct flume_plugin p = a_plugin(); \
		its_fields[0].member = value;       \
		expect_refused(&p, why);            \
	} while (0)
	FIELD_WITH(name, "", "cannot be the name of a field");
	FIELD_WITH(name, "N", "processor 'x', field 'N': cannot be the name");
	FIELD_WITH(name, "kind", "field 'kind': has another meaning");
	FIELD_WITH(name, "x-1", "field 'x-1': has another meaning");
	FIELD_WITH(type, FLUME_FIELD_NODE, "its type is none that a component may have");
	FIELD_WITH(type, (enum flume_field_type)99, "its type is none");
	FIELD_WITH(about, NULL, "field 'n': has no `about`");
	FIELD_WITH(min, 1, "its least value is above its greatest");
	FIELD_WITH(fallback, "many", "its default has another type");
	struct flume_plugin p = a_plugin();
	its_fields[1] = its_fields[0];
	expect_refused(&p, "field 'n': is there twice");
}
END_TEST

START_TEST(a_table_of_fields_must_end)
{
	static struct flume_field endless[70];
	static char names[70][16];
	struct flume_plugin p = a_plugin();
	for (int i = 0; i < 70; i++) {
		snprintf(names[i], sizeof names[i], "f%d", i);
		endless[i] = its_fields[0];
		endless[i].name = names[i];
	}
	its_kind.fields = endless;
	expect_refused(&p, "no row at their end");
}
END_TEST

/* ---- what a file may be ---- */

static void own_head(unsigned char head[ELF_HEAD])
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(read(fd, head, ELF_HEAD), ELF_HEAD);
	close(fd);
	head[offsetof(Elf64_Ehdr, e_type)] = ET_DYN;
}

static void expect_no_object(const unsigned char *head, size_t n, const char *why)
{
	struct flume_err err = {0};
	ck_assert_int_eq(plugin_elf_check(head, n, &err), FLUME_INVALID);
	expect_within(err.text, why);
}

START_TEST(a_shared_object_is_for_this_machine)
{
	unsigned char head[ELF_HEAD];
	own_head(head);
	ck_assert_int_eq(plugin_elf_check(head, sizeof head, NULL), 0);
	for (size_t n = 0; n < 50; n++)
		expect_no_object(head, n, "is no shared object");
	head[offsetof(Elf64_Ehdr, e_type)] = ET_EXEC;
	expect_no_object(head, sizeof head, "expected one linked with -shared");
	own_head(head);
	head[offsetof(Elf64_Ehdr, e_machine)] = EM_PPC64;
	expect_no_object(head, sizeof head, "is built for another machine (ppc64, 64 bits; ");
	own_head(head);
	head[EI_CLASS] = ELFCLASS32;
	expect_no_object(head, sizeof head, ", 32 bits; expected ");
	own_head(head);
	head[EI_DATA] ^= 3;
	expect_no_object(head, sizeof head, "is built for another machine (machine ");
	expect_no_object((const unsigned char *)"#!/bin/sh\n", 10, "is no shared object");
}
END_TEST

static char folder[64];

static const char *put(const char *name, const char *content, mode_t mode)
{
	static char path[160];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(content, f);
	fclose(f);
	ck_assert_int_eq(chmod(path, mode), 0);
	return path;
}

static void expect_no_file(const char *path, const char *why)
{
	struct flume_err err = {0};
	ck_assert_int_lt(plugin_file_open(path, &err), 0);
	expect_within(err.text, why);
}

static void open_folder(void)
{
	snprintf(folder, sizeof folder, "/tmp/flume-plugin-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void close_folder(void)
{
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(a_file_lies_where_others_cannot_change_it)
{
	expect_no_file("luhn.so", "is no absolute path");
	expect_no_file("./luhn.so", "is no absolute path");
	expect_no_file("/nowhere/luhn.so", "there is no such file");
	expect_no_file(folder, "is not a file");
	expect_no_file("/dev/null", "is not a file");
	expect_no_file(put("a.so", "text", 0755), "is no shared object");
	expect_no_file(put("b.so", "text", 0666),
		       "may be written by everybody (mode 0666): expected 0755");
	const char *path = put("c.so", "text", 0755);
	ck_assert_int_eq(chmod(folder, 0777), 0);
	expect_no_file(path, "lies in a folder that everybody may write");
	ck_assert_int_eq(chmod(folder, 01777), 0);
	expect_no_file(path, "is no shared object");
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 12345, 12345), 0);
		expect_no_file(path, "belongs to user 12345: expected root");
	}
}
END_TEST

/* ---- all of a configuration ---- */

static void expect_findings(const char *paths, size_t n, const char *first)
{
	flume_factory *factory = new_document_factory();
	flume_report *report = flume_report_new();
	flume_value *value = read_constant(paths);
	ck_assert_int_eq(plugin_register(factory, value, true, report), FLUME_REJECTED);
	ck_assert_uint_eq(flume_report_size(report), n);
	const struct flume_issue *issue = flume_report_get_issue(report, 0);
	expect_within(issue->text, first);
	ck_assert_uint_gt(issue->line, 0);
	flume_value_free(value);
	flume_report_free(report);
	flume_factory_free(factory);
}

START_TEST(each_that_cannot_be_loaded_is_a_finding)
{
	expect_findings("[/nowhere/a.so, b.so, /nowhere/c.so]", 3,
			"plug-in '/nowhere/a.so': there is no such file");
	expect_findings("/nowhere/a.so", 1, "there is no such file");
	expect_findings("{a: /nowhere/a.so}", 1, "must be a list of paths");
	expect_findings("[[a]]", 1, "must be a list of paths");
	expect_findings("['']", 1, "must be a list of paths");
	flume_value *none = read_constant("[]");
	ck_assert_int_eq(plugin_register(NULL, none, true, NULL), 0);
	ck_assert_int_eq(plugin_register(NULL, NULL, true, NULL), 0);
	flume_value_free(none);
}
END_TEST

/* ---- what a plug-in is given ---- */

static const struct flume_host *host = &plugin_host;

static flume_path *host_path(const char *text)
{
	flume_path *path = NULL;
	ck_assert_int_eq(host->path_new(&path, text, NULL), 0);
	return path;
}

static bool look(const void *item, const char *at, struct flume_item_view *v)
{
	flume_path *path = host_path(at);
	bool there = host->get(item, path, v);
	host->path_free(path);
	return there;
}

START_TEST(a_view_says_what_is_there)
{
	struct flume_item_view v;
	struct document *d = read_document("{\"t\":\"a\\u0000b\",\"i\":-7,\"r\":1.5,\"b\":true,"
					   "\"n\":null,\"a\":[1,2],\"o\":{}}");
	ck_assert(host->get(d, NULL, &v));
	ck_assert(v.kind == FLUME_ITEM_OBJECT && v.len == 7 && !v.text);
	ck_assert(look(d, "t", &v) && v.kind == FLUME_ITEM_TEXT && v.len == 3);
	ck_assert_mem_eq(v.text, "a\0b", 4);
	ck_assert(look(d, "i", &v) && v.kind == FLUME_ITEM_INTEGER && v.integer == -7);
	ck_assert(v.real > -7.1 && v.real < -6.9);
	ck_assert(look(d, "r", &v) && v.kind == FLUME_ITEM_REAL && v.integer == 0);
	ck_assert(look(d, "b", &v) && v.kind == FLUME_ITEM_BOOL && v.truth && v.len == 0);
	ck_assert(look(d, "n", &v) && v.kind == FLUME_ITEM_NULL);
	ck_assert(look(d, "a", &v) && v.kind == FLUME_ITEM_ARRAY && v.len == 2);
	ck_assert(look(d, "o", &v) && v.kind == FLUME_ITEM_OBJECT && v.len == 0);
	ck_assert(!look(d, "none", &v));
	document_free(d);
}
END_TEST

static int count_keys(void *arg, const char *key, size_t len, const struct flume_item_view *v)
{
	char *all = arg;
	ck_assert_int_eq(v->kind, FLUME_ITEM_INTEGER);
	strncat(all, key ? key : "-", key ? len : 1);
	return v->integer == 3 ? 99 : 0;
}

START_TEST(containers_are_walked)
{
	char all[16] = "";
	struct document *d = read_document("{\"o\":{\"x\":1,\"y\":2},\"a\":[1,3,5]}");
	flume_path *o = host_path("o"), *a = host_path("a"), *x = host_path("o.x");
	ck_assert_int_eq(host->each(d, o, count_keys, all), 0);
	ck_assert_int_eq(host->each(d, a, count_keys, all), 99);
	ck_assert_int_eq(host->each(d, x, count_keys, all), FLUME_NOT_FOUND);
	ck_assert_str_eq(all, "xy--");
	host->path_free(o);
	host->path_free(a);
	host->path_free(x);
	document_free(d);
}
END_TEST

START_TEST(an_item_is_changed)
{
	struct document *d = read_document("{\"a\":1,\"n\":5}");
	flume_path *a = host_path("a"), *b = host_path("b.c"), *n = host_path("n.x");
	struct flume_err err = {0};
	ck_assert_int_eq(host->set_text(d, a, "ä", 2, &err), 0);
	ck_assert_int_eq(host->set_json(d, b, "[1.0]", 5, &err), 0);
	ck_assert_int_eq(host->set_null(d, n, &err), FLUME_FAILED);
	expect_within(err.text, "n.x: ");
	ck_assert_int_eq(host->copy(d, b, d, a, NULL), 0);
	ck_assert_int_eq(host->copy(d, b, d, n, NULL), FLUME_NOT_FOUND);
	ck_assert_int_eq(host->set_integer(d, a, 8, NULL), 0);
	char *json = host->json(d, b, NULL);
	ck_assert_str_eq(json, "\"ä\"");
	free(json);
	ck_assert_ptr_null(host->json(d, n, NULL));
	ck_assert(host->remove(d, b));
	ck_assert(!host->remove(d, b));
	ck_assert_str_eq(host->path_text(b), "b.c");
	host->path_free(a);
	host->path_free(b);
	host->path_free(n);
	host->path_free(NULL);
	expect_document(d, "{\"a\":8,\"n\":5,\"b\":{}}");
}
END_TEST

START_TEST(items_are_made_and_freed)
{
	void *d = NULL;
	size_t len = 0;
	struct flume_err err = {0};
	ck_assert_int_eq(host->item_parse(&d, "{\"a\":}", 6, &err), FLUME_SYNTAX);
	ck_assert_ptr_null(d);
	ck_assert_int_eq(host->item_parse(&d, "{\"a\":1}", 7, NULL), 0);
	void *other = host->item_clone(d);
	host->item_free(d);
	host->item_free(NULL);
	char *json = host->json(other, NULL, &len);
	ck_assert_str_eq(json, "{\"a\":1}");
	ck_assert_uint_eq(len, 7);
	free(json);
	host->item_free(other);
}
END_TEST

START_TEST(memory_that_runs_out_is_said)
{
	for (long n = 1;; n++) {
		flume_path *path = NULL;
		memory_fails_at(n);
		int rc = host->path_new(&path, "a.b[1].c", NULL);
		bool failed = memory_is_back();
		host->path_free(path);
		ck_assert_int_eq(rc, failed ? FLUME_NOMEM : 0);
		if (!failed)
			break;
	}
	ck_assert(FLUME_HOST_HAS(host, is_over));
	ck_assert(plugin_host_checking.checking && !plugin_host.checking);
	ck_assert_int_gt(host->now_ns(), 0);
}
END_TEST

/* ---- the example ---- */

static flume_factory *factory_with_luhn(void)
{
	flume_factory *factory = new_document_factory();
	ck_assert_int_eq(flume_plugin.start(&plugin_host, NULL), 0);
	for (size_t i = 0; i < flume_plugin.n_makers; i++)
		ck_assert_int_eq(flume_factory_add_maker(factory, flume_plugin.makers[i], NULL),
				 0);
	return factory;
}

static int check_card(flume_pipeline *pipeline, const char *document, const char *after)
{
	struct flume_err err = {0};
	struct document *d = read_document(document);
	void *item = d;
	int rc = flume_pipeline_process(pipeline, NULL, &item, &err);
	if (rc)
		expect_within(err.text, "card: is no number of a card");
	expect_document(item, after);
	return rc;
}

START_TEST(the_example_checks_cards)
{
	char found[512] = "";
	flume_pipeline *pipeline = NULL;
	flume_factory *factory = factory_with_luhn();
	ck_assert_int_eq(build_schema(factory,
				      "components:\n"
				      "  processors:\n"
				      "    mark: {kind: luhn, field: card, into: ok}\n"
				      "    check: {kind: luhn, field: card}\n"
				      "  predicates: {paid: {kind: luhn, field: paid}}\n"
				      "type: sequence\n"
				      "children:\n"
				      "  - {type: filter, predicate: paid, then: {ref: mark}}\n"
				      "  - {ref: check}\n",
				      &pipeline, found, sizeof found),
			 0);
	ck_assert_int_eq(check_card(pipeline, "{\"card\":\"4539-1488 0343 6467\"}",
				    "{\"card\":\"4539-1488 0343 6467\"}"),
			 0);
	ck_assert_int_eq(check_card(pipeline, "{\"card\":4539148803436468}",
				    "{\"card\":4539148803436468}"),
			 FLUME_FAILED);
	ck_assert_int_eq(check_card(pipeline, "{\"card\":true,\"paid\":4539148803436467}",
				    "{\"card\":true,\"paid\":4539148803436467,\"ok\":false}"),
			 FLUME_FAILED);
	ck_assert_int_eq(check_card(pipeline, "{\"card\":\"0\"}", "{\"card\":\"0\"}"),
			 FLUME_FAILED);
	ck_assert_int_eq(check_card(pipeline, "{\"card\":-5}", "{\"card\":-5}"), FLUME_FAILED);
	ck_assert_int_eq(check_card(pipeline, "{}", "{}"), FLUME_FAILED);
	flume_pipeline_unref(pipeline);
	ck_assert_int_eq(
		build_schema(factory,
			     "components: {processors: {c: {kind: luhn, field: 'a['}}}\n"
			     "ref: c\n",
			     &pipeline, found, sizeof found),
		FLUME_REJECTED);
	expect_within(found, "components.processors.c.field");
	expect_within(found, "'a[' is not a path");
	flume_factory_free(factory);
}
END_TEST

Suite *suite_plugin(void)
{
	Suite *suite = suite_create("plugin");
	TCase *t = tcase_create("plugin");
	tcase_add_checked_fixture(t, open_folder, close_folder);
	tcase_add_test(t, what_is_in_order_is_taken);
	tcase_add_test(t, another_interface_is_told_by_its_number);
	tcase_add_test(t, nothing_may_be_missing);
	tcase_add_test(t, a_kind_says_what_it_is);
	tcase_add_test(t, a_field_says_what_it_is);
	tcase_add_test(t, a_table_of_fields_must_end);
	tcase_add_test(t, a_shared_object_is_for_this_machine);
	tcase_add_test(t, a_file_lies_where_others_cannot_change_it);
	tcase_add_test(t, each_that_cannot_be_loaded_is_a_finding);
	tcase_add_test(t, a_view_says_what_is_there);
	tcase_add_test(t, containers_are_walked);
	tcase_add_test(t, an_item_is_changed);
	tcase_add_test(t, items_are_made_and_freed);
	tcase_add_test(t, memory_that_runs_out_is_said);
	tcase_add_test(t, the_example_checks_cards);
	suite_add_tcase(suite, t);
	return suite;
}
