/* One shared object: from a path to a descriptor that is in order. */
#include "agent/plugin/inside.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* `path` is what it was loaded from. */
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

static int keep(void *handle, int copy, const struct flume_plugin *is, const char *path,
		struct loaded **out, struct flume_err *err)
{
	struct loaded *l = calloc(1, sizeof *l);
	if (!l)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	snprintf(l->origin, sizeof l->origin, "plug-in %s %s", is->name, is->version);
	l->is = is;
	l->handle = handle;
	l->copy = copy;
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

/* The descriptor stays open: the loader knows what it has by its name, and that has the number. */
static void *load(int copy, const char *path, struct flume_err *err)
{
	char name[32];
	snprintf(name, sizeof name, "/proc/self/fd/%d", copy);
	const char *from = copy < 0 ? path : name;
	void *handle = dlopen(from, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		load_failed(from, err);
	return handle;
}

static void unload(void *handle, int copy)
{
	if (handle)
		dlclose(handle);
	if (copy >= 0)
		close(copy);
}

int plugin_load(const char *path, struct loaded **out, struct flume_err *err)
{
	const struct flume_plugin *is = NULL;
	int fd = plugin_file_open(path, err);
	if (fd < 0)
		return fd;
	int copy = plugin_copy(fd, path);
	close(fd);
	void *handle = load(copy, path, err);
	int rc = handle ? check_symbols(handle, &is, err) : err->code;
	if (!rc && is)
		rc = keep(handle, copy, is, path, out, err);
	if (rc)
		unload(handle, copy);
	return rc;
}

void plugin_unload(struct loaded *l)
{
	unload(l->handle, l->copy);
	free(l->path);
	free(l->rows);
	free(l);
}
