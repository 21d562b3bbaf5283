/*
 * All copies are meant at once, of the document as it is before.  They are made one after the
 * other, so none may read what another one writes.
 */
#include "agent/document/copies.h"

#include "agent/document/bounded.h"
#include "agent/document/paths.h"

#include <stdio.h>
#include <stdlib.h>

struct copy {
	struct path to, from;
};

struct copies {
	size_t n;
	struct copy list[];
};

static int make_one(struct copy *out, const flume_value *map, size_t i, const char *at,
		    flume_report *report)
{
	char place[512];
	const flume_value *key = flume_value_key(map, i);
	snprintf(place, sizeof place, "%s.copy.%s", at, flume_value_text(key));
	struct copy copy = {0};
	int bad_to = paths_compile(&copy.to, key, place, report);
	int rc = bad_to == FLUME_NOMEM
			 ? bad_to
			 : paths_compile(&copy.from, flume_value_at(map, i), place, report);
	if (!bad_to && !rc) {
		*out = copy;
		return FLUME_OK;
	}
	path_fini(&copy.to);
	path_fini(&copy.from);
	return rc ? rc : bad_to;
}

static int compare(const void *a, const void *b)
{
	const struct copy *left = a, *right = b;
	return path_compare(&left->to, &right->to);
}

static bool touch(const struct path *a, const struct path *b)
{
	return path_covers(a, b) || path_covers(b, a);
}

static int look_for_circles(const struct copies *copies, const flume_value *map, const char *at,
			    flume_report *report)
{
	char place[512];
	snprintf(place, sizeof place, "%s.copy", at);
	for (size_t i = 0; i < copies->n; i++) {
		for (size_t k = 0; k < copies->n; k++) {
			const struct path *from = &copies->list[k].from;
			if (i == k || !touch(&copies->list[i].to, from))
				continue;
			flume_report_add(report, "bad-path", place, map,
					 "use two of them, or 'rename'",
					 "'%.64s' is read and written at once", from->text);
			return FLUME_REJECTED;
		}
	}
	return FLUME_OK;
}

int copies_make(struct copies **out, const flume_value *decl, const char *at,
		flume_report *report)
{
	const flume_value *map = flume_value_get(decl, "copy");
	size_t n = flume_value_size(map);
	struct copies *copies = calloc(1, sizeof *copies + n * sizeof *copies->list);
	int rc = copies ? FLUME_OK : FLUME_NOMEM;
	if (n > DOCUMENT_MOVES) {
		flume_report_add(report, "bad-value", at, map, "use two of them",
				 "%zu copies; one step takes at most %d", n, DOCUMENT_MOVES);
		rc = FLUME_REJECTED;
	}
	for (size_t i = 0; i < n && n <= DOCUMENT_MOVES && rc != FLUME_NOMEM; i++) {
		int failed = make_one(&copies->list[copies->n], map, i, at, report);
		if (failed)
			rc = failed;
		else
			copies->n++;
	}
	if (!rc)
		rc = look_for_circles(copies, map, at, report);
	if (rc) {
		copies_free(copies);
		return rc;
	}
	qsort(copies->list, copies->n, sizeof *copies->list, compare);
	*out = copies;
	return FLUME_OK;
}

void copies_free(struct copies *copies)
{
	for (size_t i = 0; copies && i < copies->n; i++) {
		path_fini(&copies->list[i].to);
		path_fini(&copies->list[i].from);
	}
	free(copies);
}

const struct path *copies_below(const struct copies *copies, const struct path *path)
{
	for (size_t i = 0; i < copies->n; i++)
		if (path_covers(path, &copies->list[i].to))
			return &copies->list[i].to;
	return NULL;
}

int copies_run(const struct copies *copies, struct document *document, struct flume_err *err)
{
	int rc = FLUME_OK;
	for (size_t i = 0; i < copies->n && rc >= 0; i++) {
		rc = bounded_copy(document, &copies->list[i].to, document,
				  &copies->list[i].from, err);
		if (rc == FLUME_NOT_FOUND)
			rc = FLUME_OK;
	}
	return rc;
}
