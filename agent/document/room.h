/*
 * room.h - bytes of a value that is being made: on the stack as long as they are few, and never
 * more than ROOM_MOST.
 *
 * As with text.h a writer adds and adds and asks once, at the end, how it went.
 */
#ifndef FLUME_AGENT_DOCUMENT_ROOM_H
#define FLUME_AGENT_DOCUMENT_ROOM_H

#include "agent/document/document.h"

#define ROOM_MOST ((size_t)1 << 20) /* no component makes a larger value */

struct room { /* stays where it is: `s` may point into it */
	char *s;
	size_t len, cap;
	bool full, no_memory;
	char fixed[1000];
};

void room_init(struct room *);
void room_fini(struct room *);
void room_add(struct room *, const char *s, size_t n);
static inline void room_add_char(struct room *room, char c)
{
	if (room->len < room->cap)
		room->s[room->len++] = c;
	else
		room_add(room, &c, 1);
}
/* A JSON string with its quotes; `s` is UTF-8. */
void room_add_json(struct room *, const char *s, size_t n);
/* What stands at `path` in the document: a scalar as document_view_text, the rest as JSON.  `view` is
 * what document_get found there. */
void room_add_view(struct room *, const struct document *, const struct path *,
		   const struct document_view *view);
/* 0, FLUME_NOMEM, or FLUME_FAILED: "name: longer than 1 MiB". */
int room_end(const struct room *, const char *name, struct flume_err *err);

#endif
