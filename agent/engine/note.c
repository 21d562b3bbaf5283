#include "agent/engine/note.h"

#include "lib/base/text.h"
#include "lib/base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* False when it is there and is no text. */
static bool get(const flume_value *map, const char *key, char *out, size_t size)
{
	const flume_value *value = flume_value_get(map, key);
	const char *text = value ? flume_value_text(value) : "";
	size_t n = strlen(text);
	if (value && flume_value_type(value) != FLUME_TEXT)
		return false;
	if (n >= size)
		n = utf8_floor(text, size - 1);
	memcpy(out, text, n);
	out[n] = '\0';
	return true;
}

static bool get_revision(const flume_value *map, int64_t *out)
{
	const flume_value *value = flume_value_get(map, "revision");
	if (!value)
		return true;
	char *end;
	*out = strtoll(flume_value_text(value), &end, 10);
	return flume_value_type(value) == FLUME_NUMBER && !*end && *out >= 0;
}

static bool read_all(const flume_value *map, struct note *n)
{
	char at[STAMP_SIZE] = "";
	return flume_value_type(map) == FLUME_MAP && get(map, "by", n->by, sizeof n->by) &&
	       get(map, "why", n->why, sizeof n->why) &&
	       get(map, "version", n->version, sizeof n->version) &&
	       get(map, "digest", n->digest, sizeof n->digest) &&
	       get(map, "at", at, sizeof at) && (!*at || !stamp_read(at, &n->at)) &&
	       get_revision(map, &n->looked);
}

int note_read(struct note *out, const char *text, size_t len, int64_t revision)
{
	struct note n = {.revision = revision};
	flume_value *root;
	*out = n;
	int rc = flume_value_parse(&root, text, len, FLUME_JSON, NULL, NULL);
	if (rc)
		return rc == FLUME_NOMEM ? rc : FLUME_INVALID;
	bool good = read_all(root, &n);
	flume_value_free(root);
	if (good)
		*out = n;
	return good ? 0 : FLUME_INVALID;
}

static void add(struct text *t, const char *key, const char *value)
{
	if (!*value)
		return;
	text_addf(t, "%s\"%s\": ", t->len > 1 ? ", " : "", key);
	text_add_json(t, value, strlen(value));
}

char *note_dup_json(const struct note *n)
{
	struct text t = {0};
	char at[STAMP_SIZE] = "";
	if (n->at)
		stamp_write(at, n->at);
	text_add_char(&t, '{');
	add(&t, "by", n->by);
	add(&t, "why", n->why);
	add(&t, "at", at);
	add(&t, "version", n->version);
	add(&t, "digest", n->digest);
	if (n->looked)
		text_addf(&t, "%s\"revision\": %" PRId64, t.len > 1 ? ", " : "", n->looked);
	text_add_char(&t, '}');
	return text_take(&t);
}

void note_id(const struct note *n, char out[NOTE_ID])
{
	snprintf(out, NOTE_ID, "%" PRId64 "@%" PRId64, n->revision, n->at);
}
