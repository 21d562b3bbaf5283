/* What is told of the tables is compared with the tables; whether validators agree with the
 * library about documents, a scenario asks them. */
#include "lib/check/check.h"
#include "lib/connector/connector.h"
#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading what was told ---- */

static flume_value *told; /* the last text, parsed */

static void read_told(char *text)
{
	const struct flume_limits enough = {.nodes = 1 << 20, .bytes = 64 << 20};
	flume_report *report = flume_report_new();
	ck_assert_ptr_nonnull(text);
	told = flume_value_free(told);
	int rc = flume_value_parse(&told, text, strlen(text), FLUME_JSON, &enough, report);
	ck_assert_msg(!rc, "%s", rc ? flume_report_get_issue(report, 0)->text : "");
	ck_assert_str_eq(text + strlen(text) - 2, "}\n");
	flume_report_free(report);
	free(text);
}

static void read_spec(void)
{
	read_told(flume_factory_dup_spec(rig.factory));
}

static void end(void)
{
	told = flume_value_free(told);
	rig_close();
}

/* "$defs/node/allOf/0": keys and numbers. */
static const flume_value *at(const flume_value *value, const char *path)
{
	char copy[200], *rest = NULL;
	snprintf(copy, sizeof copy, "%s", path);
	for (char *key = strtok_r(copy, "/", &rest); key; key = strtok_r(NULL, "/", &rest))
		value = flume_value_type(value) == FLUME_LIST
				? flume_value_at(value, strtoul(key, NULL, 10))
				: flume_value_get(value, key);
	return value;
}

static void says(const flume_value *value, const char *path, const char *wanted)
{
	ck_assert_msg(!strcmp(flume_value_text(at(value, path)), wanted), "%s: '%s', not '%s'",
		      path, flume_value_text(at(value, path)), wanted);
}

static void says_json(const flume_value *value, const char *path, const char *wanted)
{
	char *json = flume_value_dup_json(at(value, path));
	ck_assert_str_eq(json, wanted);
	free(json);
}

/* The element of a list whose member `key` says `word`. */
static const flume_value *row(const flume_value *list, const char *key, const char *word)
{
	for (size_t i = 0; i < flume_value_size(list); i++)
		if (!strcmp(flume_value_text(at(flume_value_at(list, i), key)), word))
			return flume_value_at(list, i);
	ck_abort_msg("no row with %s '%s'", key, word);
	return NULL;
}

static const flume_value *kind(enum flume_kind kind)
{
	return row(at(told, "kinds"), "kind", flume_kind_text(kind));
}

static const flume_value *component(enum flume_kind of, const char *name)
{
	return row(at(kind(of), "components"), "name", name);
}

static const flume_value *maker(enum flume_kind of, const char *name)
{
	return row(at(kind(of), "makers"), "kind", name);
}

/* ---- the spec ---- */

static int run_nothing(const struct flume_call *call, void **item, void *arg,
		       struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	return FLUME_OK;
}

static const char *pick_nothing(const struct flume_call *call, const void *item, void *arg,
				char scratch[256])
{
	(void)call, (void)item, (void)arg, (void)scratch;
	return NULL;
}

START_TEST(components_are_told_with_all_they_say_of_themselves)
{
	static const char *const words[] = {"orders", "slow", NULL};
	rig_add(&(struct flume_component){.name = "enrich",
					  .about = "Asks the archive.",
					  .words = words,
					  .blocks = true,
					  .run = run_nothing});
	rig_add(&(struct flume_component){
		.name = "speed", .words = words, .pick = pick_nothing});
	read_spec();
	says_json(component(FLUME_PROCESSOR, "enrich"), "",
		  "{\"name\":\"enrich\",\"about\":\"Asks the archive.\","
		  "\"tags\":[\"orders\",\"slow\"],\"blocks\":true}");
	says_json(component(FLUME_CONDITION, "speed"), "values", "[\"orders\",\"slow\"]");
	says_json(component(FLUME_PREDICATE, "even"), "",
		  "{\"name\":\"even\",\"blocks\":false}");
}
END_TEST

START_TEST(every_kind_of_component_is_told)
{
	read_spec();
	ck_assert_uint_eq(flume_value_size(at(told, "kinds")), FLUME_KINDS);
	for (int k = 0; k < FLUME_KINDS; k++) {
		char **names = flume_factory_dup_names(rig.factory, k);
		const flume_value *list = at(kind(k), "components");
		says(kind(k), "section", flume_kind_key(k));
		for (size_t i = 0; i < flume_value_size(list); i++)
			says(flume_value_at(list, i), "name", names[i]);
		ck_assert_ptr_null(names[flume_value_size(list)]);
		free(names);
	}
}
END_TEST

START_TEST(makers_are_told_with_their_fields)
{
	rig_add_makers();
	read_spec();
	says(maker(FLUME_CHANNEL, "away"), "local", "true");
	says_json(maker(FLUME_PREDICATE, "is"), "",
		  "{\"kind\":\"is\",\"about\":\"Has a value.\",\"local\":false,\"fields\":["
		  "{\"name\":\"value\",\"type\":\"count\",\"required\":true,\"min\":1,"
		  "\"max\":1000000,\"about\":\"What to be.\"}]}");
	says_json(maker(FLUME_PROCESSOR, "another"), "fields", "[]");
}
END_TEST

static void compare_rows(const flume_value *list, const struct flume_field *table)
{
	size_t n = 0;
	for (; table[n].name; n++) {
		const flume_value *one = flume_value_at(list, n);
		says(one, "name", table[n].name);
		says(one, "about", table[n].about);
		says(one, "required", table[n].required ? "true" : "false");
		says(one, "default", table[n].fallback ? table[n].fallback : "");
		ck_assert_str_ne(flume_value_text(at(one, "type")), "");
	}
	ck_assert_uint_eq(flume_value_size(list), n);
}

START_TEST(every_connector_is_told_by_its_table)
{
	read_spec();
	const flume_value *list = at(told, "connectors");
	size_t n = 0;
	for (; connectors[n]; n++) {
		const flume_value *one = flume_value_at(list, n);
		says(one, connectors[n]->form ? "form" : "type", connectors[n]->type);
		says(one, "about", connectors[n]->about);
		compare_rows(at(one, "fields"), connectors[n]->fields);
	}
	ck_assert_uint_eq(flume_value_size(list), n);
}
END_TEST

START_TEST(default_names_are_told_as_rules)
{
	read_spec();
	const flume_value *list = at(told, "connectors");
	says(row(list, "type", "sequence"), "default_name", "sequence");
	says(row(list, "type", "filter"), "default_name", "filter-{predicate}");
	says(row(list, "form", "stream"), "default_name", "stream:{stream}");
	says(row(list, "form", "ref"), "default_name", "{ref}");
	says(row(list, "type", "retry"), "default_name", "retry");
	says(row(list, "type", "retry"), "default_name_with", "backoff");
	says_json(row(list, "form", "stream"), "only_one_of", "[\"child\",\"children\"]");
}
END_TEST

START_TEST(keys_of_the_document_are_told)
{
	read_spec();
	compare_rows(at(told, "document"), document_fields);
	compare_rows(at(told, "canary/fields"), canary_fields);
	for (const struct part *part = canary_parts; part->key; part++)
		compare_rows(at(at(told, "canary"), part->key), part->fields);
}
END_TEST

START_TEST(the_order_of_registration_does_not_show)
{
	flume_factory *other = NULL;
	const struct flume_options options = {.type = &rig_items};
	size_t n = 0;
	ck_assert_int_eq(flume_factory_new(&other, &options, NULL), 0);
	while (rig_parts[n].name)
		n++;
	while (n-- > 0)
		ck_assert_int_eq(flume_factory_add(other, &rig_parts[n], NULL), 0);
	char *one = flume_factory_dup_spec(rig.factory);
	char *two = flume_factory_dup_spec(other);
	ck_assert_str_eq(one, two);
	free(one);
	free(two);
	flume_factory_free(other);
}
END_TEST

START_TEST(what_was_removed_is_not_told)
{
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PREDICATE, "no", 0, NULL), 0);
	read_spec();
	const flume_value *list = at(kind(FLUME_PREDICATE), "components");
	for (size_t i = 0; i < flume_value_size(list); i++)
		ck_assert_str_ne(flume_value_text(at(flume_value_at(list, i), "name")), "no");
}
END_TEST

START_TEST(no_text_breaks_out_of_its_quotes)
{
	static const char *const words[] = {"\xff\xfe", "\"],[\"", "\x01\x1f\x7f", NULL};
	rig_add(&(struct flume_component){.name = "odd-words",
					  .about = "\"\\\n</script>\xe2\x80\xae\xc3",
					  .words = words,
					  .run = run_nothing});
	read_spec();
	const flume_value *one = component(FLUME_PROCESSOR, "odd-words");
	says(one, "about", "\"\\\n</script>\xe2\x80\xae\xef\xbf\xbd");
	says(one, "tags/0", "\xef\xbf\xbd\xef\xbf\xbd");
	says(one, "tags/1", "\"],[\"");
	says(one, "tags/2", "\x01\x1f\x7f");
}
END_TEST

/* ---- the JSON Schema ---- */

static const flume_value *case_of(const flume_value *node, const struct connector *connector)
{
	const flume_value *list = at(node, "allOf");
	return at(row(list, connector->form ? "if/required/0" : "if/properties/type/const",
		      connector->type),
		  "then");
}

static void compare_case(const flume_value *one, const struct connector *connector, bool root)
{
	size_t required = 0;
	says(one, "title", connector->type);
	says(one, "description", connector->about);
	says(one, "additionalProperties", "false");
	for (const struct flume_field *field = connector->fields; field->name; field++) {
		const flume_value *property =
			flume_value_get(at(one, "properties"), field->name);
		says(property, "description", field->about);
		says(property, "default", field->fallback ? field->fallback : "");
		if (field->required)
			says(flume_value_at(at(one, "required"), required++), "", field->name);
	}
	ck_assert_uint_eq(flume_value_size(at(one, "required")), required);
	ck_assert(!at(one, "properties/type") == connector->form);
	ck_assert(!at(one, "properties/canary") == !root);
	ck_assert_ptr_nonnull(at(one, "properties/description"));
	ck_assert_ptr_nonnull(at(one, "properties/name"));
}

START_TEST(every_connector_has_a_case_with_its_keys)
{
	read_told(flume_dup_json_schema(rig.factory));
	for (size_t i = 0; connectors[i]; i++) {
		compare_case(case_of(told, connectors[i]), connectors[i], true);
		compare_case(case_of(at(told, "$defs/node"), connectors[i]), connectors[i],
			     false);
	}
}
END_TEST

START_TEST(bounds_are_those_of_the_rows)
{
	read_told(flume_dup_json_schema(NULL));
	const flume_value *node = at(told, "$defs/node");
	const flume_value *attempts =
		at(case_of(node, connector_find("retry")), "properties/attempts");
	const flume_value *children =
		at(case_of(node, connector_find("fallback")), "properties/children");
	says(attempts, "type", "integer");
	says(attempts, "minimum", "1");
	says(attempts, "maximum", "1000");
	says(attempts, "default", "3");
	says(children, "minItems", "2");
	says(children, "maxItems", "2");
	says_json(case_of(node, connector_form("stream")), "not/required",
		  "[\"child\",\"children\"]");
}
END_TEST

#define SECTIONS "$defs/components/properties/"

START_TEST(without_a_factory_a_declaration_needs_a_kind_only)
{
	read_told(flume_dup_json_schema(NULL));
	says_json(told, SECTIONS "processors/additionalProperties",
		  "{\"type\":\"object\",\"properties\":{\"kind\":{\"description\":"
		  "\"What the component is made by.\",\"$ref\":\"#/$defs/text\"}},"
		  "\"required\":[\"kind\"]}");
	ck_assert_ptr_nonnull(at(told, SECTIONS "channels/additionalProperties"));
}
END_TEST

START_TEST(with_a_factory_its_makers_decide)
{
	rig_add_makers();
	read_told(flume_dup_json_schema(rig.factory));
	const flume_value *predicates = at(told, SECTIONS "predicates/additionalProperties");
	says_json(predicates, "properties/kind/enum", "[\"all\",\"is\",\"not\"]");
	const flume_value *is = row(at(predicates, "allOf"), "if/properties/kind/const", "is");
	says(is, "then/properties/value/description", "What to be.");
	says(is, "then/additionalProperties", "false");
	says_json(is, "then/required", "[\"value\"]");
}
END_TEST

START_TEST(what_a_schema_may_not_declare_is_not_offered)
{
	rig_add_makers();
	read_told(flume_dup_json_schema(rig.factory));
	says(told, SECTIONS "channels/additionalProperties", "false");
	says(told, SECTIONS "reducers/additionalProperties", "false");
}
END_TEST

START_TEST(names_of_components_follow_the_librarys_rule)
{
	read_told(flume_dup_json_schema(NULL));
	says(told, SECTIONS "processors/propertyNames/pattern",
	     "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$");
}
END_TEST

Suite *suite_describe(void)
{
	Suite *suite = suite_create("describe");
	TCase *tc = tcase_create("describe");
	tcase_add_checked_fixture(tc, rig_open, end);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, components_are_told_with_all_they_say_of_themselves);
	tcase_add_test(tc, every_kind_of_component_is_told);
	tcase_add_test(tc, makers_are_told_with_their_fields);
	tcase_add_test(tc, every_connector_is_told_by_its_table);
	tcase_add_test(tc, default_names_are_told_as_rules);
	tcase_add_test(tc, keys_of_the_document_are_told);
	tcase_add_test(tc, the_order_of_registration_does_not_show);
	tcase_add_test(tc, what_was_removed_is_not_told);
	tcase_add_test(tc, no_text_breaks_out_of_its_quotes);
	tcase_add_test(tc, every_connector_has_a_case_with_its_keys);
	tcase_add_test(tc, bounds_are_those_of_the_rows);
	tcase_add_test(tc, without_a_factory_a_declaration_needs_a_kind_only);
	tcase_add_test(tc, with_a_factory_its_makers_decide);
	tcase_add_test(tc, what_a_schema_may_not_declare_is_not_offered);
	tcase_add_test(tc, names_of_components_follow_the_librarys_rule);
	return suite;
}
