/*
 * Names may come twice in a pattern ((?J)); that is refused, for one of the two would be lost.
 */
#include "agent/document/document.h"
#include "agent/document/failure.h"
#include "agent/document/kinds.h"
#include "agent/document/paths.h"
#include "agent/document/pattern.h"
#include "agent/document/room.h"
#include "agent/document/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct flume_field fields[] = {
	{.name = "field",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Path of the text to read; where nothing is, or null, nothing happens."},
	{.name = "pattern",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "A PCRE2 pattern with named groups, (?<name>...): each is a field."},
	{.name = "to",
	 .type = FLUME_FIELD_TEXT,
	 .about = "Path of the object that the fields go into; without it, the document "
		  "itself."},
	{.name = "on_failure",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = "fail",
	 .about = "What becomes of a document whose text does not match: fail or keep."},
	{0},
};

struct parse_regex {
	struct path from;
	struct regex *pattern;
	bool keeps;
	size_t n;
	struct regex_group groups[REGEX_GROUPS];
	struct path to[REGEX_GROUPS];
};

/* The text is the document's, which changes with the first field. */
static int store(const struct parse_regex *regex, const struct regex_span *spans,
		 struct document *document, struct flume_err *err)
{
	struct room room;
	size_t at = 0;
	room_init(&room);
	for (size_t i = 0; i < regex->n; i++)
		room_add(&room, spans[i].s, spans[i].len);
	int rc = room_end(&room, regex->from.text, err);
	for (size_t i = 0; i < regex->n && !rc; at += spans[i++].len)
		if (spans[i].s)
			rc = document_set_text(document, &regex->to[i], room.s + at,
					       spans[i].len, err);
	room_fini(&room);
	return rc;
}

static int parse(const struct flume_call *call, const struct parse_regex *regex,
		 const struct document_view *view, struct document *document,
		 struct flume_err *err)
{
	struct regex_span spans[REGEX_GROUPS];
	int rc = regex_capture(regex->pattern, view->text, view->len, regex->groups, spans,
			       regex->n, call, err);
	if (rc == 1)
		return store(regex, spans, document, err);
	return rc ? rc
		  : flume_fail(err, FLUME_FAILED, "%.200s: the pattern does not match",
			       regex->from.text);
}

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	const struct parse_regex *regex = arg;
	struct document_view view;
	if (!document_get(*item, &regex->from, &view) || view.kind == DOCUMENT_NULL)
		return FLUME_OK;
	int rc = view.kind == DOCUMENT_TEXT
			 ? parse(call, regex, &view, *item, err)
			 : flume_fail(err, FLUME_FAILED, "%.160s: %s, not a text",
				      regex->from.text, document_kind_text(view.kind));
	return rc == FLUME_FAILED && regex->keeps ? FLUME_OK : rc;
}

static void done(void *arg)
{
	struct parse_regex *regex = arg;
	path_fini(&regex->from);
	regex_free(regex->pattern);
	for (size_t i = 0; i < REGEX_GROUPS; i++)
		path_fini(&regex->to[i]);
	free(regex);
}

/* Names of groups are letters, digits and underscores. */
static int name_groups(struct parse_regex *regex, const flume_value *decl, const char *at,
		       flume_report *report)
{
	size_t n = regex_groups(regex->pattern, regex->groups, REGEX_GROUPS);
	const char *into = setting_text(fields, decl, "to");
	if (!n)
		return setting_refuse(decl, "pattern", at, report, "write (?<name>...)",
				      "no group has a name, so nothing would be kept");
	if (n > REGEX_GROUPS)
		return setting_refuse(decl, "pattern", at, report, NULL,
				      "more than %d named groups", REGEX_GROUPS);
	size_t size = (into ? strlen(into) : 0) + 200;
	char *text = malloc(size);
	int rc = text ? FLUME_OK : FLUME_NOMEM;
	for (; regex->n < n && !rc; regex->n++) {
		const char *name = regex->groups[regex->n].name;
		if (regex->n && !strcmp(name, regex->groups[regex->n - 1].name)) {
			rc = setting_refuse(decl, "pattern", at, report, NULL,
					    "two groups are called '%.64s'", name);
			break;
		}
		snprintf(text, size, "%s%s%s", into ? into : "", into ? "." : "", name);
		rc = path_compile(&regex->to[regex->n], text, NULL);
		if (rc == FLUME_INVALID)
			rc = setting_refuse(decl, "to", at, report, NULL,
					    "the path has too many steps");
	}
	free(text);
	return rc;
}

static int read_failure(bool *keeps, const flume_value *decl, const char *at,
			flume_report *report)
{
	static const char *const words[] = {"fail", "keep", NULL};
	unsigned word = 0;
	int rc = setting_choice(&word, words, fields, decl, "on_failure", at, report);
	*keeps = word;
	return rc;
}

static int fill(struct parse_regex *regex, const flume_value *decl, const char *at,
		flume_report *report)
{
	struct path into = {0};
	int bad_failure = read_failure(&regex->keeps, decl, at, report), bad_to = FLUME_OK;
	int bad_from = paths_field(&regex->from, decl, at, report);
	if (bad_from == FLUME_NOMEM)
		return bad_from;
	if (flume_value_get(decl, "to"))
		bad_to = paths_key(&into, decl, "to", at, report);
	path_fini(&into);
	int rc = bad_to == FLUME_NOMEM ? bad_to
				       : pattern_make(&regex->pattern, decl, at, report);
	if (!rc && !bad_to)
		rc = name_groups(regex, decl, at, report);
	return rc ? rc : bad_from ? bad_from : bad_to ? bad_to : bad_failure;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct parse_regex *regex = calloc(1, sizeof *regex);
	if (!regex)
		return FLUME_NOMEM;
	int rc = fill(regex, decl, path, report);
	if (rc) {
		done(regex);
		return rc;
	}
	out->run = run;
	out->arg = regex;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_parse_regex = {
	.of = FLUME_PROCESSOR,
	.kind = "parse-regex",
	.about = "Reads a text by a pattern; its named groups become fields.  A search that "
		 "takes longer than a fifth of a second fails.",
	.fields = fields,
	.example = "{kind: parse-regex, field: message, pattern: '^(?<level>[A-Z]+) "
		   "(?<text>.*)$'}",
	.make = make,
};
