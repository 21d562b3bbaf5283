/* The metrics and the status of a node, whatever they are: figures stay finite, and what is shown as
 * JSON is JSON.  The first byte divides the two. */
#include "agent/cmd/top_print.h"

#include <math.h>
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

static void read_both(struct top_sample *s, const char *text, size_t len, size_t split)
{
	require(top_sample_metrics(s, text, split) == 0, "memory");
	require(top_sample_status(s, text + split, len - split) == 0, "memory");
}

static void look(const struct top_sample *before, const struct top_sample *now)
{
	struct text t = {0};
	struct top_row *rows = top_rates(before, now);
	require(rows != NULL, "memory");
	for (size_t i = 0; i < now->n; i++)
		require(rows[i].rate >= 0 && rows[i].errors >= 0 && !isnan(rows[i].p99),
			"figures are figures");
	top_sort(rows, now->n, TOP_BY_P99, false);
	const struct top_view view = {rows, now->n, now->node, 1, "now"};
	top_lines(&t, &view);
	text_fini(&t);
	top_json(&t, &view);
	const struct flume_limits enough = {.bytes = 64 << 20, .nodes = 1 << 20};
	flume_value *json = NULL;
	require(!flume_value_parse(&json, t.s, t.len, FLUME_JSON, &enough, NULL),
		"what is shown as JSON is JSON");
	flume_value_free(json);
	text_fini(&t);
	free(rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct top_sample before = {0}, now = {.at = 1};
	if (!size)
		return 0;
	const char *text = (const char *)data + 1;
	size_t len = size - 1, split = len * data[0] / 255;
	read_both(&before, text, len / 2, split < len / 2 ? split : len / 2);
	read_both(&now, text, len, split);
	look(&before, &now);
	look(&now, &before);
	top_sample_fini(&before);
	top_sample_fini(&now);
	return 0;
}
