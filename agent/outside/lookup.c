/*
 * A table is read at the start and again when its file has changed, which is looked at once a second
 * at the most, by whichever call comes then; the others go on with the table that is there.  A file
 * that cannot be read, or has been written to just now, changes nothing.
 */
#include "agent/document/document.h"
#include "agent/document/paths.h"
#include "agent/document/settings.h"
#include "agent/log/log.h"
#include "agent/outside/kinds.h"
#include "agent/outside/options.h"
#include "agent/outside/table.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS  INT64_C(1000000000)
#define QUIET_NS INT64_C(300000000) /* since the last write */

static const struct flume_field fields[] = {
	{.name = "path",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "The file of the table: NAME.csv, with a line of names first, or NAME.json, "
		  "an "
		  "object of keys and values. Read again when it changes."},
	{.name = "field",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Path of the value to look up: a text, or a number or boolean as text."},
	{.name = "into",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Path that what is found is stored at."},
	{.name = "key",
	 .type = FLUME_FIELD_TEXT,
	 .about = "CSV: the column to look in; without it the first one."},
	{.name = "value",
	 .type = FLUME_FIELD_TEXT,
	 .about = "CSV: the column to take; without it an object of all but the key."},
	{.name = "missing",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = "fail",
	 .about = "What is not in the table: fail, or skip (the document stays as it is)."},
	{.name = "default",
	 .type = FLUME_FIELD_ANY,
	 .about = "Stored where nothing is found, whatever `missing` says."},
	{.name = "max_bytes",
	 .type = FLUME_FIELD_COUNT,
	 .fallback = "16777216",
	 .min = 1,
	 .max = 1 << 30,
	 .about = "A larger file is refused."},
	{0},
};

static const char *const missing_words[] = {"fail", "skip", NULL};

struct shared { /* a table and those who look into it */
	struct table *table;
	size_t refs; /* under the lock */
};

struct lookup {
	const char *file; /* lent by the declaration, as the next ones */
	const char *key, *value;
	bool json, open, skips;
	size_t most;
	struct path field, into;
	struct document *fallback;
	pthread_mutex_t lock;
	struct shared *now; /* NULL: not open */
	atomic_int_fast64_t look_ns;
	struct stat seen; /* by who looks */
};

/* ---- the file ---- */

static int read_file(const struct lookup *l, char **out, size_t *out_len, struct stat *info,
		     struct flume_err *err)
{
	int fd = open(l->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = NULL;
	int rc = fd < 0 || fstat(fd, info)
			 ? flume_fail(err, FLUME_IO, "%s: %s", l->file, strerror(errno))
			 : FLUME_OK;
	if (!rc && !S_ISREG(info->st_mode))
		rc = flume_fail(err, FLUME_IO, "%s: not a file", l->file);
	if (!rc && (size_t)info->st_size > l->most)
		rc = flume_fail(err, FLUME_IO, "%s: more than %zu bytes", l->file, l->most);
	if (!rc && !(text = malloc((size_t)info->st_size + 1)))
		rc = flume_fail(err, FLUME_NOMEM, "out of memory");
	size_t len = 0;
	while (!rc && len < (size_t)info->st_size) {
		ssize_t got = read(fd, text + len, (size_t)info->st_size - len);
		if (got < 0 && errno != EINTR)
			rc = flume_fail(err, FLUME_IO, "%s: %s", l->file, strerror(errno));
		if (!got)
			rc = flume_fail(err, FLUME_IO, "%s: it became shorter", l->file);
		len += got > 0 ? (size_t)got : 0;
	}
	if (fd >= 0)
		close(fd);
	if (rc || !text) {
		free(text);
		return rc;
	}
	text[len] = '\0';
	*out = text;
	*out_len = len;
	return FLUME_OK;
}

static int load(const struct lookup *l, struct shared **out, struct stat *info,
		struct flume_err *err)
{
	char *text = NULL;
	size_t len = 0;
	struct flume_err why = {0};
	int rc = read_file(l, &text, &len, info, err);
	if (rc || !text)
		return rc;
	struct shared *shared = calloc(1, sizeof *shared);
	if (shared) {
		shared->refs = 1;
		rc = l->json ? table_read_json(&shared->table, text, len, &why)
			     : table_read_csv(&shared->table, text, len, l->key, l->value,
					      &why);
	}
	free(text);
	if (shared && !rc) {
		*out = shared;
		return FLUME_OK;
	}
	free(shared);
	return rc ? flume_fail(err, rc, "%s: %.250s", l->file, why.text)
		  : flume_fail(err, FLUME_NOMEM, "out of memory");
}

/* ---- the table of the moment ---- */

static struct shared *take(struct lookup *l)
{
	pthread_mutex_lock(&l->lock);
	struct shared *shared = l->now;
	if (shared)
		shared->refs++;
	pthread_mutex_unlock(&l->lock);
	return shared;
}

static void let_go(struct lookup *l, struct shared *shared)
{
	if (!shared)
		return;
	pthread_mutex_lock(&l->lock);
	bool last = !--shared->refs;
	pthread_mutex_unlock(&l->lock);
	if (last) {
		table_free(shared->table);
		free(shared);
	}
}

static void swap(struct lookup *l, struct shared *fresh)
{
	pthread_mutex_lock(&l->lock);
	struct shared *before = l->now;
	l->now = fresh;
	pthread_mutex_unlock(&l->lock);
	let_go(l, before);
}

static int64_t now_ns(void)
{
	const struct flume_clock *clock = flume_clock_real();
	return clock->now_ns(clock->arg);
}

static bool has_changed(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec ||
	       a->st_mtim.tv_nsec != b->st_mtim.tv_nsec || a->st_size != b->st_size ||
	       a->st_ino != b->st_ino || a->st_dev != b->st_dev;
}

static bool was_just_written(const struct stat *info)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t age = (now.tv_sec - info->st_mtim.tv_sec) * INT64_C(1000000000) + now.tv_nsec -
		      info->st_mtim.tv_nsec;
	return age >= 0 && age < QUIET_NS;
}

static void look(struct lookup *l)
{
	struct stat info;
	struct shared *fresh = NULL;
	struct flume_err err = {0};
	if (stat(l->file, &info) || !has_changed(&info, &l->seen) || was_just_written(&info))
		return;
	l->seen = info;
	if (load(l, &fresh, &info, &err) || !fresh) {
		log_event(LOG_ERROR, "a table cannot be read, the one before stays",
			  LOG_STR("file", l->file), LOG_STR("reason", err.text));
		return;
	}
	log_event(LOG_INFO, "table read", LOG_STR("file", l->file),
		  LOG_INT("rows", table_size(fresh->table)));
	swap(l, fresh);
}

/* One thread at a time looks: the next turn begins when it has ended. */
static void look_now_and_then(struct lookup *l)
{
	int_fast64_t due = atomic_load_explicit(&l->look_ns, memory_order_acquire);
	if (!l->open || now_ns() < due ||
	    !atomic_compare_exchange_strong(&l->look_ns, &due, INT64_MAX))
		return;
	look(l);
	atomic_store_explicit(&l->look_ns, now_ns() + LOOK_NS, memory_order_release);
}

/* ---- documents ---- */

static int store(const struct lookup *l, struct document *document, const struct shared *shared,
		 const char *key, size_t len, struct flume_err *err)
{
	size_t found_len = 0;
	const char *found =
		shared && key ? table_get(shared->table, key, len, &found_len) : NULL;
	if (found)
		return document_set_json(document, &l->into, found, found_len, err);
	if (l->fallback)
		return document_set(document, &l->into, l->fallback, err);
	if (l->skips)
		return FLUME_OK;
	if (!l->open)
		return flume_fail(err, FLUME_FAILED,
				  "%s: the table is not open: schemas are only checked",
				  l->field.text);
	return key ? flume_fail(err, FLUME_FAILED, "%s: '%.64s' is not in the table",
				l->field.text, key)
		   : flume_fail(err, FLUME_FAILED, "%s: nothing to look up", l->field.text);
}

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	struct lookup *l = arg;
	char scratch[256];
	const char *key = NULL;
	struct document_view view;
	size_t len = 0;
	look_now_and_then(l);
	if (document_get(*item, &l->field, &view)) {
		len = view.len;
		key = view.kind == DOCUMENT_TEXT ? view.text : scratch;
		if (view.kind != DOCUMENT_TEXT)
			len = document_view_text(&view, scratch, sizeof scratch);
		if (view.kind != DOCUMENT_TEXT && (!len || len >= sizeof scratch))
			key = NULL;
	}
	struct shared *shared = take(l);
	int rc = store(l, *item, shared, key, len, err);
	let_go(l, shared);
	return rc;
}

/* ---- life ---- */

static void done(void *arg)
{
	struct lookup *l = arg;
	let_go(l, l->now);
	path_fini(&l->field);
	path_fini(&l->into);
	document_free(l->fallback);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static int add_finding(const flume_value *decl, const char *path, const char *field,
		       const char *code, const char *text, flume_report *report)
{
	char place[512];
	snprintf(place, sizeof place, "%s.%s", path, field);
	flume_report_add(report, code, place, flume_value_get(decl, field), NULL, "%s", text);
	return FLUME_REJECTED;
}

static int compile_path(struct path *out, const flume_value *decl, const char *field,
			const char *path, flume_report *report)
{
	char place[512];
	snprintf(place, sizeof place, "%s.%s", path, field);
	return paths_compile(out, flume_value_get(decl, field), place, report);
}

static int read_declaration(struct lookup *l, const flume_value *decl, const char *path,
			    flume_report *report)
{
	char place[512];
	const flume_value *fallback = flume_value_get(decl, "default");
	const char *dot = strrchr(l->file, '.');
	int rc = FLUME_OK;
	l->json = dot && !strcmp(dot, ".json");
	if (!l->json && (!dot || strcmp(dot, ".csv") != 0))
		rc = add_finding(decl, path, "path", "bad-value",
				 "a table is called NAME.csv or NAME.json", report);
	if (l->json && (l->key || l->value))
		rc = add_finding(decl, path, l->key ? "key" : "value", "bad-value",
				 "only CSV has columns", report);
	int more = compile_path(&l->field, decl, "field", path, report);
	int into = compile_path(&l->into, decl, "into", path, report);
	snprintf(place, sizeof place, "%s.default", path);
	int constant =
		fallback ? document_from_value(&l->fallback, fallback, place, report) : 0;
	int word = option_word(fields, decl, "missing", missing_words, path, report);
	l->skips = word == 1;
	if (more == FLUME_NOMEM || into == FLUME_NOMEM || constant == FLUME_NOMEM)
		return FLUME_NOMEM;
	return rc || more || into || constant || word < 0 ? FLUME_REJECTED : FLUME_OK;
}

static int make_lookup(const flume_value *decl, const char *path, bool open,
		       struct flume_component *out, flume_report *report)
{
	struct flume_err err = {0};
	struct lookup *l = calloc(1, sizeof *l);
	if (!l)
		return FLUME_NOMEM;
	l->file = flume_value_text(flume_value_get(decl, "path"));
	l->key = setting_text(fields, decl, "key");
	l->value = setting_text(fields, decl, "value");
	l->most = (size_t)setting_count(fields, decl, "max_bytes");
	l->open = open;
	pthread_mutex_init(&l->lock, NULL);
	int rc = read_declaration(l, decl, path, report);
	if (!rc && open)
		rc = load(l, &l->now, &l->seen, &err);
	if (rc == FLUME_IO || rc == FLUME_SYNTAX)
		rc = add_finding(decl, path, "path",
				 rc == FLUME_IO ? "cannot-open" : "bad-table", err.text,
				 report);
	if (rc) {
		done(l);
		return rc;
	}
	atomic_store(&l->look_ns, now_ns() + LOOK_NS);
	out->run = run;
	out->arg = l;
	out->done = done;
	return FLUME_OK;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	return make_lookup(decl, path, true, out, report);
}

static int make_unopened(const flume_value *decl, const char *path, flume_scope *scope,
			 struct flume_component *out, flume_report *report)
{
	(void)scope;
	return make_lookup(decl, path, false, out, report);
}

#define ROW(how)                                                                             \
	{                                                                                    \
		.of = FLUME_PROCESSOR, .kind = "lookup",                                     \
		.about = "Stores what a table has under the value of a field.",              \
		.example = "{kind: lookup, path: /etc/flume/countries.csv, field: country, " \
			   "into: name}",                                                    \
		.fields = fields, .local = true, .make = (how),                              \
	}

const struct flume_maker kind_lookup = ROW(make);
const struct flume_maker kind_lookup_unopened = ROW(make_unopened);
