#include "agent/source/folder.h"

#include "agent/log/log.h"
#include "agent/source/slurp.h"
#include "agent/source/source.h"
#include "lib/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define MS     INT64_C(1000000)
#define FRESH  (1000 * MS) /* what was written so lately may not be all of it ... */
#define SETTLE (200 * MS)  /* ... unless it has not been touched for so long      */

static void files_free(struct folder_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(files[i].name);
		free(files[i].path);
		free(files[i].text);
	}
	free(files);
}

/* ---- names ---- */

static int is_document(const struct dirent *entry)
{
	enum flume_format format;
	return slurp_stem(entry->d_name, &format) > 0;
}

static int by_file_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct folder_file *)a)->name,
		      ((const struct folder_file *)b)->name);
}

static const struct folder_file *find(const struct folder *f, const char *name)
{
	const struct folder_file key = {.name = (char *)(uintptr_t)name};
	return f->n ? bsearch(&key, f->files, f->n, sizeof key, by_name) : NULL;
}

/* ---- one look ---- */

struct look {
	struct folder *before;
	const struct folder_trust *trust;
	struct map moving;
	struct folder_file *files;
	size_t n, cap, missing;
	struct map names; /* of the files; the things mean nothing */
	struct map complaints;
	char *unread;
};

/* The things in the map are words of static storage. */
static void complain(struct look *l, const char *path, const char *why)
{
	void *old = NULL;
	if (map_get(&l->before->complaints, path) != why)
		log_event(LOG_WARN, "file passed over", LOG_STR("file", path),
			  LOG_STR("reason", why));
	(void)map_put(&l->complaints, path, (void *)(uintptr_t)why, &old);
}

static int keep(struct look *l, const struct folder_file *file)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 16;
		struct folder_file *files = realloc(l->files, cap * sizeof *files);
		if (!files)
			return FLUME_NOMEM;
		l->files = files;
		l->cap = cap;
	}
	if (map_add(&l->names, file->name, l))
		return FLUME_NOMEM;
	l->files[l->n++] = *file;
	return 0;
}

/* A copy of what was seen before goes on standing for the file. */
static int keep_old(struct look *l, const struct folder_file *old, bool missing)
{
	struct folder_file copy = *old;
	copy.missing = missing;
	copy.name = strdup(old->name);
	copy.path = strdup(old->path);
	copy.text = malloc(old->len + 1);
	if (copy.text)
		memcpy(copy.text, old->text, old->len + 1);
	if (!copy.name || !copy.path || !copy.text || keep(l, &copy)) {
		free(copy.name);
		free(copy.path);
		free(copy.text);
		return FLUME_NOMEM;
	}
	l->missing += missing;
	return 0;
}

/* ---- half written? ---- */

static bool is_same_file(const struct folder_file *a, const struct folder_file *b)
{
	return a->format == b->format && a->len == b->len && !memcmp(a->text, b->text, a->len);
}

static int64_t ns_of(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Size and time, as the thing of a map: never NULL. */
static void *mark_of(const struct stat *st)
{
	uint64_t mark = (uint64_t)ns_of(st->st_mtim) ^ ((uint64_t)st->st_size << 40);
	return (void *)(uintptr_t)(mark | 1);
}

static bool is_trusted(const struct folder_trust *trust, const char *file)
{
	return trust->all_whole || map_get(&trust->whole, file);
}

/* Looked at after it was read, so what two looks find the same was read in between. */
static bool is_moving(struct look *l, const char *path)
{
	struct stat st;
	struct timespec now;
	void *old = NULL;
	if (stat(path, &st) || clock_gettime(CLOCK_REALTIME, &now))
		return false;
	int64_t age = ns_of(now) - ns_of(st.st_mtim);
	bool same = map_get(&l->before->moving, path) == mark_of(&st);
	if (age >= FRESH || (same && (age >= SETTLE || age < 0)))
		return false;
	(void)map_put(&l->moving, path, mark_of(&st), &old);
	return true;
}

/* Takes the name and the path, and keeps the file that was read. */
static int keep_read(struct look *l, struct folder_file *read, const char *file,
		     const struct folder_file *old)
{
	bool changed = !old || !is_same_file(old, read);
	if (changed && !is_trusted(l->trust, file) && is_moving(l, read->path) && old) {
		int code = keep_old(l, old, false);
		if (!code) {
			free(read->text);
			free(read->path);
			free(read->name);
		}
		return code;
	}
	return keep(l, read);
}

/* Takes the name and the path. */
static int look_at(struct look *l, const char *in_folder, char *name, char *path,
		   enum flume_format format)
{
	struct folder_file file = {.name = name, .path = path, .format = format};
	const struct folder_file *old = find(l->before, name);
	int code = 0;
	if (!source_name_good(name)) {
		complain(l, path, "its name cannot be the name of a schema");
	} else if (map_get(&l->names, name)) {
		complain(l, path, "another file stands for the same schema");
	} else {
		code = slurp(path, FOLDER_FILE_MOST + 1, &file.text, &file.len);
		if (code == 0) {
			code = keep_read(l, &file, in_folder, old);
			if (code == 0)
				return 0;
		}
		if (code == FLUME_INVALID)
			complain(l, path, "it is not a file");
		if (code == FLUME_IO)
			complain(l, path, "it cannot be read; what was read last stays");
		if (code == FLUME_IO && !l->unread && !(l->unread = strdup(path)))
			code = FLUME_NOMEM;
		if (code == FLUME_IO && old)
			code = keep_old(l, old, false);
	}
	free(file.text);
	free(path);
	free(name);
	return code == FLUME_NOMEM ? code : 0;
}

static int look_at_entry(struct look *l, const char *dir, const char *file)
{
	enum flume_format format = FLUME_YAML;
	struct text path = {0};
	char *name = strndup(file, slurp_stem(file, &format));
	text_addf(&path, "%s/%s", dir, file);
	char *whole = text_take(&path);
	if (name && whole)
		return look_at(l, file, name, whole, format);
	free(name);
	free(whole);
	return FLUME_NOMEM;
}

static int keep_missing(struct look *l)
{
	for (size_t i = 0; i < l->before->n; i++) {
		const struct folder_file *old = &l->before->files[i];
		if (!map_get(&l->names, old->name) && keep_old(l, old, true))
			return FLUME_NOMEM;
	}
	return 0;
}

static bool same(const struct folder *before, const struct look *l)
{
	if (before->n != l->n)
		return false;
	for (size_t i = 0; i < l->n; i++) {
		const struct folder_file *a = &before->files[i], *b = &l->files[i];
		if (strcmp(a->name, b->name) != 0 || !is_same_file(a, b))
			return false;
	}
	return true;
}

static int scan(struct look *l, const char *dir, struct flume_err *err)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_document, by_file_name);
	if (n < 0 && errno != ENOMEM)
		return flume_fail(err, FLUME_IO, "%s: %s", dir, strerror(errno));
	int code = n < 0 ? FLUME_NOMEM : 0;
	for (int i = 0; i < n; i++) {
		if (!code)
			code = look_at_entry(l, dir, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	if (!code && !l->trust->gone)
		code = keep_missing(l);
	return code == FLUME_NOMEM ? flume_fail(err, code, "out of memory") : code;
}

/* Only what was noted of the files is new. */
static int put_off(struct folder *f, struct look *l)
{
	files_free(l->files, l->n);
	map_fini(&f->complaints);
	map_fini(&f->moving);
	free(f->unread);
	f->complaints = l->complaints;
	f->moving = l->moving;
	f->unread = l->unread;
	return FOLDER_MOVING;
}

int folder_look(struct folder *f, const char *dir, const struct folder_trust *trust,
		struct flume_err *err)
{
	struct look l = {.before = f, .trust = trust};
	int code = scan(&l, dir, err);
	map_fini(&l.names);
	if (code) {
		files_free(l.files, l.n);
		map_fini(&l.complaints);
		map_fini(&l.moving);
		free(l.unread);
		return code;
	}
	if (l.moving.len && trust->patient)
		return put_off(f, &l);
	if (l.n)
		qsort(l.files, l.n, sizeof *l.files, by_name);
	bool changed = !same(f, &l);
	folder_fini(f);
	*f = (struct folder){l.files, l.n, l.missing, l.complaints, l.moving, l.unread};
	return changed ? FOLDER_CHANGED : 0;
}

void folder_fini(struct folder *f)
{
	files_free(f->files, f->n);
	map_fini(&f->complaints);
	map_fini(&f->moving);
	free(f->unread);
	*f = (struct folder){0};
}
