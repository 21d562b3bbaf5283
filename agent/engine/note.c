#include "agent/engine/note.h"

#include "agent/engine/json.h"

#include <inttypes.h>
#include <stdio.h>

static bool read_all(const flume_value *map, struct note *n)
{
	return flume_value_type(map) == FLUME_MAP &&
	       take_text(map, "by", n->by, sizeof n->by) &&
	       take_text(map, "why", n->why, sizeof n->why) &&
	       take_text(map, "version", n->version, sizeof n->version) &&
	       take_text(map, "digest", n->digest, sizeof n->digest) &&
	       take_stamp(map, "at", &n->at) && take_whole(map, "revision", &n->looked);
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

char *note_dup_json(const struct note *n)
{
	struct text t = {0};
	text_add_char(&t, '{');
	add_known(&t, "by", n->by);
	add_known(&t, "why", n->why);
	if (n->at)
		add_stamp(&t, "at", n->at);
	add_known(&t, "version", n->version);
	add_known(&t, "digest", n->digest);
	if (n->looked)
		add_number(&t, "revision", n->looked);
	text_add_char(&t, '}');
	return text_take(&t);
}

void note_id(const struct note *n, char out[NOTE_ID])
{
	snprintf(out, NOTE_ID, "%" PRId64 "@%" PRId64, n->revision, n->at);
}
