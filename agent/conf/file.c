/* The file of the agent: keys are the names of options, and sections, which others read. */
#include "agent/conf/inside.h"

#include "agent/source/slurp.h"
#include "lib/base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const conf_sections[] = {"components", "plugins", NULL};

#define FILE_MOST ((size_t)1 << 20)

struct reading {
	struct conf *conf;
	const struct conf_request *request;
	void *out;
	flume_report *report;
	const char *name;
	bool failed, nomem;
};

static void complain(struct reading *r, const char *code, const flume_value *at,
		     const char *text)
{
	flume_report_add(r->report, code, r->name, at, NULL, "%s", text);
	r->failed = true;
}

static bool is_scalar(const flume_value *v)
{
	enum flume_value_type type = flume_value_type(v);
	return type != FLUME_LIST && type != FLUME_MAP;
}

static void store(struct reading *r, const struct conf_option *o, const char *text,
		  const flume_value *at)
{
	struct flume_err why = {0};
	int code = conf_store(r->conf, o, r->out, CONF_FILE, text, &why);
	if (code == FLUME_NOMEM)
		r->nomem = true;
	else if (code)
		complain(r, "bad-value", at, why.text);
}

static void store_pair(struct reading *r, const struct conf_option *o, const flume_value *map,
		       size_t i)
{
	struct text pair = {0};
	text_addf(&pair, "%s=%s", flume_value_text(flume_value_key(map, i)),
		  flume_value_text(flume_value_at(map, i)));
	char *text = text_take(&pair);
	if (text)
		store(r, o, text, flume_value_at(map, i));
	else
		r->nomem = true;
	free(text);
}

/* A list of texts, one text, or a map, which stands for key=value. */
static void store_list(struct reading *r, const struct conf_option *o, const flume_value *v)
{
	if (conf_begin_list(r->conf, o, r->out, CONF_FILE)) {
		r->nomem = true;
		return;
	}
	if (is_scalar(v))
		store(r, o, flume_value_text(v), v);
	for (size_t i = 0; i < flume_value_size(v); i++) {
		const flume_value *item = flume_value_at(v, i);
		if (!is_scalar(item))
			complain(r, "wrong-type", item, "text is wanted here");
		else if (flume_value_type(v) == FLUME_MAP)
			store_pair(r, o, v, i);
		else
			store(r, o, flume_value_text(item), item);
	}
}

static void store_key(struct reading *r, const struct conf_option *o, const flume_value *v)
{
	if (flume_value_type(v) == FLUME_NULL)
		return;
	if (o->type == CONF_TEXTS)
		store_list(r, o, v);
	else if (!is_scalar(v))
		complain(r, "wrong-type", v, "a single value is wanted here");
	else
		store(r, o, flume_value_text(v), v);
}

static void unknown_key(struct reading *r, const flume_value *key)
{
	const char *name = flume_value_text(key);
	const char *near = conf_suggest(r->request, true, name);
	struct text hint = {0};
	if (near)
		text_addf(&hint, "did you mean '%s'?", near);
	flume_report_add(r->report, "unknown-key", name, key, hint.failed ? NULL : hint.s,
			 "unknown key '%s'", name);
	text_fini(&hint);
	r->failed = true;
}

static bool others_know(const struct conf_request *request, const char *name)
{
	for (const struct conf_option *const *t = request->others; t && *t; t++) {
		const struct conf_option *o = conf_find(*t, name);
		if (o && o->env)
			return true;
	}
	return false;
}

bool conf_is_section(const char *name)
{
	for (const char *const *s = conf_sections; *s; s++)
		if (!strcmp(*s, name))
			return true;
	return false;
}

static void read_key(struct reading *r, const flume_value *key, const flume_value *value)
{
	const char *name = flume_value_text(key);
	const struct conf_option *o = conf_find(r->request->own, name);
	r->name = name;
	if (o && o->env)
		store_key(r, o, value);
	else if (!others_know(r->request, name) && !conf_is_section(name) &&
		 strcmp(name, "description") != 0 && strncmp(name, "x-", 2) != 0)
		unknown_key(r, key);
}

static int read_root(struct reading *r, const flume_value *root)
{
	r->name = "";
	if (flume_value_type(root) != FLUME_MAP && flume_value_type(root) != FLUME_NULL)
		complain(r, "wrong-type", root, "a map of options is wanted");
	for (size_t i = 0; flume_value_type(root) == FLUME_MAP && i < flume_value_size(root);
	     i++)
		read_key(r, flume_value_key(root, i), flume_value_at(root, i));
	if (r->nomem)
		return FLUME_NOMEM;
	return r->failed ? FLUME_REJECTED : 0;
}

int conf_read_text(struct conf *c, const struct conf_request *request, void *out,
		   flume_report *report)
{
	struct reading r = {.conf = c, .request = request, .out = out, .report = report};
	int code = flume_value_parse(&c->root, c->text, c->len, c->format, NULL, report);
	return code ? code : read_root(&r, c->root);
}

int conf_read_file(struct conf *c, const struct conf_request *request, void *out,
		   const char *path, flume_report *report, struct flume_err *err)
{
	const char *base = strrchr(path, '/');
	if (!slurp_stem(base ? base + 1 : path, &c->format))
		c->format = FLUME_YAML;
	int code = slurp(path, FILE_MOST + 1, &c->text, &c->len);
	if (code == FLUME_NOMEM)
		return flume_fail(err, code, "out of memory");
	if (code)
		return flume_fail(err, FLUME_IO, "%s: %s", path,
				  code == FLUME_INVALID     ? "not a file"
				  : code == FLUME_NOT_FOUND ? "no such file"
							    : strerror(errno));
	c->file = path;
	code = conf_read_text(c, request, out, report);
	return code ? flume_fail(err, code, "%s is not right", path) : 0;
}
