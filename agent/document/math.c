#include "agent/document/expression.h"
#include "agent/document/kinds.h"
#include "agent/document/made.h"

static const struct flume_field fields[] = {
	{.name = "fields",
	 .type = FLUME_FIELD_TEXT_MAP,
	 .required = true,
	 .about = "Paths, each with the expression whose result to store there: numbers, paths "
		  "of the document as it is before, + - * / % ( ), min, max, abs, floor, ceil, "
		  "round; `unit-price` for other keys than letters and digits."},
	{0},
};

static int store(const struct made *made, const struct number *results,
		 struct document *document, struct flume_err *err)
{
	int rc = FLUME_OK;
	for (size_t i = 0; i < made->n && !rc; i++) {
		const struct path *to = &made->list[i].to;
		rc = results[i].whole
			     ? document_set_integer(document, to, results[i].integer, err)
			     : document_set_real(document, to, results[i].real, err);
	}
	return rc;
}

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	const struct made *made = arg;
	struct number results[MADE_MOST];
	for (size_t i = 0; i < made->n; i++) {
		struct flume_err why = {0};
		int rc = expression_run(made->list[i].how, *item, &results[i], &why);
		if (rc)
			return flume_fail(err, rc, "%.100s: %s", made->list[i].to.text,
					  why.text);
	}
	return store(made, results, *item, err);
}

static int compile(void **out, const char *text, struct flume_err *err)
{
	struct expression *expression;
	int rc = expression_compile(&expression, text, err);
	if (!rc)
		*out = expression;
	return rc;
}

static void free_expression(void *how)
{
	expression_free(how);
}

static void done(void *arg)
{
	made_free(arg);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct made *made;
	int rc = made_make(&made, decl, compile, free_expression, path, report);
	if (rc)
		return rc;
	out->run = run;
	out->prompt = true;
	out->arg = made;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_math = {
	.of = FLUME_PROCESSOR,
	.kind = "math",
	.about = "Computes fields.  Integers stay exact; overflow, a division by zero and what "
		 "is no number fail.",
	.fields = fields,
	.example = "{kind: math, fields: {total: 'price * quantity'}}",
	.make = make,
};
