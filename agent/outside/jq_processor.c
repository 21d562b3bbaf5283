#include "agent/outside/kinds.h"
#include "agent/outside/options.h"
#include "agent/outside/program.h"

#include <stdlib.h>

static const struct flume_field fields[] = {
	{.name = "program",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "A jq 1.6 program. It sees no environment, no files and no other input."},
	{.name = "results",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = "one",
	 .about = "one: more than one result fails; first: the first one counts; collect: all "
		  "of them, in an array."},
	{.name = "timeout",
	 .type = FLUME_FIELD_DURATION,
	 .fallback = "200ms",
	 .about = "How long it may take for one document; at most 10s."},
	{0},
};

static const char *const words[] = {"one", "first", "collect", NULL};
static const enum jail_mode modes[] = {JAIL_ONE, JAIL_FIRST, JAIL_COLLECT};

struct step {
	struct program *program;
	enum jail_mode mode;
};

static int replace(void **item, const struct text *result, struct flume_err *err)
{
	struct document *made;
	struct flume_err why = {0};
	int rc = document_parse(&made, result->s, result->len, &why);
	if (rc)
		return flume_fail(err, rc == FLUME_NOMEM ? rc : FLUME_FAILED,
				  "the result of jq is no document: %.250s", why.text);
	document_free(*item);
	*item = made;
	return FLUME_OK;
}

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	const struct step *step = arg;
	enum jail_outcome outcome = JAIL_NONE;
	struct text result = {0};
	int rc = program_run(step->program, call, *item, step->mode, &outcome, &result, err);
	if (!rc && outcome == JAIL_MANY)
		rc = flume_fail(err, FLUME_FAILED, "the program has more than one result");
	else if (!rc)
		rc = outcome == JAIL_NONE ? FLUME_DROPPED : replace(item, &result, err);
	text_fini(&result);
	return rc;
}

static void done(void *arg)
{
	struct step *step = arg;
	program_free(step->program);
	free(step);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	int mode = option_word(fields, decl, "results", words, path, report);
	struct step *step = calloc(1, sizeof *step);
	if (!step)
		return FLUME_NOMEM;
	int rc = program_make(&step->program, decl, path, report);
	if (rc || mode < 0) {
		done(step);
		return rc ? rc : FLUME_REJECTED;
	}
	step->mode = modes[mode];
	out->run = run;
	out->arg = step;
	out->done = done;
	out->blocks = program_may_block(step->program);
	return FLUME_OK;
}

const struct flume_maker kind_jq = {
	.of = FLUME_PROCESSOR,
	.kind = "jq",
	.about =
		"Replaces the document with the result of a jq program; without a result it is "
		"dropped.",
	.fields = fields,
	.example = "{kind: jq, program: '.total *= 0.9'}",
	.make = make,
};
