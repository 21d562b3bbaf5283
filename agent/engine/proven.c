#include "agent/engine/proven.h"

#include "agent/engine/file.h"
#include "lib/base/map.h"
#include "lib/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT      1
#define HEADER_MOST 4096
#define FILE_MOST   ((size_t)64 << 20)

/* ---- writing ---- */

static void add_text(struct text *t, const char *key, const char *value)
{
	text_addf(t, ",\"%s\":", key);
	text_add_json(t, value, strlen(value));
}

char *proven_encode(const struct proven *p, size_t *out_len)
{
	struct text t = {0};
	char at[STAMP_SIZE], sum[DIGEST_SIZE];
	stamp_write(at, p->at);
	facts_digest_bytes(sum, p->text, p->len);
	text_addf(&t, "{\"flume\":%d", FORMAT);
	add_text(&t, "name", p->name);
	add_text(&t, "format", p->format == FLUME_JSON ? "json" : "yaml");
	add_text(&t, "version", p->facts.version);
	add_text(&t, "digest", p->facts.digest);
	text_addf(&t, ",\"revision\":%lld", (long long)p->facts.revision);
	add_text(&t, "origin", p->facts.origin);
	text_addf(&t, ",\"proven\":%s", p->proven ? "true" : "false");
	add_text(&t, "at", at);
	text_addf(&t, ",\"bytes\":%zu", p->len);
	add_text(&t, "sha256", sum + strlen("sha256:"));
	text_add(&t, "}\n");
	text_add_n(&t, p->text, p->len);
	*out_len = t.len;
	return text_take(&t);
}

/* ---- reading ---- */

static const char *get(const flume_value *header, const char *key)
{
	const flume_value *value = flume_value_get(header, key);
	return value ? flume_value_text(value) : "";
}

/* A whole number >= 0. */
static bool get_number(const flume_value *header, const char *key, int64_t *out)
{
	const flume_value *value = flume_value_get(header, key);
	char *end;
	if (!value || flume_value_type(value) != FLUME_NUMBER)
		return false;
	errno = 0;
	*out = strtoll(flume_value_text(value), &end, 10);
	return !errno && !*end && *out >= 0;
}

static bool get_text(const flume_value *header, const char *key, char *out, size_t size)
{
	const char *text = get(header, key);
	size_t len = strlen(text);
	if (len >= size)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

static const char *read_header(const flume_value *header, const char *name, struct proven *out)
{
	int64_t version, bytes;
	const char *format = get(header, "format");
	const char *proven = get(header, "proven");
	if (!get_number(header, "flume", &version) || version != FORMAT)
		return "of another version";
	if (strcmp(get(header, "name"), name) != 0)
		return "of another schema";
	if (strcmp(format, "yaml") != 0 && strcmp(format, "json") != 0)
		return "of an unknown format";
	if (!get_number(header, "revision", &out->facts.revision) ||
	    !get_number(header, "bytes", &bytes))
		return "lacks a number";
	if (!get_text(header, "version", out->facts.version, sizeof out->facts.version) ||
	    !get_text(header, "digest", out->facts.digest, sizeof out->facts.digest) ||
	    !get_text(header, "origin", out->facts.origin, sizeof out->facts.origin))
		return "has a text that is too long";
	if (stamp_read(get(header, "at"), &out->at))
		return "lacks its time";
	out->format = *format == 'j' ? FLUME_JSON : FLUME_YAML;
	out->proven = !strcmp(proven, "true");
	return (uint64_t)bytes == out->len ? NULL : "cut short, or too long";
}

static bool has_sum(const flume_value *header, const struct proven *p)
{
	char sum[DIGEST_SIZE];
	facts_digest_bytes(sum, p->text, p->len);
	return !strcmp(get(header, "sha256"), sum + strlen("sha256:"));
}

int proven_decode(struct proven *out, const char *name, const char *bytes, size_t len,
		  struct flume_err *err)
{
	const char *end = memchr(bytes, '\n', len < HEADER_MOST ? len : HEADER_MOST);
	flume_value *header;
	if (!end)
		return flume_fail(err, FLUME_INVALID, "not a proven copy: no header");
	int rc = flume_value_parse(&header, bytes, (size_t)(end - bytes), FLUME_JSON, NULL,
				   NULL);
	if (rc == FLUME_NOMEM)
		return flume_fail(err, rc, "out of memory");
	if (rc)
		return flume_fail(err, FLUME_INVALID,
				  "not a proven copy: the header is no JSON");
	struct proven p = {
		.name = name, .text = end + 1, .len = len - (size_t)(end + 1 - bytes)};
	const char *why = read_header(header, name, &p);
	if (!why && !has_sum(header, &p))
		why = "its bytes are not those that were written";
	flume_value_free(header);
	if (why)
		return flume_fail(err, FLUME_INVALID, "not a proven copy: %s", why);
	*out = p;
	return 0;
}

/* ---- the folder ---- */

char *proven_folder(const char *state)
{
	struct text t = {0};
	text_addf(&t, "%s/proven", state);
	return text_take(&t);
}

static void name_copy(char out[FILE_NAME_MOST], const char *name, unsigned back)
{
	snprintf(out, FILE_NAME_MOST, back ? "%s@%u" : "%s", name, back);
}

int proven_read(const char *state, const char *name, unsigned back, struct proven *out,
		char **out_bytes, struct flume_err *err)
{
	char *folder = proven_folder(state);
	char *bytes, file[FILE_NAME_MOST];
	size_t len;
	if (!folder)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	name_copy(file, name, back);
	int rc = file_read(folder, file, FILE_MOST, &bytes, &len, err);
	free(folder);
	if (rc)
		return rc;
	rc = proven_decode(out, name, bytes, len, err);
	if (rc)
		free(bytes);
	else
		*out_bytes = bytes;
	return rc;
}

int proven_remove(const char *state, const char *name, struct flume_err *err)
{
	char *folder = proven_folder(state);
	char file[FILE_NAME_MOST];
	int rc = folder ? 0 : flume_fail(err, FLUME_NOMEM, "out of memory");
	for (unsigned back = PROVEN_KEPT + 1; !rc && back-- > 0;) {
		name_copy(file, name, back);
		rc = file_remove(folder, file, false, err);
	}
	free(folder);
	return rc;
}

/* NAME@1 is NAME. */
static void cut_back(char *name)
{
	char *at = strrchr(name, '@');
	if (at && at > name && at[1] && !at[1 + strspn(at + 1, "0123456789")])
		*at = '\0';
}

/* Takes the list. */
static int fold(char **files, char ***out, struct flume_err *err)
{
	struct map names = {0};
	int rc = 0;
	for (size_t i = 0; !rc && files[i]; i++) {
		cut_back(files[i]);
		if (!map_get(&names, files[i]))
			rc = map_add(&names, files[i], files);
	}
	char **list = rc ? NULL : map_dup_names(&names);
	map_fini(&names);
	free(files);
	if (!list)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	*out = list;
	return 0;
}

int proven_list(const char *state, char ***out, struct flume_err *err)
{
	char *folder = proven_folder(state);
	char **files;
	int rc = folder ? file_make_folder(folder, err)
			: flume_fail(err, FLUME_NOMEM, "out of memory");
	if (!rc)
		rc = file_list(folder, &files, err);
	if (!rc)
		rc = fold(files, out, err);
	free(folder);
	return rc;
}
