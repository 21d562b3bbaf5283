#include "agent/engine/bad.h"

#include "agent/engine/file.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define FORMAT    1
#define FILE_MOST ((size_t)1 << 20)

const struct bad_change *bad_find(const struct bad *bad, const char *digest)
{
	for (size_t i = 0; i < bad->n; i++)
		if (!strcmp(bad->list[i].facts.digest, digest))
			return &bad->list[i];
	return NULL;
}

static void drop(struct bad *bad, size_t i)
{
	bad->n--;
	memmove(&bad->list[i], &bad->list[i + 1], (bad->n - i) * sizeof *bad->list);
}

void bad_drop(struct bad *bad, const char *digest)
{
	const struct bad_change *known = bad_find(bad, digest);
	if (known)
		drop(bad, (size_t)(known - bad->list));
}

int bad_add(struct bad *bad, const struct bad_change *change)
{
	if (!bad->list)
		bad->list = calloc(BAD_MOST, sizeof *bad->list);
	if (!bad->list)
		return FLUME_NOMEM;
	const struct bad_change copy = *change; /* it may lie in the list */
	bad_drop(bad, copy.facts.digest);
	if (bad->n == BAD_MOST)
		drop(bad, 0);
	bad->list[bad->n++] = copy;
	return 0;
}

int64_t bad_revision(const struct bad *bad)
{
	int64_t newest = 0;
	for (size_t i = 0; i < bad->n; i++)
		if (bad->list[i].facts.revision > newest)
			newest = bad->list[i].facts.revision;
	return newest;
}

void bad_fini(struct bad *bad)
{
	free(bad->list);
	*bad = (struct bad){0};
}

/* ---- the file ---- */

static void add_text(struct text *t, const char *key, const char *value)
{
	text_addf(t, ",\"%s\":", key);
	text_add_json(t, value, strlen(value));
}

char *bad_encode(const struct bad *bad, const char *name, size_t *out_len)
{
	struct text t = {0};
	text_addf(&t, "{\"flume\":%d", FORMAT);
	add_text(&t, "name", name);
	text_add(&t, ",\"changes\":[");
	for (size_t i = 0; i < bad->n; i++) {
		const struct bad_change *c = &bad->list[i];
		char at[STAMP_SIZE];
		stamp_write(at, c->at);
		text_addf(&t, "%s{\"revision\":%lld", i ? ",\n" : "\n",
			  (long long)c->facts.revision);
		add_text(&t, "version", c->facts.version);
		add_text(&t, "digest", c->facts.digest);
		add_text(&t, "origin", c->facts.origin);
		add_text(&t, "stage", c->stage);
		add_text(&t, "error", c->error);
		if (*c->context)
			add_text(&t, "context", c->context);
		if (*c->cleared)
			add_text(&t, "cleared", c->cleared);
		add_text(&t, "at", at);
		text_add_char(&t, '}');
	}
	text_add(&t, "]}\n");
	*out_len = t.len;
	return text_take(&t);
}

static void get_text(const flume_value *map, const char *key, char *out, size_t size)
{
	const flume_value *value = flume_value_get(map, key);
	const char *text = value ? flume_value_text(value) : "";
	size_t n = strlen(text);
	if (n >= size)
		n = utf8_floor(text, size - 1);
	memcpy(out, text, n);
	out[n] = '\0';
}

static int64_t get_number(const flume_value *map, const char *key)
{
	const flume_value *value = flume_value_get(map, key);
	return value ? strtoll(flume_value_text(value), NULL, 10) : 0;
}

static int read_change(struct bad *out, const flume_value *map)
{
	struct bad_change c = {.facts.revision = get_number(map, "revision")};
	char at[STAMP_SIZE];
	get_text(map, "version", c.facts.version, sizeof c.facts.version);
	get_text(map, "digest", c.facts.digest, sizeof c.facts.digest);
	get_text(map, "origin", c.facts.origin, sizeof c.facts.origin);
	get_text(map, "stage", c.stage, sizeof c.stage);
	get_text(map, "context", c.context, sizeof c.context);
	get_text(map, "error", c.error, sizeof c.error);
	get_text(map, "cleared", c.cleared, sizeof c.cleared);
	get_text(map, "at", at, sizeof at);
	if (strncmp(c.facts.digest, "sha256:", 7) != 0 || c.facts.revision < 0 ||
	    stamp_read(at, &c.at))
		return FLUME_INVALID;
	return bad_add(out, &c);
}

static int read_changes(struct bad *out, const flume_value *root, const char *name)
{
	const flume_value *list = flume_value_get(root, "changes");
	const flume_value *of = flume_value_get(root, "name");
	int rc = 0;
	if (get_number(root, "flume") != FORMAT || !of || !list)
		return FLUME_INVALID;
	if (strcmp(flume_value_text(of), name) != 0 || flume_value_type(list) != FLUME_LIST)
		return FLUME_INVALID;
	for (size_t i = 0; !rc && i < flume_value_size(list); i++)
		rc = read_change(out, flume_value_at(list, i));
	return rc;
}

int bad_decode(struct bad *out, const char *name, const char *bytes, size_t len,
	       struct flume_err *err)
{
	flume_value *root;
	int rc = flume_value_parse(&root, bytes, len, FLUME_JSON, NULL, NULL);
	if (!rc) {
		rc = read_changes(out, root, name);
		flume_value_free(root);
	}
	if (!rc)
		return 0;
	bad_fini(out);
	if (rc == FLUME_NOMEM)
		return flume_fail(err, rc, "out of memory");
	return flume_fail(err, FLUME_INVALID, "not a list of changes of '%s'", name);
}

/* ---- the folder ---- */

/* NULL when out of memory; free(3). */
static char *path_of(const char *state, const char *folder)
{
	struct text t = {0};
	text_addf(&t, "%s/%s", state, folder);
	return text_take(&t);
}

static int write_list(const char *path, const char *name, const struct bad *bad, bool durable,
		      struct flume_err *err)
{
	size_t len;
	char *bytes = bad_encode(bad, name, &len);
	int rc = bytes ? file_write(path, name, bytes, len, durable, err)
		       : flume_fail(err, FLUME_NOMEM, "out of memory");
	free(bytes);
	return rc;
}

int bad_write(const char *state, const char *folder, const char *name, const struct bad *bad,
	      bool durable, struct flume_err *err)
{
	char *path = path_of(state, folder);
	if (!path)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	int rc = bad->n ? write_list(path, name, bad, durable, err)
			: file_remove(path, name, durable, err);
	free(path);
	return rc;
}

int bad_read(const char *state, const char *folder, const char *name, struct bad *out,
	     struct flume_err *err)
{
	char *path = path_of(state, folder);
	char *bytes;
	size_t len;
	if (!path)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	int rc = file_read(path, name, FILE_MOST, &bytes, &len, err);
	free(path);
	if (rc)
		return rc;
	rc = bad_decode(out, name, bytes, len, err);
	free(bytes);
	return rc;
}

int bad_list(const char *state, const char *folder, char ***out, struct flume_err *err)
{
	char *path = path_of(state, folder);
	int rc = path ? file_make_folder(path, err)
		      : flume_fail(err, FLUME_NOMEM, "out of memory");
	if (!rc)
		rc = file_list(path, out, err);
	free(path);
	return rc;
}
