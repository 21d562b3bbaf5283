/*
 * A plug-in: is a card's number one that could be?  (The check digit of ISO/IEC 7812, "Luhn".)
 *
 *     components:
 *       predicates:
 *         payable: {kind: luhn, field: card.number}
 *       processors:
 *         check-card: {kind: luhn, field: card.number}                  # fails when it is not
 *         mark-card:  {kind: luhn, field: card.number, into: card.ok}   # stores true or false
 *
 * Begin your own one with a copy of this folder.
 */
#include <flume-plugin.h>

#include <stdio.h>
#include <stdlib.h>

static const struct flume_host *flume;

/* ---- the check: pure ---- */

/* Digits, with spaces and hyphens between them; twelve at least. */
static bool digits_good(const char *s, size_t n)
{
	unsigned sum = 0, count = 0;
	for (size_t i = n; i > 0; i--) {
		char c = s[i - 1];
		if (c == ' ' || c == '-')
			continue;
		if (c < '0' || c > '9')
			return false;
		unsigned digit = (unsigned)(c - '0') << (count++ % 2);
		sum += digit > 9 ? digit - 9 : digit;
	}
	return count >= 12 && sum % 10 == 0;
}

/* A number is written as text, or as an integer. */
static bool item_good(const void *item, const flume_path *field)
{
	struct flume_item_view v;
	char buffer[24];
	if (!flume->get(item, field, &v))
		return false;
	if (v.kind == FLUME_ITEM_TEXT)
		return digits_good(v.text, v.len);
	if (v.kind != FLUME_ITEM_INTEGER || v.integer < 0)
		return false;
	int n = snprintf(buffer, sizeof buffer, "%lld", (long long)v.integer);
	return digits_good(buffer, (size_t)n);
}

/* ---- what one component knows: made once, then only read ---- */

struct luhn {
	flume_path *field, *into; /* into: NULL when nothing is stored */
};

static void done(void *arg)
{
	struct luhn *luhn = arg;
	flume->path_free(luhn->field);
	flume->path_free(luhn->into);
	free(luhn);
}

static int make_luhn(const flume_value *decl, const char *path, flume_report *report,
		     struct flume_component *out)
{
	struct luhn *luhn = calloc(1, sizeof *luhn);
	if (!luhn)
		return FLUME_NOMEM;
	int rc = flume->path_of(&luhn->field, decl, "field", path, report);
	if (!rc && flume->value_get(decl, "into"))
		rc = flume->path_of(&luhn->into, decl, "into", path, report);
	if (rc) {
		done(luhn);
		return rc;
	}
	out->arg = luhn;
	out->done = done;
	out->prompt = true; /* it only computes */
	return FLUME_OK;
}

/* ---- the processor ---- */

static const struct flume_field processor_fields[] = {
	{.name = "field",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Path of the number to check."},
	{.name = "into",
	 .type = FLUME_FIELD_TEXT,
	 .about = "Path to store true or false at, instead of failing."},
	{0},
};

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	const struct luhn *luhn = arg;
	bool good = item_good(*item, luhn->field);
	if (luhn->into)
		return flume->set_truth(*item, luhn->into, good, err);
	/* The number itself is somebody's: it does not belong in a message. */
	return good ? FLUME_OK
		    : flume->fail(err, FLUME_FAILED, "%s: is no number of a card",
				  flume->path_text(luhn->field));
}

static int make_processor(const flume_value *decl, const char *path, flume_scope *scope,
			  struct flume_component *out, flume_report *report)
{
	(void)scope;
	out->run = run;
	return make_luhn(decl, path, report, out);
}

static const struct flume_maker processor = {
	.of = FLUME_PROCESSOR,
	.kind = "luhn",
	.about = "Checks the check digit of a card's number.",
	.fields = processor_fields,
	.example = "{kind: luhn, field: card.number, into: card.ok}",
	.make = make_processor,
};

/* ---- the predicate ---- */

static const struct flume_field predicate_fields[] = {
	{.name = "field",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Path of the number to check."},
	{0},
};

static bool test(const struct flume_call *call, const void *item, void *arg)
{
	(void)call;
	const struct luhn *luhn = arg;
	return item_good(item, luhn->field);
}

static int make_predicate(const flume_value *decl, const char *path, flume_scope *scope,
			  struct flume_component *out, flume_report *report)
{
	(void)scope;
	out->test = test;
	return make_luhn(decl, path, report, out);
}

static const struct flume_maker predicate = {
	.of = FLUME_PREDICATE,
	.kind = "luhn",
	.about = "Is the check digit of a card's number right?",
	.fields = predicate_fields,
	.example = "{kind: luhn, field: card.number}",
	.make = make_predicate,
};

/* ---- the plug-in ---- */

static int start(const struct flume_host *host, struct flume_err *err)
{
	(void)err;
	flume = host;
	return FLUME_OK;
}

static const struct flume_maker *const makers[] = {&processor, &predicate};

const struct flume_plugin flume_plugin = {
	.abi = FLUME_PLUGIN_ABI,
	.size = sizeof(struct flume_plugin),
	.name = "luhn",
	.version = "1.0.0",
	.about = "Check digits of card numbers.",
	.makers = makers,
	.n_makers = sizeof makers / sizeof *makers,
	.start = start,
};
