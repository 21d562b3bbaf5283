#include "agent/document/keyed.h"

#include "agent/document/settings.h"

#include <stdio.h>

int keyless_read(enum keyless *out, const struct flume_field *table, const flume_value *decl,
		 const char *at, flume_report *report)
{
	static const char *const words[] = {"pass", "drop", "fail", NULL};
	unsigned word;
	int rc = setting_choice(&word, words, table, decl, "missing", at, report);
	if (!rc)
		*out = (enum keyless)word;
	return rc;
}

int keyless_end(enum keyless how, const struct path *path, struct flume_err *err)
{
	if (how == KEYLESS_PASSES)
		return FLUME_OK;
	if (how == KEYLESS_DROPS)
		return FLUME_DROPPED;
	return flume_fail(err, FLUME_FAILED, "%.200s: missing", path->text);
}

/* Each value after its length: "ab" and "c" are not "a" and "bc". */
bool keyed_add(struct room *room, const struct document *document, const struct path *path)
{
	struct document_view view;
	uint64_t before = room->len, len = 0;
	if (!document_get(document, path, &view) || view.kind == DOCUMENT_NULL)
		return false;
	room_add(room, (const char *)&len, sizeof len);
	room_add_view(room, document, path, &view);
	len = room->len - before;
	if (!room->full && !room->no_memory)
		for (size_t i = 0; i < sizeof len; i++)
			room->s[before + i] = (char)(len >> 8 * i);
	return true;
}
