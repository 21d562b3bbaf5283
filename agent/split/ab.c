#include "agent/split/ab.h"

#include "agent/document/paths.h"
#include "agent/split/inside.h"

#include <stdlib.h>
#include <string.h>

const struct flume_field ab_fields[] = {
	{.name = "version",
	 .type = FLUME_FIELD_TEXT,
	 .about = "Of this switch.  Semantic versions are ordered."},
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

/* One that everybody gets needs no key. */
static int read_by(struct ab_switch *sw, const flume_value *root, flume_report *report)
{
	const flume_value *by = flume_value_get(root, "by");
	if (by)
		return paths_compile(&sw->by, by, AB_ROOT ".by", report);
	if (sw->n_racers > 1)
		return complain(report, "missing-key", AB_ROOT, root,
				"'by' is required where more than one variant has a weight");
	if (flume_value_get(root, "overrides"))
		return complain(report, "missing-key", AB_ROOT ".overrides",
				flume_value_get(root, "overrides"),
				"overrides are of values of 'by', which is not there");
	return FLUME_OK;
}

static int read_salt(struct ab_switch *sw, const flume_value *root, flume_report *report)
{
	const flume_value *salt = flume_value_get(root, "salt");
	sw->salt = salt ? flume_value_text(salt) : sw->name;
	return *sw->salt ? FLUME_OK
			 : complain(report, "bad-value", AB_ROOT ".salt", salt,
				    "the salt is empty");
}

static enum ab_front read_front(const flume_value *root)
{
	const flume_value *front = flume_value_get(root, "front");
	if (!front)
		return AB_FRONT_UNSAID;
	return strcmp(flume_value_text(front), "true") ? AB_FRONT_NO : AB_FRONT_YES;
}

/* What is wrong with one part does not hide what is wrong with another, unless that is about it. */
static int read_parts(struct ab_switch *sw, const flume_value *root, flume_report *report)
{
	const flume_value *enabled = flume_value_get(root, "enabled");
	const flume_value *overrides = flume_value_get(root, "overrides");
	sw->enabled = !enabled || !strcmp(flume_value_text(enabled), "true");
	sw->front = read_front(root);
	sw->where = flume_value_get(root, "where");
	int rc = variants_read(sw, flume_value_get(root, "variants"), report);
	int parts[] = {
		rc,
		rc == FLUME_NOMEM ? rc : read_salt(sw, root, report),
		rc ? rc : read_by(sw, root, report),
		rc == FLUME_NOMEM ? rc : where_check(sw->where, report),
		rc ? rc
		   : variants_named(sw, flume_value_get(root, "default"), AB_ROOT ".default",
				    &sw->fallback, report),
		rc || !overrides ? rc : overrides_read(sw, overrides, report),
	};
	for (size_t i = 0; i < sizeof parts / sizeof *parts && rc != FLUME_NOMEM; i++)
		rc = parts[i] ? parts[i] : rc;
	return rc;
}

static int read_root(struct ab_switch *sw, flume_report *report)
{
	const flume_value *root = flume_schema_get_root(sw->document);
	if (flume_value_type(root) != FLUME_MAP)
		return complain(report, "wrong-type", AB_ROOT, root, "a switch is a map");
	int rc = flume_fields_check(ab_fields, root, AB_ROOT, report);
	return rc ? rc : read_parts(sw, root, report);
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
	flume_schema *document;
	int rc = flume_schema_parse(&document, text, len, format, NULL, report);
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
