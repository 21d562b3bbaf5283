#include "agent/source/way.h"

#include "lib/base/text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MOST 40 /* as the kernel has it */
#define EVENTS     (IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_ONLYDIR)

struct walk {
	struct way *way;
	int inotify;
	char *at;   /* the folder that was come to */
	char *rest; /* of the path */
	unsigned links;
};

/* Takes the text in any case.  0 or FLUME_NOMEM. */
static int put(char **place, struct text *t)
{
	free(*place);
	*place = text_take(t);
	return *place ? 0 : FLUME_NOMEM;
}

static int add_step(struct walk *w, const char *name)
{
	int wd = inotify_add_watch(w->inotify, w->at, EVENTS | IN_MASK_ADD);
	if (wd < 0)
		return 0;
	struct way_step *steps =
		realloc(w->way->steps, (w->way->n + 1) * sizeof *w->way->steps);
	if (!steps)
		return FLUME_NOMEM;
	w->way->steps = steps;
	steps[w->way->n] = (struct way_step){wd, strdup(name)};
	return steps[w->way->n++].name ? 0 : FLUME_NOMEM;
}

/* The rest begins anew with what the link says. */
static int follow_link(struct walk *w, const char *target)
{
	struct text rest = {0}, root = {0};
	text_addf(&rest, "%s/%s", target, w->rest);
	if (put(&w->rest, &rest))
		return FLUME_NOMEM;
	if (*target != '/')
		return 0;
	text_add(&root, "/");
	return put(&w->at, &root);
}

/* One name further; `name` is lent by nothing that changes here. */
static int step(struct walk *w, const char *name)
{
	char target[PATH_MAX];
	struct text here = {0};
	int code = strcmp(name, "..") != 0 ? add_step(w, name) : 0;
	text_addf(&here, "%s/%s", w->at, name);
	ssize_t n = here.failed ? -1 : readlink(here.s, target, sizeof target - 1);
	if (code || n <= 0 || w->links == LINKS_MOST) {
		int moved = put(&w->at, &here);
		return code ? code : moved;
	}
	text_fini(&here);
	target[n] = '\0';
	w->links++;
	return follow_link(w, target);
}

static int walk(struct walk *w)
{
	int code = w->at && w->rest ? 0 : FLUME_NOMEM;
	while (!code && *w->rest) {
		size_t n = strcspn(w->rest, "/");
		char *name = strndup(w->rest, n);
		n += strspn(w->rest + n, "/");
		memmove(w->rest, w->rest + n, strlen(w->rest + n) + 1);
		code = !name                             ? FLUME_NOMEM
		       : *name && strcmp(name, ".") != 0 ? step(w, name)
							 : 0;
		free(name);
	}
	return code;
}

static bool has_watch(const struct way *way, int wd)
{
	for (size_t i = 0; i < way->n; i++)
		if (way->steps[i].wd == wd)
			return true;
	return false;
}

int way_watch(struct way *way, int inotify, const char *path, int own)
{
	struct way fresh = {0};
	struct walk w = {.way = &fresh,
			 .inotify = inotify,
			 .at = strdup(*path == '/' ? "/" : "."),
			 .rest = strdup(path)};
	int code = walk(&w);
	free(w.at);
	free(w.rest);
	for (size_t i = 0; i < way->n; i++)
		if (way->steps[i].wd != own && !has_watch(&fresh, way->steps[i].wd))
			inotify_rm_watch(inotify, way->steps[i].wd);
	way_fini(way);
	*way = fresh;
	return code;
}

bool way_is_turned(const struct way *way, const struct inotify_event *event)
{
	for (size_t i = 0; i < way->n; i++)
		if (way->steps[i].wd == event->wd &&
		    (event->mask & IN_IGNORED ||
		     (event->len && !strcmp(event->name, way->steps[i].name))))
			return true;
	return false;
}

bool way_drain(int inotify, bool (*is_wanted)(void *arg, const struct inotify_event *),
	       void *arg)
{
	_Alignas(struct inotify_event) char
		buffer[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
	ssize_t n;
	bool wanted = false;
	while ((n = read(inotify, buffer, sizeof buffer)) > 0) {
		for (char *at = buffer; at < buffer + n;) {
			const struct inotify_event *event = (const struct inotify_event *)at;
			wanted |= is_wanted(arg, event);
			at += sizeof *event + event->len;
		}
	}
	return wanted;
}

void way_fini(struct way *way)
{
	for (size_t i = 0; i < way->n; i++)
		free(way->steps[i].name);
	free(way->steps);
	*way = (struct way){0};
}
