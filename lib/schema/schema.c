/*
 * A schema keeps the text it was read from, byte for byte, beside what it means: what is stored
 * and shown is never a retelling.  Its identity is the digest of the meaning.
 */
#include "lib/base/digest.h"
#include "lib/base/report.h"
#include "lib/base/text.h"
#include "lib/schema/get.h"
#include "lib/schema/notes.h"
#include "lib/schema/read.h"
#include "lib/schema/write.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct flume_schema {
	_Atomic(struct schema_notes *) notes;
	atomic_uint references;
	uint32_t len;
	struct schema_size size;
	uint32_t text; /* where it is from here: as received, and a NUL */
	uint8_t format;
	atomic_bool met;
	char digest[DIGEST_SIZE];
	flume_value root[]; /* and what is below it */
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

int flume_schema_parse(flume_schema **out, const char *text, size_t len,
		       enum flume_format format, const struct flume_limits *limits,
		       flume_report *report)
{
	struct packed packed;
	int rc = read_block(&packed, sizeof(flume_schema), len + 1, text, len, format, limits,
			    report);
	if (rc)
		return rc;
	flume_schema *s = packed.block;
	rc = check_root(s->root, report);
	if (!rc)
		rc = compute_digest(s->root, s->digest);
	if (rc) {
		free(s);
		return rc;
	}
	atomic_init(&s->references, 1);
	atomic_init(&s->notes, NULL);
	atomic_init(&s->met, false);
	s->format = (uint8_t)format;
	s->len = (uint32_t)len;
	s->size = (struct schema_size){packed.maps, packed.members};
	s->text = (uint32_t)packed.after;
	char *kept = (char *)s + s->text;
	memcpy(kept, text, len);
	kept[len] = '\0';
	*out = s;
	return 0;
}

static const char *text_of(const flume_schema *s)
{
	return (const char *)s + s->text;
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
		free(s);
	}
	return NULL;
}

struct schema_size schema_size(const flume_schema *s)
{
	return s->size;
}

bool schema_met(flume_schema *s)
{
	return atomic_exchange_explicit(&s->met, true, memory_order_relaxed);
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
	const flume_value *version = VALUE_GET(s->root, "version");
	return version && version->type != FLUME_NULL ? value_text(version) : "";
}

const char *flume_schema_get_digest(const flume_schema *s)
{
	return s->digest;
}

const char *flume_schema_get_text(const flume_schema *s, size_t *out_len)
{
	if (out_len)
		*out_len = s->len;
	return text_of(s);
}

enum flume_format flume_schema_get_format(const flume_schema *s)
{
	return (enum flume_format)s->format;
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
	if (format == flume_schema_get_format(s))
		text_add_n(&out, text_of(s), s->len);
	else if (format == FLUME_JSON)
		write_json(&out, s->root, WRITE_PRETTY);
	else
		write_yaml(&out, s->root);
	return text_take(&out);
}
