#include "agent/document/room.h"

#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>

void room_init(struct room *room)
{
	room->s = room->fixed;
	room->len = 0;
	room->cap = sizeof room->fixed;
	room->full = room->no_memory = false;
}

void room_fini(struct room *room)
{
	if (room->s != room->fixed)
		free(room->s);
}

/* Room for `n` more bytes. */
static bool reserve(struct room *room, size_t n)
{
	if (room->full || room->no_memory)
		return false;
	if (n > ROOM_MOST - room->len) {
		room->full = true;
		return false;
	}
	if (n <= room->cap - room->len)
		return true;
	size_t cap = room->cap * 2;
	while (cap - room->len < n)
		cap *= 2;
	bool fixed = room->s == room->fixed;
	char *s = realloc(fixed ? NULL : room->s, cap);
	if (!s) {
		room->no_memory = true;
		return false;
	}
	if (fixed)
		memcpy(s, room->fixed, room->len);
	room->s = s;
	room->cap = cap;
	return true;
}

void room_add(struct room *room, const char *s, size_t n)
{
	if (!n || !reserve(room, n))
		return;
	memcpy(room->s + room->len, s, n);
	room->len += n;
}

static void add_escaped(struct room *room, unsigned char c)
{
	static const char plain[] = "\"\\bfnrt", meant[] = "\"\\\b\f\n\r\t",
			  digits[] = "0123456789abcdef";
	const char *found = c ? strchr(meant, c) : NULL;
	char text[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
	if (found)
		text[1] = plain[found - meant];
	room_add(room, text, found ? 2 : 6);
}

void room_add_json(struct room *room, const char *s, size_t n)
{
	room_add_char(room, '"');
	for (size_t i = 0, from = 0; i <= n; i++) {
		unsigned char c = i < n ? (unsigned char)s[i] : '"';
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		room_add(room, s + from, i - from);
		if (i < n)
			add_escaped(room, c);
		from = i + 1;
	}
	room_add_char(room, '"');
}

/* A number may have more digits than one would think. */
static void add_scalar(struct room *room, const struct document_view *view)
{
	char buffer[64];
	size_t n = document_view_text(view, buffer, sizeof buffer);
	if (n < sizeof buffer) {
		room_add(room, buffer, n);
	} else if (reserve(room, n + 1)) {
		document_view_text(view, room->s + room->len, n + 1);
		room->len += n;
	}
}

void room_add_view(struct room *room, const struct document *document, const struct path *path,
		   const struct document_view *view)
{
	struct text text = {0};
	if (view->kind == DOCUMENT_TEXT) {
		room_add(room, view->text, view->len);
	} else if (view->kind != DOCUMENT_ARRAY && view->kind != DOCUMENT_OBJECT) {
		add_scalar(room, view);
	} else {
		document_write(document, path, &text);
		room->no_memory |= text.failed;
		room_add(room, text.s, text.len);
		text_fini(&text);
	}
}

int room_end(const struct room *room, const char *name, struct flume_err *err)
{
	if (room->no_memory)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	if (room->full)
		return flume_fail(err, FLUME_FAILED, "%.200s: longer than 1 MiB", name);
	return FLUME_OK;
}
