/* What a schema asks for between its cases and the swap. */
#include "agent/engine/terms.h"

#include "agent/document/document.h"
#include "agent/document/split.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static flume_schema *read(const char *canary)
{
	char text[512];
	flume_schema *schema;
	snprintf(text, sizeof text, "ref: a\ncanary: {%s}\n", canary);
	ck_assert_int_eq(
		flume_schema_parse(&schema, text, strlen(text), FLUME_YAML, NULL, NULL), 0);
	return schema;
}

START_TEST(what_is_said_is_read)
{
	struct shadow_terms shadow;
	struct live_terms live;
	flume_schema *schema = read(
		"shadow: {share: 0.5%, duration: 2s, min_requests: 7, max_differences: 1%, "
		"max_latency_ratio: 1.5, except: [a, b], wait_for_verdict: true}, "
		"live: {share: 100%, by: user.id, duration: 3m, min_requests: 9, "
		"max_error_rate: 0.25%, wait_for_verdict: true}");
	ck_assert(terms_shadow(schema, &shadow));
	ck_assert_uint_eq(shadow.share, SPLIT_WHOLE / 200);
	ck_assert_int_eq(shadow.limits.duration_ns, INT64_C(2000000000));
	ck_assert_int_eq(shadow.limits.min_requests, 7);
	ck_assert_int_eq(shadow.limits.max_rate, RATE_WHOLE / 100);
	ck_assert_double_eq(shadow.limits.max_ratio, 1.5);
	ck_assert(shadow.limits.waits);
	ck_assert_uint_eq(flume_value_size(shadow.except), 2);
	ck_assert(terms_live(schema, &live));
	ck_assert_uint_eq(live.share, SPLIT_WHOLE);
	ck_assert_str_eq(live.by, "user.id");
	ck_assert_int_eq(live.limits.duration_ns, INT64_C(180000000000));
	ck_assert_int_eq(live.limits.min_requests, 9);
	ck_assert_int_eq(live.limits.max_rate, RATE_WHOLE / 400);
	ck_assert(live.limits.waits);
	flume_schema_unref(schema);
}
END_TEST

START_TEST(who_asks_for_nothing_gets_nothing)
{
	struct shadow_terms shadow;
	struct live_terms live;
	flume_schema *schema = read("max_latency: 1s");
	ck_assert(!terms_shadow(schema, &shadow));
	ck_assert(!terms_live(schema, &live));
	flume_schema_unref(schema);
}
END_TEST

/* As the table of the library says it. */
static void add_defaults(char *out, size_t size, const flume_value *fields)
{
	for (size_t i = 0; i < flume_value_size(fields); i++) {
		const flume_value *field = flume_value_at(fields, i);
		const flume_value *value = flume_value_get(field, "default");
		size_t len = strlen(out);
		if (value)
			snprintf(out + len, size - len, "%s: %s, ",
				 flume_value_text(flume_value_get(field, "name")),
				 flume_value_text(value));
	}
}

START_TEST(what_is_not_said_is_as_the_table_says)
{
	flume_factory *factory;
	flume_value *spec;
	char said[512] = "shadow: {";
	ck_assert_int_eq(flume_factory_new(&factory,
					   &(struct flume_options){.type = &document_type},
					   NULL),
			 0);
	char *json = flume_factory_dup_spec(factory);
	ck_assert_int_eq(flume_value_parse(&spec, json, strlen(json), FLUME_JSON, NULL, NULL),
			 0);
	const flume_value *canary = flume_value_get(spec, "canary");
	add_defaults(said, sizeof said, flume_value_get(canary, "shadow"));
	strcat(said, "}, live: {");
	add_defaults(said, sizeof said, flume_value_get(canary, "live"));
	strcat(said, "}");
	ck_assert_ptr_nonnull(strstr(said, "share: 10%"));
	flume_schema *full = read(said), *bare = read("shadow: {}, live: {}");
	struct shadow_terms s[2];
	struct live_terms l[2];
	ck_assert(terms_shadow(full, &s[0]) && terms_shadow(bare, &s[1]));
	ck_assert(terms_live(full, &l[0]) && terms_live(bare, &l[1]));
	ck_assert_uint_eq(s[0].share, s[1].share);
	ck_assert_int_eq(s[0].limits.duration_ns, s[1].limits.duration_ns);
	ck_assert_int_eq(s[0].limits.min_requests, s[1].limits.min_requests);
	ck_assert_int_eq(s[0].limits.max_rate, s[1].limits.max_rate);
	ck_assert_int_eq(s[0].limits.waits, s[1].limits.waits);
	ck_assert_uint_eq(l[0].share, l[1].share);
	ck_assert_int_eq(l[0].limits.duration_ns, l[1].limits.duration_ns);
	ck_assert_int_eq(l[0].limits.min_requests, l[1].limits.min_requests);
	ck_assert_int_eq(l[0].limits.max_rate, l[1].limits.max_rate);
	ck_assert_int_eq(l[0].limits.waits, l[1].limits.waits);
	flume_schema_unref(full);
	flume_schema_unref(bare);
	flume_value_free(spec);
	free(json);
	flume_factory_free(factory);
}
END_TEST

Suite *suite_terms(void)
{
	Suite *suite = suite_create("terms");
	TCase *cases = tcase_create("terms");
	tcase_add_test(cases, what_is_said_is_read);
	tcase_add_test(cases, who_asks_for_nothing_gets_nothing);
	tcase_add_test(cases, what_is_not_said_is_as_the_table_says);
	suite_add_tcase(suite, cases);
	return suite;
}
