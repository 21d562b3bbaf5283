#include "agent/split/ab.h"

#include "agent/document/paths.h"
#include "agent/split/inside.h"

#include <stdlib.h>
#include <string.h>

const struct flume_field ab_fields[] = {
	{.name = "version",
	 .type = FLUME_FIELD_TEXT,
	 .about = "Of this switch.  Semantic versions are ordered, and whole numbers."},
	{.name = "by",
	 .type = FLUME_FIELD_TEXT,
	 .about = "Path of the value that a document is chosen by: the same value, the same "
		  "variant.  Only where one variant has all the weight it may be left out."},
	{.name = "variants",
	 .type = FLUME_FIELD_MAP,
	 .required = true,
	 .about = "The names of the variants, each with its share in per cent, to 0.001.  They "
		  "sum to 100."},
	{.name = "default",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "The variant of documents without that value, of nodes that the switch is "
		  "not for, and of all when it is off."},
	{.name = "enabled",
	 .type = FLUME_FIELD_BOOL,
	 .fallback = "true",
	 .about = "false: everyone gets the default, overrides or not."},
	{.name = "where",
	 .type = FLUME_FIELD_MAP,
	 .about =
		 "Labels of the nodes that it is for, each with a value or a list of them.  On "
		 "others everyone gets the default."},
	{.name = "overrides",
	 .type = FLUME_FIELD_TEXT_MAP,
	 .about = "Values of `by`, each with its variant, whatever the weights say."},
	{.name = "salt",
	 .type = FLUME_FIELD_TEXT,
	 .about = "Switches with the same salt put the same value in the same place.  Default: "
		  "the name of the switch."},
	{.name = "front",
	 .type = FLUME_FIELD_BOOL,
	 .about =
		 "Whether it serves requests under its name, each by the schema that is called "
		 "as the variant.  Default: when one of them is."},
	{0},
};

/* ---- what belongs together ---- */

static int complain(flume_report *report, const char *code, const char *path,
		    const flume_value *at, const char *text)
{
	flume_report_add(report, code, path, at, NULL, "%s", text);
	return FLUME_REJECTED;
}

/* What is of the wrong sort has been told by the table, and is as if it were not there. */
static const flume_value *text_at(const flume_value *root, const char *key)
{
	const flume_value *value = flume_value_get(root, key);
	return *flume_value_text(value) ? value : NULL;
}

static const flume_value *map_at(const flume_value *root, const char *key)
{
	const flume_value *value = flume_value_get(root, key);
	return flume_value_type(value) == FLUME_MAP && flume_value_size(value) ? value : NULL;
}

static bool is_said(const flume_value *root, const char *key, const char *word)
{
	return !strcmp(flume_value_text(flume_value_get(root, key)), word);
}

/* One that everybody gets needs no key. */
static int check_by(const struct ab_switch *sw, const flume_value *root, flume_report *report)
{
	const flume_value *overrides = flume_value_get(root, "overrides");
	if (flume_value_get(root, "by"))
		return FLUME_OK;
	if (sw->n_racers > 1)
		return complain(report, "missing-key", AB_ROOT, root,
				"'by' is required where more than one variant has a weight");
	if (overrides)
		return complain(report, "missing-key", AB_ROOT ".overrides", overrides,
				"overrides are of values of 'by', which is not there");
	return FLUME_OK;
}

/* Looked at when the variants are known. */
static int read_named(struct ab_switch *sw, const flume_value *root, flume_report *report)
{
	const flume_value *fallback = text_at(root, "default");
	const flume_value *overrides = map_at(root, "overrides");
	int by = check_by(sw, root, report);
	int rc = fallback ? variants_named(sw, fallback, AB_ROOT ".default", &sw->fallback,
					   report)
			  : FLUME_OK;
	int last = overrides ? overrides_read(sw, overrides, report) : FLUME_OK;
	return last == FLUME_NOMEM || (!by && !rc) ? last : FLUME_REJECTED;
}

static int read_variants(struct ab_switch *sw, const flume_value *root, flume_report *report)
{
	const flume_value *variants = map_at(root, "variants");
	int rc = variants ? variants_read(sw, variants, report) : FLUME_REJECTED;
	return rc ? rc : read_named(sw, root, report);
}

static int read_parts(struct ab_switch *sw, const flume_value *root, flume_report *report)
{
	const flume_value *by = text_at(root, "by"), *salt = text_at(root, "salt");
	sw->salt = salt ? flume_value_text(salt) : sw->name;
	sw->enabled = !is_said(root, "enabled", "false");
	sw->front = is_said(root, "front", "true")    ? AB_FRONT_YES
		    : is_said(root, "front", "false") ? AB_FRONT_NO
						      : AB_FRONT_UNSAID;
	sw->where = map_at(root, "where");
	int bad_by = by ? paths_compile(&sw->by, by, AB_ROOT ".by", report) : FLUME_OK;
	if (bad_by == FLUME_NOMEM)
		return bad_by;
	int bad_where = where_check(sw->where, report);
	int rc = read_variants(sw, root, report);
	return rc == FLUME_NOMEM || (!bad_by && !bad_where) ? rc : FLUME_REJECTED;
}

/* What is wrong with one part does not hide what is wrong with another. */
static int read_root(struct ab_switch *sw, flume_report *report)
{
	const flume_value *root = flume_schema_get_root(sw->document);
	if (flume_value_type(root) != FLUME_MAP)
		return complain(report, "wrong-type", AB_ROOT, root, "a switch must be a map");
	int bad = flume_fields_check(ab_fields, root, AB_ROOT, report);
	if (bad == FLUME_NOMEM)
		return bad;
	int rc = read_parts(sw, root, report);
	return rc == FLUME_NOMEM || !bad ? rc : bad;
}

/* ---- making one ---- */

static void free_switch(struct ab_switch *sw)
{
	free(sw->name);
	flume_schema_unref(sw->document);
	path_fini(&sw->by);
	free(sw->racers);
	free(sw->variants);
	free(sw->overrides);
	free(sw);
}

int ab_make(struct ab_switch **out, const char *name, flume_schema *document,
	    flume_report *report)
{
	struct ab_switch *sw = calloc(1, sizeof *sw);
	if (!sw)
		return FLUME_NOMEM;
	counted_init(&sw->counted);
	sw->document = flume_schema_ref(document);
	sw->name = strdup(name);
	int rc = sw->name ? FLUME_OK : FLUME_NOMEM;
	if (!rc && (!*name || strlen(name) >= AB_NAME))
		rc = complain(report, "bad-name", AB_ROOT, NULL,
			      "the name of a switch has 1 to 128 bytes");
	if (!rc)
		rc = read_root(sw, report);
	if (rc) {
		free_switch(sw);
		return rc;
	}
	*out = sw;
	return FLUME_OK;
}

int ab_parse(struct ab_switch **out, const char *name, const char *text, size_t len,
	     enum flume_format format, flume_report *report)
{
	flume_value *root = NULL;
	flume_schema *document;
	int rc = flume_value_parse(&root, text, len, format, NULL, report);
	if (!rc && flume_value_type(root) != FLUME_MAP)
		rc = complain(report, "wrong-type", AB_ROOT, root, "a switch must be a map");
	flume_value_free(root);
	if (!rc)
		rc = flume_schema_parse(&document, text, len, format, NULL, report);
	if (rc)
		return rc;
	rc = ab_make(out, name, document, report);
	flume_schema_unref(document);
	return rc;
}

struct ab_switch *ab_ref(struct ab_switch *sw)
{
	counted_ref(&sw->counted);
	return sw;
}

struct ab_switch *ab_unref(struct ab_switch *sw)
{
	if (sw && counted_unref(&sw->counted))
		free_switch(sw);
	return NULL;
}

/* ---- looking at one ---- */

const char *ab_name(const struct ab_switch *sw)
{
	return sw->name;
}

flume_schema *ab_document(const struct ab_switch *sw)
{
	return sw->document;
}

size_t ab_count(const struct ab_switch *sw)
{
	return sw->n_variants;
}

const struct ab_variant *ab_variant(const struct ab_switch *sw, size_t i)
{
	return i < sw->n_variants ? &sw->variants[i] : NULL;
}

size_t ab_default(const struct ab_switch *sw)
{
	return sw->fallback;
}

bool ab_enabled(const struct ab_switch *sw)
{
	return sw->enabled;
}

bool ab_applies(const struct ab_switch *sw, const char *const *labels)
{
	return where_holds(sw->where, labels);
}

enum ab_front ab_front(const struct ab_switch *sw)
{
	return sw->front;
}
