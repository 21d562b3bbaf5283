/*
 * A schema keeps the text it was read from, byte for byte, beside what it means: what is stored
 * and shown is never a retelling.  Its identity is the digest of the meaning.
 */
#include "lib/base/digest.h"
#include "lib/base/report.h"
#include "lib/base/text.h"
#include "lib/schema/notes.h"
#include "lib/schema/write.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct flume_schema {
	atomic_uint references;
	_Atomic(struct schema_notes *) notes;
	enum flume_format format;
	flume_value *root;
	const char *version;
	size_t len;
	char digest[DIGEST_SIZE];
	char text[]; /* as received, and a NUL */
};

static int compute_digest(const flume_value *root, char out[DIGEST_SIZE])
{
	struct text canonical = {0};
	write_json(&canonical, root, WRITE_CANONICAL);
	bool failed = canonical.failed;
	if (!failed) {
		struct digest d;
		digest_init(&d);
		digest_add(&d, canonical.s, canonical.len);
		digest_end(&d, out);
	}
	text_fini(&canonical);
	return failed ? FLUME_NOMEM : 0;
}

static int check_root(const flume_value *root, flume_report *report)
{
	static const char *const names[] = {
		[FLUME_NULL] = "empty",      [FLUME_BOOL] = "a truth value",
		[FLUME_NUMBER] = "a number", [FLUME_TEXT] = "text",
		[FLUME_LIST] = "a list",     [FLUME_MAP] = "a map",
	};
	if (flume_value_type(root) == FLUME_MAP)
		return 0;
	flume_report_add(report, "wrong-type", "root", root, NULL,
			 "a schema must be a map, not %s", names[flume_value_type(root)]);
	return FLUME_SYNTAX;
}

static const char *version_of(const flume_value *root)
{
	const flume_value *version = flume_value_get(root, "version");
	if (!version || flume_value_type(version) == FLUME_NULL)
		return "";
	return flume_value_text(version);
}

int flume_schema_parse(flume_schema **out, const char *text, size_t len,
		       enum flume_format format, const struct flume_limits *limits,
		       flume_report *report)
{
	flume_value *root;
	flume_schema *s;
	int rc = flume_value_parse(&root, text, len, format, limits, report);
	if (rc)
		return rc;
	rc = check_root(root, report);
	if (rc)
		goto err_root;
	rc = FLUME_NOMEM;
	s = malloc(sizeof *s + len + 1);
	if (!s)
		goto err_root;
	rc = compute_digest(root, s->digest);
	if (rc)
		goto err_schema;
	atomic_init(&s->references, 1);
	atomic_init(&s->notes, NULL);
	s->format = format;
	s->root = root;
	s->version = version_of(root);
	s->len = len;
	memcpy(s->text, text, len);
	s->text[len] = '\0';
	*out = s;
	return 0;

err_schema:
	free(s);
err_root:
	flume_value_free(root);
	return rc;
}

flume_schema *flume_schema_ref(flume_schema *s)
{
	if (s)
		atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
	return s;
}

flume_schema *flume_schema_unref(flume_schema *s)
{
	if (s && atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) == 1) {
		if (s->notes)
			s->notes->free(s->notes);
		flume_value_free(s->root);
		free(s);
	}
	return NULL;
}

const struct schema_notes *schema_get_notes(const flume_schema *s)
{
	return atomic_load_explicit(&s->notes, memory_order_acquire);
}

void schema_take_notes(flume_schema *s, struct schema_notes *notes)
{
	struct schema_notes *none = NULL;
	if (!atomic_compare_exchange_strong(&s->notes, &none, notes))
		notes->free(notes);
}

const char *flume_schema_get_version(const flume_schema *s)
{
	return s->version;
}

const char *flume_schema_get_digest(const flume_schema *s)
{
	return s->digest;
}

const char *flume_schema_get_text(const flume_schema *s, size_t *out_len)
{
	if (out_len)
		*out_len = s->len;
	return s->text;
}

enum flume_format flume_schema_get_format(const flume_schema *s)
{
	return s->format;
}

const flume_value *flume_schema_get_root(const flume_schema *s)
{
	return s->root;
}

const flume_value *flume_schema_get_canary(const flume_schema *s)
{
	return flume_value_get(s->root, "canary");
}

char *flume_schema_dup_text(const flume_schema *s, enum flume_format format)
{
	struct text out = {0};
	if (format == s->format)
		text_add_n(&out, s->text, s->len);
	else if (format == FLUME_JSON)
		write_json(&out, s->root, WRITE_PRETTY);
	else
		write_yaml(&out, s->root);
	return text_take(&out);
}
