/*
 * What an operator decides on this node: POST /schemas/NAME/clear and /confirm, PUT and DELETE
 * /schemas/NAME/hold, and of all schemas POST /confirm, PUT and DELETE /freeze.
 *
 * The body is a note, see note.h: who, why, and what else there is to say.  It may be missing.
 */
#include "agent/http/inside.h"
#include "agent/source/source.h"

#include <string.h>

static bool read_body(struct request *r)
{
	struct note *note = &r->note;
	*note = (struct note){0};
	if (r->body.len && note_read(note, r->body.s, r->body.len, 0)) {
		answer_problemf(&r->answer, HTTP_BAD_REQUEST, "bad-note",
				"expected nothing, or a JSON map with who and why: "
				"{\"by\": \"ada\", \"why\": \"incident 42\"}");
		return false;
	}
	if (!*note->by)
		exchange_peer(r->exchange, note->by, sizeof note->by);
	note->at = stamp_now();
	return true;
}

static void push(struct request *r, enum edit_kind kind)
{
	if (read_body(r) && request_wait(r))
		edits_push(r->http->edits, r, kind);
}

/* `?all`: every version that failed, not only the one that is wanted. */
static void clear(struct request *r)
{
	push(r, request_flag(r, "all") ? EDIT_CLEAR_ALL : EDIT_CLEAR);
}

static void hold(struct request *r)
{
	push(r, EDIT_HOLD);
}

static void release(struct request *r)
{
	push(r, EDIT_RELEASE);
}

static void agree(struct request *r)
{
	push(r, EDIT_AGREE);
}

static void begin(struct request *r)
{
	if (!source_name_good(r->name))
		answer_problemf(&r->answer, HTTP_BAD_REQUEST, "bad-name",
				"'%.200s' cannot name a schema", r->name);
}

const struct http_resource resource_clear = {
	"/schemas/",
	"/clear",
	{{.name = "POST", .changes = true, .begin = begin, .run = clear}},
};
const struct http_resource resource_confirm = {
	"/schemas/",
	"/confirm",
	{{.name = "POST", .changes = true, .begin = begin, .run = agree}},
};
const struct http_resource resource_hold = {
	"/schemas/",
	"/hold",
	{
		{.name = "PUT", .changes = true, .begin = begin, .run = hold},
		{.name = "DELETE", .changes = true, .begin = begin, .run = release},
	},
};
const struct http_resource resource_freeze = {
	"/freeze",
	NULL,
	{
		{.name = "PUT", .changes = true, .run = hold},
		{.name = "DELETE", .changes = true, .run = release},
	},
};
const struct http_resource resource_confirm_all = {
	"/confirm",
	NULL,
	{{.name = "POST", .changes = true, .run = agree}},
};
