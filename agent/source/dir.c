/*
 * Schemas from a folder.
 *
 * inotify only says that it is time to look; what changed is found by looking at every file. So
 * it does not matter how a file was saved: written in place, renamed over, or a whole ConfigMap
 * swapped by its ..data link.  The watch is on the folder, since a watch on a file stays with
 * the inode that a rename replaces.
 *
 * A file that is not there may be one that an editor has moved aside and is about to write
 * again. It counts as deleted only when it is still missing after the folder has been quiet for
 * a moment. A folder that is not there says nothing about its files at all: the link is down,
 * what was seen last stays, and a timer tries again.
 *
 * Network file systems, and links to files elsewhere, change without an event, so there is also
 * a slow look that waits for nothing.  Such a look, or one for another file's sake, may find a
 * file half written; where no event said that it was closed, it is looked at again after a
 * moment, before anything is handed on.
 *
 * The path may lead through links that are set to other folders, and folders that are moved.  That
 * is seen in the folders where they lie; see way.h.
 */
#include "agent/source/folder.h"

#include "agent/log/log.h"
#include "agent/source/source.h"
#include "agent/source/way.h"
#include "lib/base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define MS     INT64_C(1000000)
#define SETTLE (20 * MS)    /* from the first event to the look                  */
#define QUIET  (100 * MS)   /* a missing file is believed to be gone after this ... */
#define UNREST (2000 * MS)  /* ... or after this, in a folder that is never quiet */
#define RETRY  (250 * MS)   /* for a folder that is not there                    */
#define SLOW   (10000 * MS) /* the look that waits for nothing                   */
#define BLIND  (2000 * MS)  /* the same where there is no inotify to be had      */

#define EVENTS                                                                              \
	(IN_ATTRIB | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | \
	 IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct source_dir {
	struct source source;
	struct sink sink;
	char *dir;
	struct folder folder;
	bool optional;  /* where the one above it is, but not this one, nothing is in it */
	int64_t pace;   /* between looks when nothing happens */
	int inotify;    /* -1: none, by wish or for want of one */
	int wd;         /* of the folder; -1: none */
	struct way way; /* to it */
	struct folder_trust trust; /* from what happened since the last list */
	struct loop_fd *events;
	struct loop_timer *look;
	bool looking_soon;
	bool delivered, told_link, up;
	int64_t stirred;       /* when something happened last */
	int64_t missing_since; /* 0: no file is missing */
	int64_t moving_since;  /* 0: no file may be half written */
};

static void tell_link(struct source_dir *s, bool up, const char *why)
{
	if (s->told_link && s->up == up)
		return;
	s->told_link = true;
	s->up = up;
	s->sink.link(s->sink.arg, up, why);
}

/* ---- what inotify says ---- */

/* A plain file that was only just created is written next, and then there is an event for that.
 * Links have no such event. */
static bool is_being_written(struct source_dir *s, const char *file)
{
	struct text path = {0};
	struct stat st;
	text_addf(&path, "%s/%s", s->dir, file);
	bool found = path.s && !path.failed && !lstat(path.s, &st);
	text_fini(&path);
	return found && S_ISREG(st.st_mode) && st.st_nlink == 1;
}

/* Whoever closed it, or moved it here, had written all of it; a ConfigMap moves all of its files
 * at once. */
static void trust(struct source_dir *s, const struct inotify_event *event)
{
	if (event->mask & IN_MOVED_TO && !strncmp(event->name, "..", 2))
		s->trust.all_whole = true;
	else if (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO))
		(void)map_add(&s->trust.whole, event->name, s);
}

static void end_trust(struct source_dir *s)
{
	map_fini(&s->trust.whole);
	s->trust = (struct folder_trust){0};
}

static bool calls_for_a_look(void *arg, const struct inotify_event *event)
{
	struct source_dir *s = arg;
	bool turned = way_is_turned(&s->way, event);
	if (event->wd != s->wd && event->wd >= 0)
		return turned;
	if (event->mask & IN_IGNORED)
		s->wd = -1;
	if (!event->len || turned)
		return true;
	trust(s, event);
	if (event->name[0] == '.' && event->name[1] != '.')
		return false;
	return !(event->mask & IN_CREATE) || !is_being_written(s, event->name);
}

static void look_soon(struct source_dir *s, int64_t in_ns)
{
	s->looking_soon = true;
	loop_timer_arm(s->look, in_ns);
}

static void on_event(int fd, uint32_t mask, void *arg)
{
	(void)mask;
	struct source_dir *s = arg;
	if (!way_drain(fd, calls_for_a_look, s))
		return;
	s->stirred = loop_now();
	if (!s->looking_soon)
		look_soon(s, SETTLE);
}

/* Is it not there, as it may be? */
static bool is_empty_by_right(const struct source_dir *s)
{
	struct stat st;
	struct text above = {0}; /* "DIR/.", so that a link counts as the folder it means */
	const char *slash = strrchr(s->dir, '/');
	if (!s->optional)
		return false;
	text_add_n(&above, s->dir, slash ? (size_t)(slash + 1 - s->dir) : 0);
	text_add(&above, ".");
	bool spared = !above.failed && stat(s->dir, &st) && errno == ENOENT &&
		      !stat(above.s, &st) && S_ISDIR(st.st_mode);
	text_fini(&above);
	return spared;
}

/* Puts the watch on the folder that has the name now, which may be another one than before. */
static int watch(struct source_dir *s, struct flume_err *err)
{
	if (s->inotify < 0)
		return 0;
	if (way_watch(&s->way, s->inotify, s->dir, s->wd))
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	int wd = inotify_add_watch(s->inotify, s->dir, EVENTS);
	if (wd < 0 && errno == ENOENT && is_empty_by_right(s)) {
		s->wd = -1;
		return 0;
	}
	if (wd == s->wd && wd >= 0)
		return 0;
	int why = errno;
	if (s->wd >= 0)
		inotify_rm_watch(s->inotify, s->wd);
	s->wd = wd;
	if (wd >= 0)
		return 0;
	if (why != ENOSPC)
		return flume_fail(err, FLUME_IO, "%s: %s", s->dir, strerror(why));
	log_event(LOG_WARN, "no inotify watch to be had: the folder is looked at by the clock",
		  LOG_STR("folder", s->dir));
	s->pace = BLIND;
	return 0;
}

/* ---- looking ---- */

static int deliver(struct source_dir *s)
{
	struct change *changes = calloc(s->folder.n ? s->folder.n : 1, sizeof *changes);
	s->delivered = false;
	if (!changes)
		return FLUME_NOMEM;
	for (size_t i = 0; i < s->folder.n; i++) {
		const struct folder_file *file = &s->folder.files[i];
		changes[i] = (struct change){
			.name = file->name,
			.text = file->text,
			.len = file->len,
			.format = file->format,
			.origin = "dir",
			.place = file->path,
		};
	}
	int code = s->sink.batch(s->sink.arg, BATCH_LIST, changes, s->folder.n, 0);
	free(changes);
	s->delivered = !code;
	return code;
}

static bool believe_missing(const struct source_dir *s, int64_t now)
{
	return s->missing_since &&
	       (now - s->stirred >= QUIET || now - s->missing_since >= UNREST);
}

/* What could not be read may have changed. */
static void prove(struct source_dir *s)
{
	struct text why = {0};
	if (!s->folder.unread) {
		tell_link(s, true, NULL);
		s->sink.proved(s->sink.arg, 0);
		return;
	}
	text_addf(&why, "%s cannot be read", s->folder.unread);
	tell_link(s, false, why.s ? why.s : "a file cannot be read");
	text_fini(&why);
}

static int look_at_nothing(struct source_dir *s)
{
	bool had = s->folder.n;
	folder_fini(&s->folder);
	return had ? FOLDER_CHANGED : 0;
}

static int look_now(struct source_dir *s, struct flume_err *err)
{
	int64_t now = loop_now();
	int code = watch(s, err);
	if (code)
		return code;
	s->trust.gone = believe_missing(s, now);
	s->trust.patient = !s->moving_since || now - s->moving_since < UNREST;
	code = is_empty_by_right(s) ? look_at_nothing(s)
				    : folder_look(&s->folder, s->dir, &s->trust, err);
	if (code < 0)
		return code;
	if (!s->folder.moving.len)
		s->moving_since = 0;
	else if (!s->moving_since)
		s->moving_since = now;
	if (code == FOLDER_MOVING)
		return 0;
	end_trust(s);
	if (!s->folder.missing) {
		s->missing_since = 0;
	} else if (!s->missing_since) {
		s->missing_since = now;
		s->stirred = now;
	}
	if (code == FOLDER_CHANGED || !s->delivered)
		code = deliver(s);
	if (code < 0)
		return flume_fail(err, code, "out of memory");
	prove(s);
	return 0;
}

static void on_look(void *arg)
{
	struct source_dir *s = arg;
	struct flume_err err = {0};
	s->looking_soon = false;
	if (look_now(s, &err)) {
		tell_link(s, false, err.text);
		s->missing_since = 0;
		loop_timer_arm(s->look, RETRY);
	} else if (s->missing_since || s->moving_since) {
		look_soon(s, QUIET);
	} else {
		loop_timer_arm(s->look, s->pace);
	}
}

/* ---- life ---- */

static void source_dir_free(struct source *source)
{
	struct source_dir *s = (struct source_dir *)source;
	loop_fd_remove(s->events);
	loop_timer_free(s->look);
	if (s->inotify >= 0)
		close(s->inotify);
	folder_fini(&s->folder);
	end_trust(s);
	way_fini(&s->way);
	free(s->dir);
	free(s);
}

/* False when out of memory; no inotify is no failure. */
static bool listen_to_events(struct source_dir *s, struct loop *loop)
{
	s->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (s->inotify < 0) {
		log_event(LOG_WARN,
			  "no inotify to be had: the folder is looked at by the clock",
			  LOG_STR("folder", s->dir), LOG_STR("reason", strerror(errno)));
		s->pace = BLIND;
		return true;
	}
	s->events = loop_fd_add(loop, s->inotify, EPOLLIN, on_event, s);
	return s->events != NULL;
}

static int make(struct source **out, struct loop *loop, const char *dir, bool optional,
		int64_t poll_ns, const struct sink *sink, struct flume_err *err)
{
	struct source_dir *s = calloc(1, sizeof *s);
	if (!s)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	*s = (struct source_dir){
		.source.free = source_dir_free,
		.sink = *sink,
		.optional = optional,
		.pace = poll_ns > 0 ? poll_ns : SLOW,
		.inotify = -1,
		.wd = -1,
	};
	s->dir = strdup(dir);
	for (size_t n = s->dir ? strlen(s->dir) : 0; n > 1 && s->dir[n - 1] == '/'; n--)
		s->dir[n - 1] = '\0';
	s->look = loop_timer_new(loop, on_look, s);
	if (!s->dir || !s->look || (poll_ns <= 0 && !listen_to_events(s, loop))) {
		source_dir_free(&s->source);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	look_soon(s, 0);
	*out = &s->source;
	return 0;
}

int source_dir_new(struct source **out, struct loop *loop, const char *dir, int64_t poll_ns,
		   const struct sink *sink, struct flume_err *err)
{
	return make(out, loop, dir, false, poll_ns, sink, err);
}

int source_dir_new_optional(struct source **out, struct loop *loop, const char *dir,
			    int64_t poll_ns, const struct sink *sink, struct flume_err *err)
{
	return make(out, loop, dir, true, poll_ns, sink, err);
}
