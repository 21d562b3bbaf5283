#include "agent/fleet/record.h"

#include "agent/engine/json.h"
#include "agent/source/slurp.h"
#include "lib/base/utf8.h"

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

static bool get(const flume_value *map, const char *key, char *out, size_t size)
{
	bool good = take_text(map, key, out, size);
	calm(out);
	return good;
}

static bool get_version(const flume_value *map, struct record_version *out)
{
	return get(map, "version", out->version, sizeof out->version) &&
	       get(map, "digest", out->digest, sizeof out->digest) &&
	       take_whole(map, "revision", &out->revision);
}

static bool is_map_or_none(const flume_value *value)
{
	return !value || flume_value_type(value) == FLUME_MAP;
}

static bool get_outcome(const flume_value *map, struct record_outcome *o)
{
	return get(map, "state", o->state, sizeof o->state) &&
	       take_whole(map, "nodes", &o->nodes) && take_whole(map, "running", &o->running) &&
	       take_whole(map, "refused", &o->refused) &&
	       get(map, "why", o->why, sizeof o->why) && take_stamp(map, "at", &o->at);
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
	       is_map_or_none(outcome) && take_stamp(map, "at", &r->at) &&
	       get(map, "who", r->who, sizeof r->who) &&
	       get(map, "why", r->why, sizeof r->why) &&
	       get(map, "action", r->action, sizeof r->action) && *r->action &&
	       get(map, "node", r->node, sizeof r->node) && take_whole(map, "to", &r->to) &&
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

static void add_if(struct text *t, const char *key, int64_t value)
{
	if (value)
		add_number(t, key, value);
}

static void add_when(struct text *t, const char *key, int64_t seconds)
{
	if (seconds)
		add_stamp(t, key, seconds);
}

static void add_version(struct text *t, const struct record_version *v)
{
	add_known(t, "version", v->version);
	add_known(t, "digest", v->digest);
	add_if(t, "revision", v->revision);
}

static void add_outcome(struct text *t, const struct record_outcome *o)
{
	add_key(t, "outcome");
	text_add_char(t, '{');
	add_text(t, "state", o->state);
	add_number(t, "nodes", o->nodes);
	add_number(t, "running", o->running);
	add_number(t, "refused", o->refused);
	add_known(t, "why", o->why);
	add_when(t, "at", o->at);
	text_add_char(t, '}');
}

static void add_all(struct text *t, const struct record *r)
{
	add_known(t, "action", r->action);
	add_when(t, "at", r->at);
	add_known(t, "who", r->who);
	add_known(t, "why", r->why);
	add_known(t, "node", r->node);
	add_version(t, &r->version);
	add_if(t, "to", r->to);
	if (*r->previous.digest || r->previous.revision) {
		add_key(t, "previous");
		text_add_char(t, '{');
		add_version(t, &r->previous);
		text_add_char(t, '}');
	}
	if (*r->outcome.state)
		add_outcome(t, &r->outcome);
}

char *record_dup_json(const struct record *r)
{
	struct text t = {0};
	text_add_char(&t, '{');
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
