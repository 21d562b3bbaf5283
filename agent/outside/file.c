/*
 * Lines go to the file in the call itself, so that one who was answered knows that the line is with
 * the system; with `fsync: line`, that it is on the disk.  `fsync: second` leaves that to a thread.
 *
 * A file that others have moved or removed (logrotate) is opened anew within a second.
 */
#include "agent/document/document.h"
#include "agent/document/settings.h"
#include "agent/outside/kinds.h"
#include "agent/outside/line.h"
#include "agent/outside/options.h"
#include "agent/outside/rotate.h"
#include "agent/outside/threads.h"
#include "agent/outside/unopened.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define AGAIN  (10 * SECOND) /* before the next try to rotate */

enum sync { SYNC_NEVER, SYNC_ROTATE, SYNC_LINE, SYNC_SECOND };
static const char *const syncs[] = {"never", "rotate", "line", "second", NULL};

static const struct flume_field fields[] = {
	{.name = "path",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "The file to append to; created when it is not there."},
	{.name = "max_bytes",
	 .type = FLUME_FIELD_COUNT,
	 .min = 1024,
	 .max = INT64_C(1) << 50,
	 .about = "Before it grows beyond this, PATH becomes PATH.1, that PATH.2, ...; without "
		  "it, it just grows."},
	{.name = "keep",
	 .type = FLUME_FIELD_COUNT,
	 .fallback = "5",
	 .min = 1,
	 .max = 1000,
	 .about = "How many such files stay."},
	{.name = "fsync",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = "never",
	 .about = "When what was written is forced to the disk: never, rotate (a file that is "
		  "complete), line (before the call goes on), second (once a second)."},
	{0},
};

struct file {
	struct line_out out;
	struct counts counts;
	const char *name; /* lent by the declaration */
	bool regular;
	int64_t size, most; /* 0: no bound */
	unsigned keep;
	enum sync sync;
	int64_t look_ns; /* when to look whether others moved it */
	int64_t turn_ns; /* not to be rotated before             */
	/* SYNC_SECOND */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	bool dirty, ends;
};

static int64_t now_ns(void)
{
	const struct flume_clock *clock = flume_clock_real();
	return clock->now_ns(clock->arg);
}

/* ---- by who has the turn ---- */

static void use(struct file *f, int fd)
{
	struct stat info;
	if (f->out.fd >= 0) {
		if (f->regular && f->sync != SYNC_NEVER)
			(void)fdatasync(f->out.fd);
		close(f->out.fd);
	}
	f->out.fd = fd;
	f->out.torn = false;
	f->regular = !fstat(fd, &info) && S_ISREG(info.st_mode);
	f->size = f->regular ? info.st_size : 0;
}

static bool was_moved(const struct file *f)
{
	struct stat ours, there;
	if (fstat(f->out.fd, &ours))
		return false;
	if (stat(f->name, &there))
		return errno == ENOENT;
	return ours.st_ino != there.st_ino || ours.st_dev != there.st_dev;
}

static void rotate(struct file *f, int64_t now)
{
	struct flume_err err = {0};
	int fd = rotate_file(f->name, f->keep, &err);
	if (fd >= 0) {
		use(f, fd);
		return;
	}
	f->turn_ns = now + AGAIN;
	counts_tell(&f->counts, TOLD_FILE, NULL, err.text, 0);
}

static void before(struct line_out *out, size_t len)
{
	struct file *f = (struct file *)out;
	int64_t now = now_ns();
	if (f->regular && now >= f->look_ns) {
		f->look_ns = now + SECOND;
		int fd = was_moved(f) ? rotate_open(f->name) : -1;
		if (fd >= 0)
			use(f, fd);
	}
	if (f->regular && f->most && f->size && f->size + (int64_t)len > f->most &&
	    now >= f->turn_ns)
		rotate(f, now);
}

static int after(struct line_out *out, size_t len, struct flume_err *err)
{
	struct file *f = (struct file *)out;
	f->size += (int64_t)len;
	if (f->regular && f->sync == SYNC_LINE && fdatasync(out->fd))
		return flume_fail(err, FLUME_IO, "%s: %s", f->name, strerror(errno));
	if (f->sync == SYNC_SECOND) {
		pthread_mutex_lock(&f->lock);
		f->dirty = true;
		pthread_cond_signal(&f->work);
		pthread_mutex_unlock(&f->lock);
	}
	return FLUME_OK;
}

/* ---- once a second ---- */

/* A copy of the descriptor, so that lines go on meanwhile. */
static void sync_now(struct file *f)
{
	line_take_turn(&f->out);
	int fd = f->regular ? dup(f->out.fd) : -1;
	line_end_turn(&f->out);
	if (fd >= 0 && fdatasync(fd))
		counts_tell(&f->counts, TOLD_FILE, NULL, strerror(errno), 0);
	if (fd >= 0)
		close(fd);
}

static void *sync_often(void *arg)
{
	struct file *f = arg;
	pthread_mutex_lock(&f->lock);
	while (!f->ends) {
		if (!f->dirty) {
			threads_wait(&f->work, &f->lock, INT64_MAX);
			continue;
		}
		f->dirty = false;
		pthread_mutex_unlock(&f->lock);
		sync_now(f);
		pthread_mutex_lock(&f->lock);
		int64_t until = now_ns() + SECOND;
		while (!f->ends && now_ns() < until)
			threads_wait(&f->work, &f->lock, until);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

/* ---- life ---- */

static int send_line(const struct flume_call *call, void *item, void *arg,
		     struct flume_err *err)
{
	struct file *f = arg;
	return line_send(call, &f->out, &f->counts, item, err);
}

static void release(struct file *f)
{
	if (f->out.fd >= 0)
		close(f->out.fd);
	line_fini(&f->out);
	counts_hide(&f->counts);
	pthread_cond_destroy(&f->work);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

static void done(void *arg)
{
	struct file *f = arg;
	if (f->sync == SYNC_SECOND) {
		pthread_mutex_lock(&f->lock);
		f->ends = true;
		pthread_cond_signal(&f->work);
		pthread_mutex_unlock(&f->lock);
		pthread_join(f->thread, NULL);
		sync_now(f);
	}
	release(f);
}

static struct file *new_file(const flume_value *decl, const char *name, enum sync sync)
{
	struct file *f = calloc(1, sizeof *f);
	if (!f)
		return NULL;
	f->name = flume_value_text(flume_value_get(decl, "path"));
	line_init(&f->out, -1, f->name);
	f->out.before = before;
	f->out.after = after;
	f->most = setting_count(fields, decl, "max_bytes");
	f->keep = (unsigned)setting_count(fields, decl, "keep");
	f->sync = sync;
	pthread_mutex_init(&f->lock, NULL);
	threads_cond_init(&f->work);
	counts_show(&f->counts, "file", name);
	return f;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	int sync = option_word(fields, decl, "fsync", syncs, path, report);
	if (sync < 0)
		return FLUME_REJECTED;
	struct file *f = new_file(decl, out->name, (enum sync)sync);
	if (!f)
		return FLUME_NOMEM;
	int fd = rotate_open(f->name);
	if (fd < 0) {
		char place[512];
		snprintf(place, sizeof place, "%s.path", path);
		flume_report_add(report, "cannot-open", place, flume_value_get(decl, "path"),
				 NULL, "%s: %s", f->name, strerror(errno));
		release(f);
		return FLUME_REJECTED;
	}
	use(f, fd);
	if (f->sync == SYNC_SECOND && threads_start(&f->thread, sync_often, f)) {
		release(f);
		return FLUME_NOMEM;
	}
	out->send = send_line;
	out->arg = f;
	out->done = done;
	out->blocks = true;
	return FLUME_OK;
}

static int make_unopened(const flume_value *decl, const char *path, flume_scope *scope,
			 struct flume_component *out, flume_report *report)
{
	if (option_word(fields, decl, "fsync", syncs, path, report) < 0)
		return FLUME_REJECTED;
	return unopened_make(decl, path, scope, out, report);
}

#define ROW(how)                                                                  \
	{                                                                         \
		.of = FLUME_CHANNEL, .kind = "file",                              \
		.about = "Appends each document to a file, as one line of JSON.", \
		.example = "{kind: file, path: /var/log/flume/orders.ndjson}",    \
		.fields = fields, .local = true, .make = (how),                   \
	}

const struct flume_maker kind_file = ROW(make);
const struct flume_maker kind_file_unopened = ROW(make_unopened);
