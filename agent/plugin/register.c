/*
 * All of them are loaded and looked at, then all kinds are made known, and only when nothing was
 * wrong with any is the first one started.  So one that is refused has changed nothing.
 *
 * A plug-in that was started is never unloaded: it may have threads, and code that runs when they
 * end.  That makes what is loaded a property of the process, and so is the list of it here.
 */
#include "agent/plugin/plugin.h"

#include "agent/plugin/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct loaded *all;

/* ---- all of one configuration ---- */

struct loading {
	struct loaded **list; /* one for each path; NULL: could not be loaded */
	size_t n;
	flume_factory *factory;
	flume_report *report;
	bool nomem, bad;
};

static void complain(struct loading *now, size_t i, const flume_value *at, const char *path,
		     int code, const struct flume_err *err)
{
	char place[32];
	snprintf(place, sizeof place, "plugins[%zu]", i);
	now->nomem |= code == FLUME_NOMEM;
	now->bad = true;
	flume_report_add(now->report, "plugin", place, at, NULL, "plug-in '%.200s': %s", path,
			 err->text);
}

static struct loaded *known(const char *path)
{
	struct loaded *l = all;
	while (l && strcmp(l->path, path) != 0)
		l = l->next;
	return l;
}

/* The one before it that has this name, or path. */
static const struct loaded *same_before(const struct loading *now, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (now->list[j] && (now->list[j] == now->list[i] ||
				     !strcmp(now->list[j]->is->name, now->list[i]->is->name)))
			return now->list[j];
	return NULL;
}

static int load_one(struct loading *now, size_t i, const char *path, struct flume_err *err)
{
	now->list[i] = known(path);
	int rc = now->list[i] ? 0 : plugin_load(path, &now->list[i], err);
	const struct loaded *same = rc ? NULL : same_before(now, i);
	return same ? flume_fail(err, FLUME_EXISTS, "is there already: '%.150s' is %s",
				 same->path, same->origin)
		    : rc;
}

static const char *who_brings(const struct loading *now, size_t i,
			      const struct flume_maker *row)
{
	for (size_t j = 0; j < i; j++)
		for (size_t k = 0; now->list[j] && k < now->list[j]->is->n_makers; k++)
			if (now->list[j]->rows[k].of == row->of &&
			    !strcmp(now->list[j]->rows[k].kind, row->kind))
				return now->list[j]->origin;
	return "the agent itself";
}

static int add_kinds(struct loading *now, size_t i, struct flume_err *err)
{
	const struct loaded *l = now->list[i];
	int rc = 0;
	for (size_t k = 0; k < l->is->n_makers && !rc; k++) {
		const struct flume_maker *row = &l->rows[k];
		rc = flume_factory_add_maker(now->factory, row, err);
		if (rc == FLUME_EXISTS)
			flume_fail(err, rc, "brings %s '%s', which %s has already",
				   flume_kind_text(row->of), row->kind,
				   who_brings(now, i, row));
	}
	return rc;
}

static int start_one(struct loading *now, size_t i, bool checking, struct flume_err *err)
{
	struct loaded *l = now->list[i];
	struct flume_err why = {0};
	if (!l->touched) {
		l->touched = true;
		l->next = all;
		all = l;
		l->result = l->is->start(checking ? &plugin_host_checking : &plugin_host, &why);
	}
	return l->result ? flume_fail(err, FLUME_FAILED, "does not start: %.200s",
				      *why.text ? why.text : flume_code_text(l->result))
			 : 0;
}

static const flume_value *path_at(const flume_value *paths, size_t i)
{
	return flume_value_type(paths) == FLUME_LIST ? flume_value_at(paths, i) : paths;
}

static void take(struct loading *now, const flume_value *paths, bool checking)
{
	for (int turn = 0; turn < 3 && !now->bad; turn++)
		for (size_t i = 0; i < now->n; i++) {
			const flume_value *at = path_at(paths, i);
			const char *path = flume_value_text(at);
			struct flume_err err = {0};
			int rc = turn == 0   ? load_one(now, i, path, &err)
				 : turn == 1 ? add_kinds(now, i, &err)
					     : start_one(now, i, checking, &err);
			if (rc)
				complain(now, i, at, path, rc, &err);
			if (rc && turn == 2)
				return;
		}
}

/* Those of which nothing has run yet go. */
static void let_go(struct loading *now)
{
	for (size_t i = 0; i < now->n; i++) {
		struct loaded *l = now->list[i];
		for (size_t j = i + 1; j < now->n; j++)
			if (now->list[j] == l)
				now->list[j] = NULL;
		if (l && !l->touched)
			plugin_unload(l);
	}
}

static bool paths_good(const flume_value *paths, flume_report *report)
{
	bool list = flume_value_type(paths) == FLUME_LIST;
	size_t n = list ? flume_value_size(paths) : 1;
	bool good = flume_value_type(paths) != FLUME_MAP;
	for (size_t i = 0; i < n; i++)
		good = good && *flume_value_text(path_at(paths, i));
	if (!good)
		flume_report_add(report, "wrong-type", "plugins", paths, NULL,
				 "'plugins' must be a list of paths");
	return good;
}

int plugin_register(flume_factory *factory, const flume_value *paths, bool checking,
		    flume_report *report)
{
	if (flume_value_type(paths) == FLUME_NULL)
		return 0;
	if (!paths_good(paths, report))
		return FLUME_REJECTED;
	struct loading now = {.factory = factory, .report = report};
	now.n = flume_value_type(paths) == FLUME_LIST ? flume_value_size(paths) : 1;
	now.list = calloc(now.n ? now.n : 1, sizeof(struct loaded *));
	if (!now.list)
		return FLUME_NOMEM;
	take(&now, paths, checking);
	if (now.bad)
		let_go(&now);
	free(now.list);
	return now.nomem ? FLUME_NOMEM : now.bad ? FLUME_REJECTED : 0;
}
