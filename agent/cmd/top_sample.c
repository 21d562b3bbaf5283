/*
 * The text of Prometheus, as far as it is ours: name{label="value",...} number, a line each.  Names of
 * schemas need no escapes there, so a backslash in a label is a line of somebody else.
 */
#include "agent/cmd/top_sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct top_counts *find(struct top_sample *s, const char *name, size_t len)
{
	if (!len || len >= sizeof s->all->name)
		return NULL;
	for (size_t i = 0; i < s->n; i++)
		if (strlen(s->all[i].name) == len && !memcmp(s->all[i].name, name, len))
			return &s->all[i];
	return NULL;
}

/* Grows by doubling whenever the number of rows is a power of two. */
static int find_or_add(struct top_sample *s, const char *name, size_t len,
		       struct top_counts **out)
{
	*out = find(s, name, len);
	if (*out || !len || len >= sizeof s->all->name)
		return 0;
	if (!(s->n & (s->n - 1))) {
		struct top_counts *grown =
			realloc(s->all, (s->n ? 2 * s->n : 1) * sizeof *grown);
		if (!grown)
			return FLUME_NOMEM;
		s->all = grown;
	}
	*out = &s->all[s->n++];
	**out = (struct top_counts){0};
	memcpy((*out)->name, name, len);
	return 0;
}

/* ---- metrics ---- */

struct line {
	const char *name, *labels, *end;
	size_t name_len;
	double value;
};

static bool read_line(const char *s, const char *end, struct line *out)
{
	const char *open = memchr(s, '{', (size_t)(end - s));
	const char *close = open ? memchr(open, '}', (size_t)(end - open)) : NULL;
	char number[64];
	if (!close || *s == '#' || memchr(open, '\\', (size_t)(close - open)))
		return false;
	size_t n = (size_t)(end - close - 1);
	if (n >= sizeof number)
		return false;
	memcpy(number, close + 1, n);
	number[n] = '\0';
	*out = (struct line){s, open + 1, close, (size_t)(open - s), strtod(number, NULL)};
	return isfinite(out->value) && out->value >= 0;
}

static bool is_called(const struct line *line, const char *name)
{
	return line->name_len == strlen(name) && !memcmp(line->name, name, line->name_len);
}

/* The value of a label; false when it has none. */
static bool label(const struct line *line, const char *name, const char **out, size_t *out_len)
{
	size_t n = strlen(name);
	for (const char *at = line->labels; at < line->end;) {
		const char *quote = memchr(at, '"', (size_t)(line->end - at));
		const char *close =
			quote ? memchr(quote + 1, '"', (size_t)(line->end - quote - 1)) : NULL;
		if (!close)
			return false;
		if ((size_t)(quote - at) == n + 1 && !memcmp(at, name, n) && at[n] == '=') {
			*out = quote + 1;
			*out_len = (size_t)(close - quote - 1);
			return true;
		}
		at = close + 1;
		at += at < line->end && *at == ',';
	}
	return false;
}

static void add_bucket(struct top_counts *c, const struct line *line)
{
	const char *le;
	size_t len;
	char number[32];
	if (c->n_buckets == TOP_BUCKETS || !label(line, "le", &le, &len) ||
	    len >= sizeof number)
		return;
	memcpy(number, le, len);
	number[len] = '\0';
	double most = strcmp(number, "+Inf") ? strtod(number, NULL) : (double)INFINITY;
	const struct top_bucket *last = c->n_buckets ? &c->buckets[c->n_buckets - 1] : NULL;
	if (most > 0 && (!last || (most > last->most && line->value >= last->calls)))
		c->buckets[c->n_buckets++] = (struct top_bucket){most, line->value};
}

static void add_outcome(struct top_counts *c, const struct line *line)
{
	const char *outcome;
	size_t len;
	if (!label(line, "outcome", &outcome, &len))
		return;
	c->calls += line->value;
	if (len == 7 && !memcmp(outcome, "dropped", 7))
		c->dropped += line->value;
	else if (len != 2 || memcmp(outcome, "ok", 2) != 0)
		c->errors += line->value;
}

static int add_line(struct top_sample *s, const struct line *line)
{
	bool outcome = is_called(line, "flume_pipeline_requests_total");
	bool bucket = is_called(line, "flume_pipeline_duration_seconds_bucket");
	bool took = is_called(line, "flume_pipeline_duration_seconds_sum");
	const char *schema;
	size_t len;
	struct top_counts *c;
	if ((!outcome && !bucket && !took) || !label(line, "schema", &schema, &len))
		return 0;
	if (find_or_add(s, schema, len, &c))
		return FLUME_NOMEM;
	if (c && outcome)
		add_outcome(c, line);
	else if (c && bucket)
		add_bucket(c, line);
	else if (c)
		c->took = line->value;
	return 0;
}

int top_sample_metrics(struct top_sample *s, const char *text, size_t len)
{
	const char *end = text + len;
	int rc = 0;
	while (text < end && !rc) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		struct line line;
		if (!stop)
			stop = end;
		if (stop > text && read_line(text, stop, &line))
			rc = add_line(s, &line);
		text = stop + 1;
	}
	return rc;
}

/* ---- status ---- */

static void cut(char *out, size_t size, const flume_value *text)
{
	snprintf(out, size, "%s", flume_value_text(text));
}

static int add_schema(struct top_sample *s, const char *name, const flume_value *schema)
{
	struct top_counts *c;
	const flume_value *running = flume_value_get(schema, "running");
	if (find_or_add(s, name, strlen(name), &c))
		return FLUME_NOMEM;
	if (!c)
		return 0;
	cut(c->state, sizeof c->state, flume_value_get(schema, "state"));
	cut(c->version, sizeof c->version, flume_value_get(running, "version"));
	c->generation = strtod(flume_value_text(flume_value_get(running, "generation")), NULL);
	return 0;
}

int top_sample_status(struct top_sample *s, const char *json, size_t len)
{
	const struct flume_limits limits = {.bytes = 16 << 20, .nodes = 1 << 20};
	flume_value *root = NULL;
	int rc = flume_value_parse(&root, json, len, FLUME_JSON, &limits, NULL);
	if (rc)
		return rc == FLUME_NOMEM ? rc : 0;
	const flume_value *schemas = flume_value_get(root, "schemas");
	cut(s->node, sizeof s->node, flume_value_get(root, "node"));
	if (flume_value_type(schemas) == FLUME_MAP)
		for (size_t i = 0; i < flume_value_size(schemas) && !rc; i++)
			rc = add_schema(s, flume_value_text(flume_value_key(schemas, i)),
					flume_value_at(schemas, i));
	flume_value_free(root);
	return rc;
}

void top_sample_fini(struct top_sample *s)
{
	free(s->all);
	*s = (struct top_sample){0};
}
