#include "tests/unit/ab_fixture.h"

#include "agent/split/weight.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/reading.h"

#include <stdio.h>

struct ab_switch *read_switch(const char *name, const char *yaml)
{
	struct ab_switch *sw = NULL;
	struct text said = {0};
	flume_report *report = flume_report_new();
	int rc = ab_parse(&sw, name, yaml, strlen(yaml), FLUME_YAML, report);
	add_findings(&said, report);
	ck_assert_msg(rc == 0, "%s\n%s", yaml, said.s ? said.s : "");
	text_fini(&said);
	flume_report_free(report);
	return sw;
}

struct ab_switch *weigh_switch(const uint32_t *weights, size_t n)
{
	struct text t = {0};
	text_add(&t, "{by: id, salt: salt, default: a, variants: {");
	for (size_t i = 0; i < n; i++) {
		char weight[WEIGHT_TEXT];
		weight_write(weight, weights[i]);
		text_addf(&t, "%c: %s, ", (char)('a' + i), weight);
	}
	text_add(&t, "}}");
	struct ab_switch *sw = read_switch("s", t.s);
	text_fini(&t);
	return sw;
}

void expect_variant(const struct ab_switch *sw, const char *json, const char *variant,
		    enum ab_why why)
{
	struct document *document = read_document(json);
	struct ab_choice choice = ab_choose(sw, true, document);
	const char *got = ab_variant(sw, choice.variant)->name;
	ck_assert_msg(!strcmp(got, variant) && choice.why == why, "%s: %s (%s), not %s (%s)",
		      json, got, ab_why_text(choice.why), variant, ab_why_text(why));
	document_free(document);
}

/* splitmix64 */
uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

void random_weights(uint32_t *weights, size_t n, uint64_t *state)
{
	uint32_t left = AB_WHOLE;
	for (size_t i = 0; i + 1 < n; i++) {
		uint64_t r = random_next(state);
		weights[i] = r % 5 ? (uint32_t)((r >> 8) % (left + 1)) : 0;
		left -= weights[i];
	}
	weights[n - 1] = left;
}
