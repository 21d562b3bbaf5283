/*
 * What is redacted must not be told by what is left: of a short value at most half stays, and what
 * is no scalar goes as a whole.
 */
#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/document/number.h"
#include "agent/document/paths.h"
#include "agent/document/room.h"
#include "agent/document/settings.h"
#include "lib/base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define WHOLE 8 /* mask characters for what is no text and no number */

static const struct flume_field fields[] = {
	{.name = "fields",
	 .type = FLUME_FIELD_TEXTS,
	 .required = true,
	 .about = "Paths of what to redact; what is missing or null stays so."},
	{.name = "mask",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = "*",
	 .about = "The character in place of each of a text or a number; booleans, arrays and "
		  "objects become eight of them."},
	{.name = "keep_last",
	 .type = FLUME_FIELD_COUNT,
	 .fallback = "0",
	 .min = 0,
	 .max = 64,
	 .about = "So many characters at the end stay, but no more than half of them."},
	{.name = "text",
	 .type = FLUME_FIELD_SCALAR,
	 .about = "What takes the place of the whole value, so that not even its length is "
		  "told."},
	{0},
};

struct redact {
	struct paths *paths;
	const char *mask, *text; /* of the declaration; no text: masked */
	size_t keep;
};

static size_t characters(const char *s, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xC0) != 0x80;
	return n;
}

/* The end of `s` that is `n` characters long. */
static const char *last(const char *s, size_t len, size_t n)
{
	const char *at = s + len;
	while (n && at > s)
		n -= ((unsigned char)*--at & 0xC0) != 0x80;
	return at;
}

static void mask_text(const struct redact *redact, struct room *room, const char *s, size_t len)
{
	size_t n = characters(s, len), keep = redact->keep < n / 2 ? redact->keep : n / 2;
	const char *rest = last(s, len, keep);
	for (size_t i = keep; i < n; i++)
		room_add(room, redact->mask, strlen(redact->mask));
	room_add(room, rest, (size_t)(s + len - rest));
}

static int mask(const struct redact *redact, struct document *document, const struct path *at,
		const struct document_view *view, struct flume_err *err)
{
	struct room value, room;
	room_init(&room);
	room_init(&value);
	if (number_is(view)) {
		room_add_view(&value, document, at, view);
		mask_text(redact, &room, value.s, value.len);
	} else if (view->kind == DOCUMENT_TEXT) {
		mask_text(redact, &room, view->text, view->len);
	} else {
		for (int i = 0; i < WHOLE; i++)
			room_add(&room, redact->mask, strlen(redact->mask));
	}
	int rc = value.no_memory ? FLUME_NOMEM : room_end(&room, at->text, err);
	if (!rc)
		rc = document_set_text(document, at, room.s, room.len, err);
	room_fini(&value);
	room_fini(&room);
	return rc;
}

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	const struct redact *redact = arg;
	int rc = FLUME_OK;
	for (size_t i = 0; i < redact->paths->n && !rc; i++) {
		const struct path *at = &redact->paths->list[i];
		struct document_view view;
		if (!document_get(*item, at, &view) || view.kind == DOCUMENT_NULL)
			continue;
		rc = redact->text ? document_set_text(*item, at, redact->text,
						      strlen(redact->text), err)
				  : mask(redact, *item, at, &view, err);
	}
	return rc;
}

static void done(void *arg)
{
	struct redact *redact = arg;
	paths_free(redact->paths);
	free(redact);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct redact *redact = calloc(1, sizeof *redact);
	if (!redact)
		return FLUME_NOMEM;
	redact->mask = setting_text(fields, decl, "mask");
	redact->text = setting_text(fields, decl, "text");
	redact->keep = (size_t)setting_count(fields, decl, "keep_last");
	int rc = paths_fields(&redact->paths, decl, path, report);
	if (rc != FLUME_NOMEM &&
	    utf8_length(redact->mask, strlen(redact->mask)) != strlen(redact->mask))
		rc = setting_refuse(decl, "mask", path, report, NULL,
				    "'%.32s' is not one character", redact->mask);
	if (rc) {
		done(redact);
		return rc;
	}
	paths_reduce(redact->paths);
	out->run = run;
	out->prompt = true;
	out->arg = redact;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_redact = {
	.of = FLUME_PROCESSOR,
	.kind = "redact",
	.about = "Hides values behind a mask or a text.",
	.fields = fields,
	.example = "{kind: redact, fields: [card.number], keep_last: 4}",
	.make = make,
};
