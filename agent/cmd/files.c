#include "agent/cmd/files.h"

#include "agent/cmd/cmd.h"
#include "agent/source/slurp.h"
#include "lib/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One byte more than a schema may have, so that what is larger is refused and not cut. */
#define FILE_MOST (((size_t)1 << 20) + 1)

static void file_fini(struct file *f)
{
	free(f->name);
	free(f->path);
	free(f->text);
	flume_schema_unref(f->schema);
	ab_unref(f->sw);
	flume_report_free(f->report);
}

void files_fini(struct files *files)
{
	for (size_t i = 0; i < files->n; i++)
		file_fini(&files->all[i]);
	free(files->all);
	free(files->passed);
	switchboard_unref(files->board);
	*files = (struct files){0};
}

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

static int unreadable(const char *path, int code)
{
	if (code == FLUME_NOMEM)
		return out_of_memory();
	if (code == FLUME_INVALID)
		return cmd_fail(CMD_USAGE, "%s: not a file", path);
	return cmd_fail(CMD_NOT_FOUND, "%s: %s", path,
			strerror(code == FLUME_NOT_FOUND ? ENOENT : errno));
}

static bool is_switch(const flume_value *root)
{
	return flume_value_get(root, "variants") && !flume_value_get(root, "type") &&
	       !flume_value_get(root, "ref") && !flume_value_get(root, "stream");
}

static bool lies_in_switches(const char *path, const char *base)
{
	static const char folder[] = "switches/";
	size_t n = sizeof folder - 1, before = (size_t)(base - path);
	return before >= n && !strncmp(base - n, folder, n) &&
	       (before == n || base[-(ptrdiff_t)n - 1] == '/');
}

/* What it fills belongs to `f` also after a failure. */
static int read_one(struct file *f, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t stem = slurp_stem(base, &f->format);
	if (!stem)
		return cmd_fail(CMD_USAGE, "%s: not a .yaml, .yml or .json file", path);
	f->name = strndup(base, stem);
	f->path = strdup(path);
	f->report = flume_report_new();
	if (!f->name || !f->path || !f->report)
		return out_of_memory();
	int code = slurp(path, FILE_MOST, &f->text, &f->len);
	if (code)
		return unreadable(path, code);
	code = flume_schema_parse(&f->schema, f->text, f->len, f->format, NULL, f->report);
	f->is_switch = lies_in_switches(path, base) ||
		       (f->schema && is_switch(flume_schema_get_root(f->schema)));
	return code == FLUME_NOMEM ? out_of_memory() : 0;
}

static int add(struct files *files, const char *path)
{
	struct file f = {0};
	int code = read_one(&f, path);
	if (!code && files->n == files->cap) {
		size_t cap = files->cap ? 2 * files->cap : 16;
		struct file *all = realloc(files->all, cap * sizeof *all);
		if (all) {
			files->all = all;
			files->cap = cap;
		} else {
			code = out_of_memory();
		}
	}
	if (code)
		file_fini(&f);
	else
		files->all[files->n++] = f;
	return code;
}

static int is_document(const struct dirent *entry)
{
	enum flume_format format;
	return slurp_stem(entry->d_name, &format) > 0;
}

static int add_entry(struct files *files, const char *dir, const char *file)
{
	size_t len = strlen(dir);
	struct text t = {0};
	struct stat st;
	text_addf(&t, "%s%s%s", dir, len && dir[len - 1] == '/' ? "" : "/", file);
	char *path = text_take(&t);
	int code = path ? 0 : out_of_memory();
	if (path && (stat(path, &st) || !S_ISDIR(st.st_mode)))
		code = add(files, path);
	free(path);
	return code;
}

static int add_folder(struct files *files, const char *dir)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_document, alphasort);
	if (n < 0)
		return cmd_fail(CMD_NOT_FOUND, "%s: %s", dir, strerror(errno));
	int code =
		n ? 0 : cmd_fail(CMD_NOT_FOUND, "%s: no .yaml, .yml or .json file in it", dir);
	for (int i = 0; i < n; i++) {
		if (!code)
			code = add_entry(files, dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return code;
}

/* An agent that is given the folder reads its switches too. */
static int note_switches(struct files *files, const char *dir)
{
	size_t len = strlen(dir);
	struct text t = {0};
	struct stat st;
	text_addf(&t, "%s%sswitches", dir, len && dir[len - 1] == '/' ? "" : "/");
	char *path = text_take(&t);
	int code = path ? 0 : out_of_memory();
	if (path && !files->passed && !stat(path, &st) && S_ISDIR(st.st_mode)) {
		files->passed = path;
		path = NULL;
	}
	free(path);
	return code;
}

static int by_name(const void *a, const void *b)
{
	const struct file *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	order = order ? order : x->is_switch - y->is_switch;
	return order ? order : strcmp(x->path, y->path);
}

int files_read(struct files *files, char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct stat st;
		bool folder = !stat(words[i], &st) && S_ISDIR(st.st_mode);
		int code = folder ? add_folder(files, words[i]) : add(files, words[i]);
		if (!code && folder)
			code = note_switches(files, words[i]);
		if (code)
			return code;
	}
	if (files->n)
		qsort(files->all, files->n, sizeof *files->all, by_name);
	for (size_t i = 1; i < files->n; i++) {
		struct file *f = &files->all[i];
		if (!strcmp(f->name, f[-1].name) && f->is_switch == f[-1].is_switch)
			flume_report_add(f->report, "duplicate-name", "", NULL, NULL,
					 "%s '%s' is also in %s",
					 f->is_switch ? "switch" : "schema", f->name,
					 f[-1].path);
	}
	return 0;
}

int files_take_switches(struct files *files, const struct conf *conf)
{
	files->shared = flume_value_get(conf->root, "components");
	return switchboard_new(&files->board, NULL) ? out_of_memory() : 0;
}
