#include "agent/document/bounded.h"
#include "agent/document/branches.h"
#include "agent/document/kinds.h"
#include "agent/document/paths.h"
#include "agent/document/settings.h"
#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>

static const struct flume_field fields[] = {
	{.name = "to",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Path of where the results go."},
	{.name = "as",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = "array",
	 .about = "What they become: array, in the order of the branches, or object, by their "
		  "names (of two with one name, the later one)."},
	{.name = "only",
	 .type = FLUME_FIELD_TEXT,
	 .about = "Path of what to take of each result; without it, all of it."},
	BRANCHES_FIELD,
	{0},
};

struct collect {
	struct path to, only; /* no text: all of it */
	bool skip, object;
};

/* Is there a later one of that name?  Then it is the one. */
static bool is_hidden(const struct flume_result *results, size_t i, size_t n)
{
	for (size_t k = i + 1; k < n; k++)
		if (results[k].item && !strcmp(results[k].name, results[i].name))
			return true;
	return false;
}

static void write_all(const struct collect *collect, const struct flume_result *results,
		      size_t n, struct text *text)
{
	size_t written = 0;
	text_add_char(text, collect->object ? '{' : '[');
	for (size_t i = 0; i < n; i++) {
		if (!results[i].item || (collect->object && is_hidden(results, i, n)))
			continue;
		if (written++)
			text_add_char(text, ',');
		if (collect->object) {
			text_add_json(text, results[i].name, strlen(results[i].name));
			text_add_char(text, ':');
		}
		const struct path *only = collect->only.text ? &collect->only : NULL;
		if (!document_write(results[i].item, only, text))
			text_add(text, "null");
	}
	text_add_char(text, collect->object ? '}' : ']');
}

static int merge(const struct flume_call *call, void **item, const struct flume_result *results,
		 size_t n, void *arg, struct flume_err *err)
{
	(void)call;
	const struct collect *collect = arg;
	struct text text = {0};
	int rc = collect->skip ? FLUME_OK : branches_failure(results, n, err);
	if (rc)
		return rc;
	write_all(collect, results, n, &text);
	rc = text.failed ? flume_fail(err, FLUME_NOMEM, "out of memory")
			 : bounded_set_json(*item, &collect->to, text.s, text.len, err);
	text_fini(&text);
	return rc;
}

static void done(void *arg)
{
	struct collect *collect = arg;
	path_fini(&collect->to);
	path_fini(&collect->only);
	free(collect);
}

static int fill(struct collect *collect, const flume_value *decl, const char *at,
		flume_report *report)
{
	static const char *const words[] = {"array", "object", NULL};
	unsigned word = 0;
	int bad = setting_choice(&word, words, fields, decl, "as", at, report);
	int rc = branches_read(&collect->skip, fields, decl, at, report);
	bad = rc ? rc : bad;
	collect->object = word;
	rc = paths_key(&collect->to, decl, "to", at, report);
	bad = rc ? rc : bad;
	if (rc != FLUME_NOMEM && flume_value_get(decl, "only"))
		rc = paths_key(&collect->only, decl, "only", at, report);
	return rc ? rc : bad;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct collect *collect = calloc(1, sizeof *collect);
	if (!collect)
		return FLUME_NOMEM;
	int rc = fill(collect, decl, path, report);
	if (rc) {
		done(collect);
		return rc;
	}
	out->merge = merge;
	out->prompt = true;
	out->arg = collect;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_collect = {
	.of = FLUME_REDUCER,
	.kind = "collect",
	.about = "Puts what the branches left into the document, side by side; at most 1 MiB.",
	.fields = fields,
	.example = "{kind: collect, to: results}",
	.make = make,
};
