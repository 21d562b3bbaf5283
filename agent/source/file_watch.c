/*
 * inotify says when it is time to look, and whether somebody is still writing; a look is a stat, and tells
 * whether anything is new.  It counts when two looks in a row find the same.  A slow look that waits for
 * nothing is there for network file systems, which change without an event.
 *
 * Writes in place are watched at the file itself, so that a busy neighbour, a log, wakes nobody; that they are
 * over shows in the folder where it really is, and everything else in the folders that the path leads
 * through (way.h).
 */
#include "agent/source/file_watch.h"

#include "agent/source/way.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define MS     INT64_C(1000000)
#define SETTLE (20 * MS)    /* from the first event to the look            */
#define QUIET  (100 * MS)   /* between two looks that have to find the same */
#define UNREST (2000 * MS)  /* however often it changes, or is written      */
#define SLOW   (10000 * MS) /* the look that waits for nothing             */
#define BLIND  (2000 * MS)  /* the same without inotify                    */

struct mark { /* of what lies there; all zero: nothing does */
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec written, changed;
};

struct file_watch {
	char *path;
	void (*fn)(void *arg);
	void *arg;
	int inotify;    /* -1: none */
	struct way way; /* to it */
	int folder;     /* where it is, -1: none */
	int file;       /* likewise, itself      */
	char *name;     /* in there */
	struct loop_fd *events;
	struct loop_timer *look;
	struct mark told, last;
	int64_t stirred; /* when it began to change; 0: it does not */
	bool writing;    /* somebody has it open and wrote */
};

static struct mark mark_of(const char *path)
{
	struct stat st;
	struct mark m;
	memset(&m, 0,
	       sizeof m); /* with what lies between its members: it is compared as bytes */
	if (stat(path, &st))
		return m;
	m.device = st.st_dev;
	m.inode = st.st_ino;
	m.size = st.st_size;
	m.written = st.st_mtim;
	m.changed = st.st_ctim;
	return m;
}

static bool is_same(const struct mark *a, const struct mark *b)
{
	return !memcmp(a, b, sizeof *a);
}

/* ---- where it is now ---- */

static void watch(struct file_watch *w)
{
	char real[PATH_MAX];
	if (w->inotify < 0)
		return;
	(void)way_watch(&w->way, w->inotify, w->path, -1); /* else there is the slow look */
	free(w->name);
	w->name = NULL;
	w->folder = -1;
	int before = w->file;
	w->file = inotify_add_watch(w->inotify, w->path, IN_MODIFY | IN_ATTRIB);
	if (before >= 0 && before != w->file)
		inotify_rm_watch(w->inotify, before); /* may be gone with its file */
	if (!realpath(w->path, real))
		return;
	char *slash = strrchr(real, '/');
	w->name = strdup(slash + 1);
	slash[slash == real] = '\0';
	w->folder = inotify_add_watch(w->inotify, real,
				      IN_CREATE | IN_CLOSE_WRITE | IN_MASK_ADD | IN_ONLYDIR);
}

/* ---- what inotify says ---- */

static bool is_about_it(void *arg, const struct inotify_event *event)
{
	struct file_watch *w = arg;
	bool itself = event->wd == w->file && w->file >= 0;
	bool named = event->wd == w->folder && event->len && w->name &&
		     !strcmp(event->name, w->name);
	if ((itself && event->mask & IN_MODIFY) || (named && event->mask & IN_CREATE))
		w->writing = true;
	if (named && event->mask & IN_CLOSE_WRITE)
		w->writing = false;
	return itself || named || event->wd < 0 || way_is_turned(&w->way, event);
}

static void on_event(int fd, uint32_t mask, void *arg)
{
	(void)mask;
	struct file_watch *w = arg;
	if (!way_drain(fd, is_about_it, w) || w->stirred)
		return;
	w->stirred = loop_now();
	loop_timer_arm(w->look, SETTLE);
}

/* ---- looking ---- */

/* Another look may find something else. */
static bool moves(const struct file_watch *w, const struct mark *m, int64_t now)
{
	return now - w->stirred < UNREST && (w->writing || !is_same(m, &w->last));
}

static void on_look(void *arg)
{
	struct file_watch *w = arg;
	int64_t now = loop_now();
	watch(w);
	const struct mark m = mark_of(w->path);
	if (!w->stirred && is_same(&m, &w->told)) {
		loop_timer_arm(w->look, w->inotify < 0 ? BLIND : SLOW);
		return;
	}
	if (!w->stirred)
		w->stirred = now;
	bool again = moves(w, &m, now);
	w->last = m;
	if (again) {
		loop_timer_arm(w->look, QUIET);
		return;
	}
	w->stirred = 0;
	w->writing = false;
	loop_timer_arm(w->look, w->inotify < 0 ? BLIND : SLOW);
	if (is_same(&m, &w->told))
		return;
	w->told = m;
	w->fn(w->arg);
}

/* ---- life ---- */

struct file_watch *file_watch_new(struct loop *loop, const char *path, void (*fn)(void *arg),
				  void *arg)
{
	struct file_watch *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	*w = (struct file_watch){
		.path = strdup(path), .fn = fn, .arg = arg, .folder = -1, .file = -1};
	w->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	w->look = loop_timer_new(loop, on_look, w);
	if (w->inotify >= 0)
		w->events = loop_fd_add(loop, w->inotify, EPOLLIN, on_event, w);
	if (!w->path || !w->look || (w->inotify >= 0 && !w->events))
		return file_watch_free(w);
	w->told = w->last = mark_of(path);
	watch(w);
	loop_timer_arm(w->look, w->inotify < 0 ? BLIND : SLOW);
	return w;
}

struct file_watch *file_watch_free(struct file_watch *w)
{
	if (!w)
		return NULL;
	loop_fd_remove(w->events);
	loop_timer_free(w->look);
	if (w->inotify >= 0)
		close(w->inotify);
	way_fini(&w->way);
	free(w->name);
	free(w->path);
	free(w);
	return NULL;
}
