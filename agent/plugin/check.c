/*
 * Whatever a plug-in says is looked at before any of its code is called by us.  `abi` stands first
 * in every version of the struct, so another one can be told by its number; all else is only read
 * when that is ours.
 */
#include "agent/plugin/inside.h"

#include <stdlib.h>
#include <string.h>

/* Who changes one of these has made another ABI: FLUME_PLUGIN_ABI goes up, and these follow. */
#define POINTERS(n) ((n) * sizeof(void *))
_Static_assert(sizeof(struct flume_field) == POINTERS(4) + 2 * sizeof(int64_t),
	       "struct flume_field is part of the ABI of plug-ins");
_Static_assert(sizeof(struct flume_maker) == POINTERS(8),
	       "struct flume_maker is part of the ABI of plug-ins");
_Static_assert(offsetof(struct flume_component, send) == POINTERS(11),
	       "struct flume_component is part of the ABI of plug-ins");
_Static_assert(sizeof(struct flume_err) == sizeof(int) + 192 + 320,
	       "struct flume_err is part of the ABI of plug-ins");

#define MOST_KINDS  1024
#define MOST_FIELDS 64
#define NAME_ROOM   64
#define ABOUT_ROOM  512

static const char no_about[] = "has no `about`: expected one line of 512 bytes at the most";

static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";

static bool name_good(const char *name, const char *rest)
{
	size_t n = name ? strnlen(name, NAME_ROOM + 1) : 0;
	if (!n || n > NAME_ROOM || !strchr(first, *name))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!strchr(first, name[i]) && !strchr(rest, name[i]))
			return false;
	return true;
}

/* One line, for tables and logs. */
static bool text_good(const char *text, size_t most)
{
	size_t n = text ? strnlen(text, most + 1) : 0;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return n && n <= most;
}

static bool is_json(const char *text)
{
	flume_value *value = NULL;
	bool good = !flume_value_parse(&value, text, strlen(text), FLUME_JSON, NULL, NULL);
	flume_value_free(value);
	return good;
}

/* A default of these is shown as it is written. */
static bool fallback_good(const struct flume_field *row)
{
	bool plain = row->type == FLUME_FIELD_COUNT || row->type == FLUME_FIELD_NUMBER ||
		     row->type == FLUME_FIELD_BOOL;
	return !row->fallback || !plain || is_json(row->fallback);
}

/* ---- one kind ---- */

struct complaint {
	const char *kind; /* of what the row makes, "processor"; its name */
	const char *name;
	struct flume_err *err;
};

static int complain(const struct complaint *c, const char *field, const char *what)
{
	return field ? flume_fail(c->err, FLUME_INVALID, "%s '%.64s', field '%.64s': %s",
				  c->kind, c->name, field, what)
		     : flume_fail(c->err, FLUME_INVALID, "%s '%.64s': %s", c->kind, c->name,
				  what);
}

static int check_field(const struct complaint *c, const struct flume_field *row)
{
	if (!name_good(row->name, "_-"))
		return complain(c, row->name,
				"cannot be the name of a field: "
				"expected [a-z0-9][a-z0-9_-]{0,63}");
	if (!strcmp(row->name, "kind") || !strcmp(row->name, "description") ||
	    !strncmp(row->name, "x-", 2))
		return complain(c, row->name, "has another meaning in every declaration");
	if ((unsigned)row->type > FLUME_FIELD_PREDICATES)
		return complain(c, row->name, "its type is none that a component may have");
	if (!text_good(row->about, ABOUT_ROOM))
		return complain(c, row->name, no_about);
	if (row->min > row->max)
		return complain(c, row->name, "its least value is above its greatest");
	return fallback_good(row) ? 0 : complain(c, row->name, "its default has another type");
}

static int check_fields(const struct complaint *c, const struct flume_field *table)
{
	for (size_t i = 0; table && table[i].name; i++) {
		if (i == MOST_FIELDS)
			return complain(c, NULL,
					"has more than 64 fields, or no row at their "
					"end that has no name");
		int rc = check_field(c, &table[i]);
		for (size_t j = 0; j < i && !rc; j++)
			if (!strcmp(table[i].name, table[j].name))
				rc = complain(c, table[i].name, "is there twice");
		if (rc)
			return rc;
	}
	return 0;
}

static int check_maker(const struct flume_maker *row, struct flume_err *err)
{
	if (!row)
		return flume_fail(err, FLUME_INVALID, "one of its `makers` is NULL");
	if ((unsigned)row->of >= FLUME_KINDS)
		return flume_fail(err, FLUME_INVALID,
				  "one of its `makers` makes something unknown (%d)",
				  (int)row->of);
	const char *of = flume_kind_text(row->of);
	const struct complaint c = {of, row->kind, err};
	if (!name_good(row->kind, "_-"))
		return flume_fail(err, FLUME_INVALID,
				  "'%.64s' cannot be the name of a kind of %s: expected "
				  "[a-z0-9][a-z0-9_-]{0,63}",
				  row->kind ? row->kind : "", of);
	if (!text_good(row->about, ABOUT_ROOM))
		return complain(&c, NULL, no_about);
	if (!row->make)
		return complain(&c, NULL, "has no `make`");
	if (row->example && !text_good(row->example, ABOUT_ROOM))
		return complain(&c, NULL, "its `example` is not one line");
	return check_fields(&c, row->fields);
}

static int check_makers(const struct flume_plugin *p, struct flume_err *err)
{
	int rc = 0;
	if (!p->makers || !p->n_makers)
		return flume_fail(err, FLUME_INVALID, "brings no kind of component");
	if (p->n_makers > MOST_KINDS)
		return flume_fail(err, FLUME_INVALID,
				  "says it brings %zu kinds: expected 1024 "
				  "at the most",
				  p->n_makers);
	for (size_t i = 0; i < p->n_makers && !rc; i++)
		rc = check_maker(p->makers[i], err);
	for (size_t i = 0; i < p->n_makers && !rc; i++)
		for (size_t j = 0; j < i && !rc; j++)
			if (p->makers[i]->of == p->makers[j]->of &&
			    !strcmp(p->makers[i]->kind, p->makers[j]->kind))
				rc = flume_fail(err, FLUME_INVALID, "brings %s '%s' twice",
						flume_kind_text(p->makers[i]->of),
						p->makers[i]->kind);
	return rc;
}

/* ---- all of it ---- */

int plugin_check(const struct flume_plugin *p, struct flume_err *err)
{
	if (p->abi != FLUME_PLUGIN_ABI)
		return flume_fail(err, FLUME_INVALID,
				  "is built for version %u of the interface; this agent has %d",
				  (unsigned)p->abi, FLUME_PLUGIN_ABI);
	if (p->size < sizeof *p)
		return flume_fail(
			err, FLUME_INVALID,
			"says that its struct flume_plugin has %u bytes: expected %zu",
			(unsigned)p->size, sizeof *p);
	if (!name_good(p->name, "._-"))
		return flume_fail(err, FLUME_INVALID,
				  "'%.64s' cannot be its name: expected "
				  "[a-z0-9][a-z0-9._-]{0,63}",
				  p->name ? p->name : "");
	if (!text_good(p->version, NAME_ROOM))
		return flume_fail(
			err, FLUME_INVALID,
			"has no `version`: expected one line of 64 bytes at the most");
	if (!text_good(p->about, ABOUT_ROOM))
		return flume_fail(err, FLUME_INVALID, "%s", no_about);
	if (!p->start)
		return flume_fail(err, FLUME_INVALID, "has no `start`");
	return check_makers(p, err);
}
