/* One shared object: from a path to a descriptor that is in order. */
#include "agent/plugin/inside.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int load_failed(const char *path, struct flume_err *err)
{
	const char *why = dlerror();
	size_t n = strlen(path);
	if (why && !strncmp(why, path, n) && !strncmp(why + n, ": ", 2))
		why += n + 2;
	bool wants = why && !strncmp(why, "undefined symbol: flume_", 24);
	return flume_fail(err, FLUME_INVALID, "cannot be loaded: %s%s", why ? why : "no reason",
			  wants ? " (a plug-in calls what its `start` is given)" : "");
}

static int check_symbols(void *handle, const struct flume_plugin **out, struct flume_err *err)
{
	const struct flume_plugin *is = dlsym(handle, "flume_plugin");
	if (!is)
		return flume_fail(err, FLUME_INVALID,
				  "is no plug-in: it exports no `flume_plugin`");
	if (dlsym(handle, "flume_version"))
		return flume_fail(err, FLUME_INVALID,
				  "brings a libflume of its own: a plug-in links against "
				  "nothing of Flume, and calls what its `start` is given");
	*out = is;
	return plugin_check(is, err);
}

static struct flume_maker *dup_rows(const struct flume_plugin *is, const char *origin)
{
	struct flume_maker *rows = malloc(is->n_makers * sizeof *rows);
	for (size_t i = 0; rows && i < is->n_makers; i++) {
		rows[i] = *is->makers[i];
		rows[i].origin = origin;
	}
	return rows;
}

static int keep(void *handle, const struct flume_plugin *is, const char *path,
		struct loaded **out, struct flume_err *err)
{
	struct loaded *l = calloc(1, sizeof *l);
	if (!l)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	snprintf(l->origin, sizeof l->origin, "plug-in %s %s", is->name, is->version);
	l->is = is;
	l->handle = handle;
	l->path = strdup(path);
	l->rows = dup_rows(is, l->origin);
	if (!l->path || !l->rows) {
		free(l->path);
		free(l->rows);
		free(l);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	*out = l;
	return 0;
}

int plugin_load(const char *path, struct loaded **out, struct flume_err *err)
{
	const struct flume_plugin *is = NULL;
	int rc = plugin_file_check(path, err);
	if (rc)
		return rc;
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return load_failed(path, err);
	rc = check_symbols(handle, &is, err);
	if (!rc && is)
		rc = keep(handle, is, path, out, err);
	if (rc)
		dlclose(handle);
	return rc;
}

void plugin_unload(struct loaded *l)
{
	dlclose(l->handle);
	free(l->path);
	free(l->rows);
	free(l);
}
