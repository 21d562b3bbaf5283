/* A predicate and a condition that ask a jq program: what counts is its first result. */
#include "agent/outside/kinds.h"
#include "agent/outside/program.h"

#include <string.h>

#define SCRATCH 256 /* what the library lends to a condition */

static int make(const flume_value *decl, const char *path, struct flume_component *out,
		flume_report *report)
{
	struct program *program;
	int rc = program_make(&program, decl, path, report);
	if (rc)
		return rc;
	out->arg = program;
	out->done = program_free;
	out->blocks = program_may_block(program);
	return FLUME_OK;
}

/* The first result; `result` is to be freed either way.  False: there is none. */
static bool ask(const struct flume_call *call, const void *item, void *arg, struct text *result)
{
	enum jail_outcome outcome = JAIL_NONE;
	return !program_run(arg, call, item, JAIL_FIRST, &outcome, result,
			    call ? call->doubt : NULL) &&
	       outcome == JAIL_RESULT && result->s;
}

/* ---- predicate ---- */

static bool test(const struct flume_call *call, const void *item, void *arg)
{
	struct text result = {0};
	bool answer = ask(call, item, arg, &result) && strcmp(result.s, "null") != 0 &&
		      strcmp(result.s, "false") != 0;
	text_fini(&result);
	return answer;
}

static int make_predicate(const flume_value *decl, const char *path, flume_scope *scope,
			  struct flume_component *out, flume_report *report)
{
	(void)scope;
	out->test = test;
	return make(decl, path, out, report);
}

const struct flume_maker kind_jq_predicate = {
	.of = FLUME_PREDICATE,
	.kind = "jq",
	.about = "Is the first result of a jq program neither null nor false?",
	.fields = program_fields,
	.example = "{kind: jq, program: '.total > 100'}",
	.make = make_predicate,
};

/* ---- condition ---- */

/* As the condition `field` would, of what the program gave. */
static const char *name_of(const struct text *json, char scratch[SCRATCH])
{
	struct document *document;
	if (document_parse(&document, json->s, json->len, NULL))
		return NULL;
	struct document_view view = document_root(document);
	bool scalar = view.kind != DOCUMENT_NULL && view.kind != DOCUMENT_ARRAY &&
		      view.kind != DOCUMENT_OBJECT;
	size_t len = scalar ? document_view_text(&view, scratch, SCRATCH) : SCRATCH;
	document_free(document);
	return len < SCRATCH && strlen(scratch) == len ? scratch : NULL;
}

static const char *pick(const struct flume_call *call, const void *item, void *arg,
			char scratch[SCRATCH])
{
	struct text result = {0};
	const char *name = ask(call, item, arg, &result) ? name_of(&result, scratch) : NULL;
	text_fini(&result);
	return name;
}

static int make_condition(const flume_value *decl, const char *path, flume_scope *scope,
			  struct flume_component *out, flume_report *report)
{
	(void)scope;
	out->pick = pick;
	return make(decl, path, out, report);
}

const struct flume_maker kind_jq_condition = {
	.of = FLUME_CONDITION,
	.kind = "jq",
	.about = "The first result of a jq program, as text.",
	.fields = program_fields,
	.example = "{kind: jq, program: '.items | length | tostring'}",
	.make = make_condition,
};
