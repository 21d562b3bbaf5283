/* Kinds of components that a schema may declare once rig_add_makers was called. */
#include "tests/unit/fixture.h"

#include <stdlib.h>
#include <string.h>

struct made {
	struct flume_predicate_ref of[8];
	size_t n;
	const char *text; /* in the declaration */
};

static void unmake(void *arg)
{
	free(arg);
	rig.unmade++;
}

static struct made *made_new(struct flume_component *out)
{
	struct made *made = calloc(1, sizeof *made);
	if (!made)
		return NULL;
	rig.made++;
	out->arg = made;
	out->done = unmake;
	return made;
}

/* ---- predicates ---- */

static bool test_is(const struct flume_call *call, const void *item, void *arg)
{
	(void)call;
	return ((const struct item *)item)->value == atol(((const struct made *)arg)->text);
}

static int make_is(const flume_value *decl, const char *path, flume_scope *scope,
		   struct flume_component *out, flume_report *report)
{
	(void)path, (void)scope, (void)report;
	struct made *made = made_new(out);
	if (!made)
		return FLUME_NOMEM;
	made->text = flume_value_text(flume_value_get(decl, "value"));
	out->test = test_is;
	return FLUME_OK;
}

static bool test_all(const struct flume_call *call, const void *item, void *arg)
{
	const struct made *made = arg;
	bool all = true;
	for (size_t i = 0; i < made->n && all; i++)
		all = made->of[i].test(call, item, made->of[i].arg);
	return all;
}

static bool test_not(const struct flume_call *call, const void *item, void *arg)
{
	return !test_all(call, item, arg);
}

static int look_up(struct made *made, const flume_value *of, const char *path,
		   flume_scope *scope, flume_report *report)
{
	size_t n = flume_value_type(of) == FLUME_LIST ? flume_value_size(of) : 1;
	for (size_t i = 0; i < n && i < 8; i++) {
		const flume_value *name =
			flume_value_type(of) == FLUME_LIST ? flume_value_at(of, i) : of;
		int rc = flume_scope_predicate(scope, name, path, &made->of[made->n++], report);
		if (rc)
			return rc;
	}
	return FLUME_OK;
}

static int make_of(const flume_value *decl, const char *path, flume_scope *scope,
		   struct flume_component *out, flume_report *report, flume_test_fn *test)
{
	struct made *made = made_new(out);
	if (!made)
		return FLUME_NOMEM;
	int rc = look_up(made, flume_value_get(decl, "of"), path, scope, report);
	if (rc) {
		unmake(made);
		return rc;
	}
	out->test = test;
	out->prompt = true; /* as far as what it is made of is */
	return FLUME_OK;
}

static int make_all(const flume_value *decl, const char *path, flume_scope *scope,
		    struct flume_component *out, flume_report *report)
{
	return make_of(decl, path, scope, out, report, test_all);
}

static int make_not(const flume_value *decl, const char *path, flume_scope *scope,
		    struct flume_component *out, flume_report *report)
{
	return make_of(decl, path, scope, out, report, test_not);
}

/* ---- others ---- */

static int run_note(const struct flume_call *call, void **item, void *arg,
		    struct flume_err *err)
{
	(void)call, (void)err;
	char *marks = ((struct item *)*item)->marks;
	const char *text = ((const struct made *)arg)->text;
	if (strlen(marks) + strlen(text) < sizeof((struct item *)0)->marks)
		memcpy(marks + strlen(marks), text, strlen(text) + 1);
	return FLUME_OK;
}

static int make_note(const flume_value *decl, const char *path, flume_scope *scope,
		     struct flume_component *out, flume_report *report)
{
	(void)scope;
	const flume_value *text = flume_value_get(decl, "text");
	if (!strcmp(flume_value_text(text), "bad")) {
		flume_report_add(report, "bad-text", path, text, NULL, "that is a bad text");
		return FLUME_REJECTED;
	}
	struct made *made = made_new(out);
	if (!made)
		return FLUME_NOMEM;
	made->text = flume_value_text(text);
	out->run = run_note;
	return FLUME_OK;
}

static int send_away(const struct flume_call *call, void *item, void *arg,
		     struct flume_err *err)
{
	(void)call, (void)arg, (void)err;
	rig_free_item(item);
	return FLUME_OK;
}

static int make_away(const flume_value *decl, const char *path, flume_scope *scope,
		     struct flume_component *out, flume_report *report)
{
	(void)decl, (void)path, (void)scope, (void)report;
	out->send = send_away;
	return FLUME_OK;
}

static int make_another(const flume_value *decl, const char *path, flume_scope *scope,
			struct flume_component *out, flume_report *report)
{
	(void)decl, (void)path, (void)scope, (void)report;
	if (!made_new(out))
		return FLUME_NOMEM;
	out->send = send_away; /* which is no processor */
	return FLUME_OK;
}

static int make_nothing(const flume_value *decl, const char *path, flume_scope *scope,
			struct flume_component *out, flume_report *report)
{
	(void)decl, (void)path, (void)scope, (void)out, (void)report;
	return FLUME_REJECTED;
}

static const struct flume_field of_fields[] = {
	{"of", FLUME_FIELD_PREDICATES, .required = true, .about = "What to ask."},
	{0},
};
static const struct flume_field is_fields[] = {
	{"value", FLUME_FIELD_COUNT, .required = true, .about = "What to be."},
	{0},
};
static const struct flume_field note_fields[] = {
	{"text", FLUME_FIELD_TEXT, .required = true, .about = "What to write."},
	{0},
};

static const struct flume_maker makers[] = {
	{.of = FLUME_PREDICATE,
	 .kind = "is",
	 .about = "Has a value.",
	 .fields = is_fields,
	 .make = make_is},
	{.of = FLUME_PREDICATE,
	 .kind = "all",
	 .about = "Meets all.",
	 .fields = of_fields,
	 .make = make_all},
	{.of = FLUME_PREDICATE,
	 .kind = "not",
	 .about = "Meets not all.",
	 .fields = of_fields,
	 .make = make_not},
	{.of = FLUME_PROCESSOR,
	 .kind = "note",
	 .about = "Leaves marks.",
	 .fields = note_fields,
	 .make = make_note},
	{.of = FLUME_PROCESSOR,
	 .kind = "another",
	 .about = "Is something else.",
	 .make = make_another},
	{.of = FLUME_PROCESSOR,
	 .kind = "nothing",
	 .about = "Refuses in silence.",
	 .make = make_nothing},
	{.of = FLUME_CHANNEL,
	 .kind = "away",
	 .about = "Lets go.",
	 .local = true,
	 .make = make_away},
};

void rig_add_makers(void)
{
	for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
		ck_assert_int_eq(flume_factory_add_maker(rig.factory, &makers[i], NULL), 0);
}
