#include "agent/fleet/record.h"

#include "agent/source/slurp.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

/* What a terminal may take for a command becomes a space: these words are shown to people. */
static void calm(char *s)
{
	for (unsigned char *c = (unsigned char *)s; *c; c++) {
		if (*c < 0x20 || *c == 0x7f)
			*c = ' ';
		else if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = ' ';
	}
}

/* False when it is there and is no text. */
static bool get(const flume_value *map, const char *key, char *out, size_t size)
{
	const flume_value *value = flume_value_get(map, key);
	const char *text = flume_value_text(value);
	size_t n = strlen(text);
	if (value && flume_value_type(value) != FLUME_TEXT)
		return false;
	if (n >= size)
		n = utf8_floor(text, size - 1);
	memcpy(out, text, n);
	out[n] = '\0';
	calm(out);
	return true;
}

/* Whole numbers from 0. */
static bool get_number(const flume_value *map, const char *key, int64_t *out)
{
	const flume_value *value = flume_value_get(map, key);
	const char *text = flume_value_text(value);
	if (!value)
		return true;
	char *end;
	*out = strtoll(text, &end, 10);
	return flume_value_type(value) == FLUME_NUMBER && !*end && *out >= 0 &&
	       *out < INT64_MAX;
}

static bool get_stamp(const flume_value *map, const char *key, int64_t *out)
{
	char at[STAMP_SIZE] = "";
	return get(map, key, at, sizeof at) && (!*at || !stamp_read(at, out));
}

static bool get_version(const flume_value *map, struct record_version *out)
{
	return get(map, "version", out->version, sizeof out->version) &&
	       get(map, "digest", out->digest, sizeof out->digest) &&
	       get_number(map, "revision", &out->revision);
}

static bool is_map_or_none(const flume_value *value)
{
	return !value || flume_value_type(value) == FLUME_MAP;
}

static bool get_outcome(const flume_value *map, struct record_outcome *o)
{
	return get(map, "state", o->state, sizeof o->state) &&
	       get_number(map, "nodes", &o->nodes) && get_number(map, "running", &o->running) &&
	       get_number(map, "refused", &o->refused) &&
	       get(map, "why", o->why, sizeof o->why) && get_stamp(map, "at", &o->at);
}

static bool get_text(const flume_value *map, struct record *r)
{
	const flume_value *text = flume_value_get(map, "text");
	if (!text)
		return true;
	r->text = flume_value_text(text);
	r->len = strlen(r->text);
	return flume_value_type(text) == FLUME_TEXT;
}

static bool read_all(const flume_value *map, struct record *r)
{
	const flume_value *previous = flume_value_get(map, "previous");
	const flume_value *outcome = flume_value_get(map, "outcome");
	return flume_value_type(map) == FLUME_MAP && is_map_or_none(previous) &&
	       is_map_or_none(outcome) && get_stamp(map, "at", &r->at) &&
	       get(map, "who", r->who, sizeof r->who) &&
	       get(map, "why", r->why, sizeof r->why) &&
	       get(map, "action", r->action, sizeof r->action) && *r->action &&
	       get(map, "node", r->node, sizeof r->node) && get_number(map, "to", &r->to) &&
	       get_version(map, &r->version) && get_version(previous, &r->previous) &&
	       get_outcome(outcome, &r->outcome) && get_text(map, r);
}

int record_read(struct record *out, flume_value **out_root, const char *json, size_t len)
{
	const struct flume_limits limits = {.bytes = 4 * RECORD_MOST, .nodes = 1024};
	struct record r = {0};
	flume_value *root;
	int rc = flume_value_parse(&root, json, len, FLUME_JSON, &limits, NULL);
	if (rc)
		return rc == FLUME_NOMEM ? rc : FLUME_INVALID;
	if (!read_all(root, &r)) {
		flume_value_free(root);
		return FLUME_INVALID;
	}
	*out = r;
	*out_root = root;
	return 0;
}

/* ---- writing ---- */

static void add(struct text *t, const char *key, const char *value)
{
	if (!*value)
		return;
	text_addf(t, "%s\"%s\": ", t->s[t->len - 1] == '{' ? "" : ", ", key);
	text_add_json(t, value, strlen(value));
}

static void add_number(struct text *t, const char *key, int64_t value)
{
	if (value)
		text_addf(t, "%s\"%s\": %" PRId64, t->s[t->len - 1] == '{' ? "" : ", ", key,
			  value);
}

static void add_stamp(struct text *t, const char *key, int64_t seconds)
{
	char at[STAMP_SIZE] = "";
	if (seconds)
		stamp_write(at, seconds);
	add(t, key, at);
}

static void add_version(struct text *t, const struct record_version *v)
{
	add(t, "version", v->version);
	add(t, "digest", v->digest);
	add_number(t, "revision", v->revision);
}

static void add_outcome(struct text *t, const struct record_outcome *o)
{
	text_add(t, ", \"outcome\": {");
	add(t, "state", o->state);
	text_addf(t,
		  ", \"nodes\": %" PRId64 ", \"running\": %" PRId64 ", \"refused\": %" PRId64,
		  o->nodes, o->running, o->refused);
	add(t, "why", o->why);
	add_stamp(t, "at", o->at);
	text_add_char(t, '}');
}

static void add_all(struct text *t, const struct record *r)
{
	add(t, "action", r->action);
	add_stamp(t, "at", r->at);
	add(t, "who", r->who);
	add(t, "why", r->why);
	add(t, "node", r->node);
	add_version(t, &r->version);
	add_number(t, "to", r->to);
	if (*r->previous.digest || r->previous.revision) {
		text_add(t, ", \"previous\": {");
		add_version(t, &r->previous);
		text_add_char(t, '}');
	}
	if (*r->outcome.state)
		add_outcome(t, &r->outcome);
}

char *record_dup_json(const struct record *r)
{
	struct text t = {0};
	text_add(&t, "{");
	if (t.s)
		add_all(&t, r);
	size_t brief = t.len;
	bool fits = r->text && r->len < RECORD_MOST && utf8_is_all(r->text, r->len) &&
		    !memchr(r->text, 0, r->len);
	if (fits) {
		text_add(&t, ", \"text\": ");
		text_add_json(&t, r->text, r->len);
	}
	if (t.s && t.len >= RECORD_MOST)
		t.s[t.len = brief] = '\0';
	text_add(&t, "}");
	return text_take(&t);
}

/* ---- what it is about ---- */

bool record_is_deletion(const struct record *r)
{
	return !*r->version.digest;
}

int record_version_of(struct record_version *out, const char *text, size_t len,
		      int64_t revision)
{
	flume_schema *schema = NULL;
	int rc = flume_schema_parse(&schema, text, len, slurp_guess(text, len), NULL, NULL);
	if (rc == FLUME_NOMEM)
		return rc;
	struct facts facts = facts_of(schema, revision, NULL);
	if (!schema)
		facts_digest_bytes(facts.digest, text, len);
	flume_schema_unref(schema);
	*out = (struct record_version){.revision = revision};
	memcpy(out->version, facts.version, sizeof out->version);
	memcpy(out->digest, facts.digest, sizeof out->digest);
	return 0;
}
