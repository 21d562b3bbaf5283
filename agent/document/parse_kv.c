#include "agent/document/bounded.h"
#include "agent/document/kinds.h"
#include "agent/document/pairs.h"
#include "agent/document/parsing.h"
#include "agent/document/settings.h"

#include <stdlib.h>
#include <string.h>

static const struct flume_field fields[] = {
	PARSING_FIELDS,
	{.name = "between",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = " \t\r\n",
	 .about = "The characters between pairs; several count as one."},
	{.name = "equals",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = "=",
	 .about = "The characters between key and value; the first one counts."},
	{0},
};

struct parse_kv {
	struct parsing parsing;
	struct pairs_rules rules;
};

static int parse(const struct parsing *parsing, const struct document_view *view,
		 struct document *document, const void *arg, struct flume_err *err)
{
	const struct parse_kv *kv = arg;
	struct flume_err why = {0};
	struct room room;
	room_init(&room);
	int rc = pairs_read(&kv->rules, view->text, view->len, &room, &why);
	if (rc)
		flume_fail(err, rc, "%.160s: %s", parsing->from.text, why.text);
	else
		rc = room_end(&room, parsing->to.text, err);
	if (!rc)
		rc = bounded_set_json(document, &parsing->to, room.s, room.len, err);
	room_fini(&room);
	return rc;
}

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	const struct parse_kv *kv = arg;
	return parsing_run(&kv->parsing, *item, true, parse, kv, err);
}

static void done(void *arg)
{
	struct parse_kv *kv = arg;
	parsing_fini(&kv->parsing);
	free(kv);
}

static int read_set(const char **out, const flume_value *decl, const char *name, const char *at,
		    flume_report *report)
{
	*out = setting_text(fields, decl, name);
	for (const char *s = *out; *s; s++)
		if ((unsigned char)*s > 126 || *s == '"' || *s == '\\')
			return setting_refuse(
				decl, name, at, report, NULL,
				"only characters of ASCII, neither '\"' nor '\\', "
				"can part keys and values");
	return FLUME_OK;
}

static int read_rules(struct pairs_rules *rules, const flume_value *decl, const char *at,
		      flume_report *report)
{
	int bad_between = read_set(&rules->between, decl, "between", at, report);
	int rc = read_set(&rules->equals, decl, "equals", at, report);
	if (bad_between || rc)
		return FLUME_REJECTED;
	if (strpbrk(rules->between, rules->equals))
		return setting_refuse(decl, "equals", at, report, NULL,
				      "a character stands in 'between' too");
	return FLUME_OK;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct parse_kv *kv = calloc(1, sizeof *kv);
	if (!kv)
		return FLUME_NOMEM;
	int bad_rules = read_rules(&kv->rules, decl, path, report);
	int rc = parsing_make(&kv->parsing, fields, decl, path, report);
	if (rc || bad_rules) {
		done(kv);
		return rc ? rc : bad_rules;
	}
	out->run = run;
	out->prompt = true;
	out->arg = kv;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_parse_kv = {
	.of = FLUME_PROCESSOR,
	.kind = "parse-kv",
	.about = "Reads a text of keys and values (a=b c=\"d e\"); an object takes its place. "
		 "Values stay texts, a key alone is true.",
	.fields = fields,
	.example = "{kind: parse-kv, field: message, to: fields}",
	.make = make,
};
