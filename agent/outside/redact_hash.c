/*
 * The key is what keeps others from trying all card numbers until one fits, so it is not for a schema
 * to hold: the component is declared on the node, and names a file that only the node can read.
 *
 * A factory that only checks has no business with the file either; there the key is an empty one, and
 * so the hashes are others.
 */
#include "agent/document/document.h"
#include "agent/document/paths.h"
#include "agent/document/room.h"
#include "agent/document/settings.h"
#include "agent/outside/kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_LEAST 16
#define KEY_MOST  4096

static const struct flume_field fields[] = {
	{.name = "fields",
	 .type = FLUME_FIELD_TEXTS,
	 .required = true,
	 .about = "Paths of what to replace by its hash; what is missing or null stays so."},
	{.name = "key_file",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "A file that holds the key, 16 to 4096 bytes; line ends behind it do not "
		  "count.  Read once."},
	{.name = "digits",
	 .type = FLUME_FIELD_COUNT,
	 .fallback = "64",
	 .min = 16,
	 .max = 64,
	 .about = "Of the hash, which is written in hexadecimal."},
	{0},
};

struct redact_hash {
	struct paths *paths;
	struct hmac_sha256_ctx keyed; /* copied for each hash */
	size_t digits;
};

static size_t hash(const struct redact_hash *redact, const struct room *value, char out[64])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct hmac_sha256_ctx hmac = redact->keyed;
	hmac_sha256_update(&hmac, value->len, (const uint8_t *)value->s);
	hmac_sha256_digest(&hmac, sizeof digest, digest);
	for (size_t i = 0; i < sizeof digest; i++) {
		out[2 * i] = hex[digest[i] >> 4];
		out[2 * i + 1] = hex[digest[i] & 15];
	}
	return redact->digits;
}

static int replace(const struct redact_hash *redact, struct document *document,
		   const struct path *at, const struct document_view *view,
		   struct flume_err *err)
{
	char text[64];
	struct room value;
	room_init(&value);
	room_add_view(&value, document, at, view);
	int rc = room_end(&value, at->text, err);
	if (!rc)
		rc = document_set_text(document, at, text, hash(redact, &value, text), err);
	room_fini(&value);
	return rc;
}

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	const struct redact_hash *redact = arg;
	int rc = FLUME_OK;
	for (size_t i = 0; i < redact->paths->n && !rc; i++) {
		const struct path *at = &redact->paths->list[i];
		struct document_view view;
		if (document_get(*item, at, &view) && view.kind != DOCUMENT_NULL)
			rc = replace(redact, *item, at, &view, err);
	}
	return rc;
}

static void done(void *arg)
{
	struct redact_hash *redact = arg;
	paths_free(redact->paths);
	explicit_bzero(redact, sizeof *redact);
	free(redact);
}

/* O_NONBLOCK: a pipe that nobody writes to is an empty file, not a wait. */
static ssize_t read_file(const char *name, uint8_t *bytes, size_t size)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t n = 0;
	ssize_t got = fd < 0 ? -1 : 1;
	while (got > 0 && n < size) {
		got = read(fd, bytes + n, size - n);
		n += got > 0 ? (size_t)got : 0;
	}
	int why = errno;
	if (fd >= 0)
		close(fd);
	errno = why;
	return got < 0 ? -1 : (ssize_t)n;
}

static int read_key(struct redact_hash *redact, const flume_value *decl, const char *at,
		    flume_report *report)
{
	uint8_t key[KEY_MOST + 3];
	const char *name = setting_text(fields, decl, "key_file");
	ssize_t n = read_file(name, key, sizeof key);
	if (n < 0)
		return setting_refuse(decl, "key_file", at, report, NULL, "%.200s: %s", name,
				      strerror(errno));
	while (n && (key[n - 1] == '\n' || key[n - 1] == '\r'))
		n--;
	if (n >= KEY_LEAST && n <= KEY_MOST)
		hmac_sha256_set_key(&redact->keyed, (size_t)n, key);
	explicit_bzero(key, sizeof key);
	if (n >= KEY_LEAST && n <= KEY_MOST)
		return FLUME_OK;
	return setting_refuse(decl, "key_file", at, report, NULL,
			      "%.200s: a key has %d to %d bytes", name, KEY_LEAST, KEY_MOST);
}

static int make_with(const flume_value *decl, const char *path, bool open,
		     struct flume_component *out, flume_report *report)
{
	struct redact_hash *redact = calloc(1, sizeof *redact);
	int bad_key = FLUME_OK;
	if (!redact)
		return FLUME_NOMEM;
	redact->digits = (size_t)setting_count(fields, decl, "digits");
	int rc = paths_fields(&redact->paths, decl, path, report);
	if (rc != FLUME_NOMEM && open)
		bad_key = read_key(redact, decl, path, report);
	else
		hmac_sha256_set_key(&redact->keyed, 0, (const uint8_t *)"");
	if (rc || bad_key) {
		done(redact);
		return rc ? rc : bad_key;
	}
	paths_reduce(redact->paths);
	out->run = run;
	out->prompt = true;
	out->arg = redact;
	out->done = done;
	return FLUME_OK;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	return make_with(decl, path, true, out, report);
}

static int make_unopened(const flume_value *decl, const char *path, flume_scope *scope,
			 struct flume_component *out, flume_report *report)
{
	(void)scope;
	return make_with(decl, path, false, out, report);
}

#define ROW(how)                                                                           \
	{                                                                                  \
		.of = FLUME_PROCESSOR, .kind = "redact-hash",                              \
		.about = "Replaces values by a keyed hash (HMAC-SHA256 of the value as "   \
			 "text): the same one for the same value, and nobody without the " \
			 "key can tell which.",                                            \
		.example = "{kind: redact-hash, fields: [customer.email], key_file: "      \
			   "/etc/flume/key}",                                              \
		.fields = fields, .local = true, .make = (how),                            \
	}

const struct flume_maker kind_redact_hash = ROW(make);
const struct flume_maker kind_redact_hash_unopened = ROW(make_unopened);
