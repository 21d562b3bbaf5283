#include "agent/split/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(struct ab_switch *sw, const char *key, uint32_t variant)
{
	size_t len = strlen(key);
	uint64_t hash = ab_hash(sw, key, len);
	size_t at = hash & (sw->places - 1);
	while (sw->overrides[at].key)
		at = (at + 1) & (sw->places - 1);
	sw->overrides[at] = (struct override){key, len, hash, variant};
}

static int read_one(struct ab_switch *sw, const flume_value *key, const flume_value *value,
		    flume_report *report)
{
	char path[256];
	uint32_t variant;
	snprintf(path, sizeof path, AB_ROOT ".overrides.%.128s", flume_value_text(key));
	if (!*flume_value_text(key)) {
		flume_report_add(report, "bad-value", path, key, NULL,
				 "no document has an empty key");
		return FLUME_REJECTED;
	}
	if (!*flume_value_text(value))
		return FLUME_REJECTED; /* the table has told */
	int rc = variants_named(sw, value, path, &variant, report);
	if (!rc)
		put(sw, flume_value_text(key), variant);
	return rc;
}

int overrides_read(struct ab_switch *sw, const flume_value *overrides, flume_report *report)
{
	size_t n = flume_value_size(overrides);
	int rc = FLUME_OK;
	if (n > AB_OVERRIDES) {
		flume_report_add(report, "too-many", AB_ROOT ".overrides", overrides, NULL,
				 "%zu overrides; a switch has at most %d", n, AB_OVERRIDES);
		return FLUME_REJECTED;
	}
	for (sw->places = 8; sw->places < 2 * n;)
		sw->places *= 2;
	sw->overrides = calloc(sw->places, sizeof *sw->overrides);
	if (!sw->overrides)
		return FLUME_NOMEM;
	for (size_t i = 0; i < n; i++) {
		int bad = read_one(sw, flume_value_key(overrides, i),
				   flume_value_at(overrides, i), report);
		rc = bad ? bad : rc;
	}
	return rc;
}
