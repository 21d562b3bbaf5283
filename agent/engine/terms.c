#include "agent/engine/terms.h"

#include "agent/document/split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *said(const flume_value *map, const char *key, const char *otherwise)
{
	const flume_value *value = flume_value_get(map, key);
	return value ? flume_value_text(value) : otherwise;
}

/* "0.5%", in parts of `whole`. */
static int64_t get_part(const flume_value *map, const char *key, const char *otherwise,
			int64_t whole)
{
	return llround(strtod(said(map, key, otherwise), NULL) * (double)whole / 100);
}

static int64_t get_duration(const flume_value *map, const char *otherwise)
{
	int64_t ns = 0;
	(void)flume_duration_parse(said(map, "duration", otherwise), &ns);
	return ns;
}

static int64_t get_requests(const flume_value *map)
{
	return strtoll(said(map, "min_requests", "50"), NULL, 10);
}

static bool get_waits(const flume_value *map)
{
	return !strcmp(said(map, "wait_for_verdict", "false"), "true");
}

bool terms_shadow(const flume_schema *schema, struct shadow_terms *out)
{
	const flume_value *map = flume_value_get(flume_schema_get_canary(schema), "shadow");
	if (!map)
		return false;
	*out = (struct shadow_terms){
		.share = (uint32_t)get_part(map, "share", "10%", SPLIT_WHOLE),
		.limits = {.duration_ns = get_duration(map, "30s"),
			   .min_requests = get_requests(map),
			   .max_rate = get_part(map, "max_differences", "0%", RATE_WHOLE),
			   .max_ratio = strtod(said(map, "max_latency_ratio", "0"), NULL),
			   .waits = get_waits(map)},
		.except = flume_value_get(map, "except"),
	};
	return true;
}

bool terms_live(const flume_schema *schema, struct live_terms *out)
{
	const flume_value *map = flume_value_get(flume_schema_get_canary(schema), "live");
	if (!map)
		return false;
	*out = (struct live_terms){
		.share = (uint32_t)get_part(map, "share", "5%", SPLIT_WHOLE),
		.limits = {.duration_ns = get_duration(map, "60s"),
			   .min_requests = get_requests(map),
			   .max_rate = get_part(map, "max_error_rate", "1%", RATE_WHOLE),
			   .waits = get_waits(map)},
		.by = said(map, "by", NULL),
	};
	return true;
}
