/*
 * A copy is as large as what it copies, so a few dozen of them could make a document of any size
 * from a small one: `{a.x: a, b: a}`, and again.  Each is measured before it is made.
 */
#include "agent/document/bounded.h"

#include "agent/document/room.h"
#include "lib/base/text.h"

/* Arrays and objects within each other, at the most, of what is JSON; more than `most` is enough. */
static size_t depth_of(const char *json, size_t len, size_t most)
{
	size_t depth = 0, deepest = 0;
	bool quoted = false;
	for (size_t i = 0; i < len && deepest <= most; i++) {
		char c = json[i];
		if (quoted) {
			i += c == '\\';
			quoted = c != '"';
		} else if (c == '"') {
			quoted = true;
		} else if (c == '[' || c == '{') {
			if (++depth > deepest)
				deepest = depth;
		} else if ((c == ']' || c == '}') && depth) {
			depth--;
		}
	}
	return deepest;
}

static int measure(const struct path *to, const char *json, size_t len, struct flume_err *err)
{
	if (len > ROOM_MOST)
		return flume_fail(err, FLUME_FAILED, "%.200s: longer than 1 MiB", to->text);
	size_t most = DOCUMENT_DEPTH - to->count;
	if (depth_of(json, len, most) > most)
		return flume_fail(err, FLUME_FAILED, "%.200s: nested too deep", to->text);
	return FLUME_OK;
}

int bounded_copy(struct document *document, const struct path *to, const struct document *other,
		 const struct path *from, struct flume_err *err)
{
	struct document_view view;
	int rc = FLUME_OK;
	if (!from)
		view = document_root(other);
	else if (!document_get(other, from, &view))
		return FLUME_NOT_FOUND;
	if (view.kind == DOCUMENT_ARRAY || view.kind == DOCUMENT_OBJECT) {
		struct text text = {0};
		document_write(other, from, &text);
		rc = text.failed ? flume_fail(err, FLUME_NOMEM, "out of memory")
				 : measure(to, text.s, text.len, err);
		text_fini(&text);
	} else if (view.kind == DOCUMENT_TEXT && view.len > ROOM_MOST) {
		rc = measure(to, "", view.len, err);
	}
	return rc ? rc : document_copy(document, to, other, from, err);
}

int bounded_set_json(struct document *document, const struct path *to, const char *json,
		     size_t len, struct flume_err *err)
{
	int rc = measure(to, json, len, err);
	return rc ? rc : document_set_json(document, to, json, len, err);
}
