/* round_trip.h - the promise that both readers are fuzzed for. */
#ifndef FLUME_TESTS_FUZZ_ROUND_TRIP_H
#define FLUME_TESTS_FUZZ_ROUND_TRIP_H

#include "lib/flume.h"

#include <stdlib.h>
#include <string.h>

/* Narrow, so that aliases cannot make a small document slow to write out. */
static const struct flume_limits narrow = {.bytes = 1 << 16, .nodes = 500, .depth = 16};
/* What is written has indentation on top. */
static const struct flume_limits wide = {.bytes = 1 << 24, .nodes = 500, .depth = 16};

/* A document that is read can be written in either format and read again as the same; one that
 * is not read is refused with at least one finding. */
static inline void round_trip(const uint8_t *data, size_t size, enum flume_format format)
{
	flume_schema *s, *again;
	flume_report *report = flume_report_new();
	int rc = flume_schema_parse(&s, (const char *)data, size, format, &narrow, report);
	if (rc && flume_report_size(report) == 0)
		abort();
	flume_report_free(report);
	if (rc)
		return;
	for (int f = FLUME_YAML; f <= FLUME_JSON; f++) {
		char *text = flume_schema_dup_text(s, (enum flume_format)f);
		if (!text || flume_schema_parse(&again, text, strlen(text),
						(enum flume_format)f, &wide, NULL))
			abort();
		if (strcmp(flume_schema_get_digest(s), flume_schema_get_digest(again)) != 0)
			abort();
		flume_schema_unref(again);
		free(text);
	}
	flume_schema_unref(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
