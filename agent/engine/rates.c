/*
 * STATE/rates: how many calls of what runs failed so far, so that the next version is compared
 * with that after a restart too.
 *
 * Written at an orderly end, and once a minute when something was called: a crash costs a minute
 * of it.  It is worth no fsync: without it the limit decides alone.
 */
#include "agent/engine/inside.h"

#include "agent/engine/file.h"
#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

#define FORMAT    1
#define FILE_NAME "rates"
#define FILE_MOST ((size_t)64 << 20)
#define PACE      (60000 * MS)

/* ---- writing ---- */

/* What a start would bring back, and what is known of it. */
static const struct release *lasting(const struct lane *lane, struct tally *out)
{
	const struct release *r = lane->kept.schema ? &lane->kept : &lane->runs;
	struct tally own = lane->kept.schema ? r->past : count_calls(lane);
	*out = probation_before(&lane->engine->probation, own, r->before);
	return r;
}

static void add_lane(struct text *t, const struct lane *lane, bool first)
{
	struct tally known;
	const struct release *r = lasting(lane, &known);
	text_addf(t, "%s{\"name\":\"%s\",\"digest\":\"%s\",\"calls\":%llu,\"failures\":%llu}",
		  first ? "\n" : ",\n", lane->name, r->facts.digest,
		  (unsigned long long)known.calls, (unsigned long long)known.failures);
}

static char *encode(struct engine *e)
{
	struct text t = {0};
	bool first = true;
	text_addf(&t, "{\"flume\":%d,\"rates\":[", FORMAT);
	for (size_t i = 0; i < e->lanes.len; i++) {
		const struct lane *lane = engine_lane_at(e, i);
		if (!lane->runs.schema)
			continue;
		add_lane(&t, lane, first);
		first = false;
	}
	text_add(&t, "]}\n");
	return text_take(&t);
}

void rates_save(struct engine *e)
{
	struct flume_err err = {0};
	char *text = e->options.state_dir ? encode(e) : NULL;
	if (!text || (e->rates && !strcmp(text, e->rates))) {
		free(text);
		return;
	}
	if (file_write(e->options.state_dir, FILE_NAME, text, strlen(text), false, &err)) {
		memory_trouble(e, "the rates of failures could not be written", &err);
		free(text);
		return;
	}
	free(e->rates);
	e->rates = text;
}

int64_t rates_tick(struct engine *e, int64_t now)
{
	if (!e->options.state_dir)
		return INT64_MAX;
	if (now >= e->rates_at) {
		if (e->rates_at)
			rates_save(e);
		e->rates_at = now + PACE;
	}
	return e->rates_at;
}

/* What was being written when the agent was killed. */
static void clear_aside(struct engine *e)
{
	(void)file_remove(e->options.state_dir, "." FILE_NAME, false, NULL);
}

/* ---- reading ---- */

static bool get_count(const flume_value *map, const char *key, uint64_t *out)
{
	const flume_value *value = flume_value_get(map, key);
	char *end;
	if (!value || flume_value_type(value) != FLUME_NUMBER)
		return false;
	*out = strtoull(flume_value_text(value), &end, 10);
	return !*end;
}

static const char *get_text(const flume_value *map, const char *key)
{
	const flume_value *value = flume_value_get(map, key);
	return value ? flume_value_text(value) : "";
}

static void take_in(struct engine *e, const flume_value *map)
{
	struct lane *lane = map_get(&e->lanes, get_text(map, "name"));
	struct tally known;
	if (lane && lane->runs.schema &&
	    !strcmp(get_text(map, "digest"), lane->runs.facts.digest) &&
	    get_count(map, "calls", &known.calls) &&
	    get_count(map, "failures", &known.failures) && known.failures <= known.calls)
		lane->runs.before = known;
}

static int decode(struct engine *e, const char *bytes, size_t len)
{
	flume_value *root;
	uint64_t format = 0;
	int rc = flume_value_parse(&root, bytes, len, FLUME_JSON, NULL, NULL);
	if (rc)
		return rc;
	const flume_value *list = flume_value_get(root, "rates");
	if (!get_count(root, "flume", &format) || format != FORMAT || !list ||
	    flume_value_type(list) != FLUME_LIST)
		rc = FLUME_INVALID;
	for (size_t i = 0; !rc && i < flume_value_size(list); i++)
		take_in(e, flume_value_at(list, i));
	flume_value_free(root);
	return rc;
}

void rates_boot(struct engine *e)
{
	struct flume_err err = {0};
	char *bytes;
	size_t len;
	clear_aside(e);
	if (file_read(e->options.state_dir, FILE_NAME, FILE_MOST, &bytes, &len, &err))
		return;
	int rc = decode(e, bytes, len);
	free(bytes);
	if (rc)
		log_event(LOG_WARN, "the rates of failures on disk cannot be used",
			  LOG_STR("error", flume_code_text(rc)));
}
