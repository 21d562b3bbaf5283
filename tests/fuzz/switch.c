/*
 * Documents of A/B switches, in JSON when they begin with '{': what is refused has findings with places
 * and nothing else has; what is taken has weights that sum to the whole, chooses one of its variants for every
 * document, and says the same when it is printed and read again.
 */
#include "agent/split/ab.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static struct ab_switch *read_one(const char *text, size_t size, enum flume_format format)
{
	struct ab_switch *sw = NULL;
	flume_report *report = flume_report_new();
	require(report, "memory");
	int rc = ab_parse(&sw, "s", text, size, format, report);
	size_t n = flume_report_size(report);
	require((rc == 0) == (n == 0) && (rc == 0) == (sw != NULL),
		"what is refused has a finding, and nothing else");
	for (size_t i = 0; i < n; i++)
		require(flume_report_get_issue(report, i)->line > 0, "a finding has its place");
	flume_report_free(report);
	return sw;
}

static void look_at_weights(const struct ab_switch *sw)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < ab_count(sw); i++) {
		sum += ab_variant(sw, i)->weight;
		require(ab_find(sw, ab_variant(sw, i)->name) == (int)i, "each can be found");
	}
	require(sum == AB_WHOLE, "the weights sum to the whole");
	require(ab_default(sw) < ab_count(sw), "the default is a variant");
}

static void choose_some(const struct ab_switch *sw, const struct ab_switch *again)
{
	static const char *const documents[] = {"{}", "{\"id\":1}", "{\"user\":{\"id\":\"a\"}}",
						"[[1.50]]", "true"};
	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
		struct document *document = NULL;
		require(!document_parse(&document, documents[i], strlen(documents[i]), NULL),
			"memory");
		struct ab_choice a = ab_choose(sw, true, document);
		struct ab_choice b = ab_choose(again, true, document);
		require(a.variant < ab_count(sw), "a variant is chosen");
		require(a.why != AB_WEIGHT || ab_variant(sw, a.variant)->weight,
			"nobody gets what has no weight");
		require(a.variant == b.variant && a.why == b.why, "the same one each time");
		document_free(document);
	}
	(void)ab_applies(sw, (const char *const[]){"zone=a", NULL});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum flume_format format = size && data[0] == '{' ? FLUME_JSON : FLUME_YAML;
	char *text = malloc(size + 1);
	require(text, "memory");
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	struct ab_switch *sw = read_one(text, size, format);
	free(text);
	if (!sw)
		return 0;
	look_at_weights(sw);
	char *printed = flume_schema_dup_text(ab_document(sw), FLUME_JSON);
	require(printed, "memory");
	struct ab_switch *again = read_one(printed, strlen(printed), FLUME_JSON);
	require(again, "what is printed can be read");
	require(!strcmp(flume_schema_get_digest(ab_document(sw)),
			flume_schema_get_digest(ab_document(again))),
		"and is the same");
	choose_some(sw, again);
	free(printed);
	ab_unref(sw);
	ab_unref(again);
	return 0;
}
