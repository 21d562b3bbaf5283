#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/document/paths.h"
#include "agent/document/pattern.h"

#include <stdlib.h>

static const struct flume_field fields[] = {
	{.name = "field",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Path of the text to look at; anything but a text does not match."},
	{.name = "pattern",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "A PCRE2 pattern, found anywhere in the text unless it is anchored."},
	{0},
};

struct matches {
	struct path field;
	struct regex *pattern;
};

static bool test(const struct flume_call *call, const void *item, void *arg)
{
	const struct matches *matches = arg;
	struct document_view view;
	return document_get(item, &matches->field, &view) && view.kind == DOCUMENT_TEXT &&
	       regex_search(matches->pattern, view.text, view.len, call,
			    call ? call->doubt : NULL) == 1;
}

static void done(void *arg)
{
	struct matches *matches = arg;
	path_fini(&matches->field);
	regex_free(matches->pattern);
	free(matches);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct matches *matches = calloc(1, sizeof *matches);
	if (!matches)
		return FLUME_NOMEM;
	int bad_path = paths_field(&matches->field, decl, path, report);
	int rc = bad_path == FLUME_NOMEM ? bad_path
					 : pattern_make(&matches->pattern, decl, path, report);
	if (bad_path || rc) {
		done(matches);
		return rc ? rc : bad_path;
	}
	out->test = test;
	out->arg = matches;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_matches = {
	.of = FLUME_PREDICATE,
	.kind = "matches",
	.about = "Is the field a text in which the pattern is found?",
	.fields = fields,
	.example = "{kind: matches, field: customer.email, pattern: '@example[.]org$'}",
	.make = make,
};
