/*
 * Flags are read first, because one of them names the file, and stored last, because they win.
 * In between they lie in a list of (row, text).
 */
#include "agent/conf/inside.h"

#include "lib/base/suggest.h"

#include <stdlib.h>
#include <string.h>

struct flag {
	const struct conf_option *option;
	const char *text;
};

struct flags {
	struct flag *all; /* room for one per argument */
	size_t n;
	bool help;
};

const struct conf_option *conf_find(const struct conf_option *table, const char *name)
{
	for (const struct conf_option *o = table; o->name; o++)
		if (!strcmp(o->name, name))
			return o;
	return NULL;
}

const char *conf_suggest(const struct conf_request *r, bool in_file, const char *name)
{
	const char *names[256];
	size_t n = 0;
	const struct conf_option *const none[] = {NULL};
	const struct conf_option *table = r->own;
	for (const struct conf_option *const *next = in_file && r->others ? r->others : none;
	     table; table = *next++)
		for (const struct conf_option *o = table; o->name && n < 250; o++)
			if (!in_file || o->env)
				names[n++] = o->name;
	for (const char *const *s = conf_sections; in_file && *s; s++)
		names[n++] = *s;
	if (!in_file)
		names[n++] = "help";
	return suggest(name, names, n);
}

/* ---- flags ---- */

static const struct conf_option *find_n(const struct conf_option *table, const char *name,
					size_t n)
{
	for (const struct conf_option *o = table; o->name; o++)
		if (strlen(o->name) == n && !memcmp(o->name, name, n))
			return o;
	return NULL;
}

static const struct conf_option *find_letter(const struct conf_option *table, char letter)
{
	for (const struct conf_option *o = table; o->name; o++)
		if (o->letter && o->letter == letter)
			return o;
	return NULL;
}

static int unknown_flag(const struct conf_request *r, const char *word, size_t n,
			struct flume_err *err)
{
	char name[128];
	const char *near = NULL;
	if (n < sizeof name) {
		memcpy(name, word, n);
		name[n] = '\0';
		near = conf_suggest(r, false, name);
	}
	if (near)
		return flume_fail(err, FLUME_INVALID,
				  "unknown option '--%.*s' (did you mean '--%s'?)",
				  (int)(n < 100 ? n : 100), word, near);
	return flume_fail(err, FLUME_INVALID, "unknown option '--%.*s'",
			  (int)(n < 100 ? n : 100), word);
}

/* `own` is the text that came with the flag itself, after '=' or the letter; NULL: none did.
 * Returns how many more arguments were used, or a negative code. */
static int take_flag(struct flags *flags, const struct conf_option *o, const char *own,
		     const char *next, struct flume_err *err)
{
	int used = 0;
	if (!own && o->type == CONF_FLAG) {
		own = "true";
	} else if (!own) {
		if (!next || (!strncmp(next, "--", 2) && next[2]))
			return flume_fail(err, FLUME_INVALID, "--%s needs a value: %s", o->name,
					  o->value);
		own = next;
		used = 1;
	}
	flags->all[flags->n++] = (struct flag){o, own};
	return used;
}

static int read_long(struct flags *flags, const struct conf_request *r, const char *word,
		     const char *next, struct flume_err *err)
{
	size_t n = strcspn(word, "=");
	const struct conf_option *o = find_n(r->own, word, n);
	if (!o)
		return unknown_flag(r, word, n, err);
	return take_flag(flags, o, word[n] ? word + n + 1 : NULL, next, err);
}

static int read_short(struct flags *flags, const struct conf_request *r, const char *word,
		      const char *next, struct flume_err *err)
{
	const struct conf_option *o = find_letter(r->own, word[0]);
	if (!o || (o->type == CONF_FLAG && word[1]))
		return flume_fail(err, FLUME_INVALID, "unknown option '-%.100s'", word);
	const char *own = word[1] ? word + 1 + (word[1] == '=') : NULL;
	return take_flag(flags, o, own, next, err);
}

static int read_flags(struct flags *flags, struct conf *c, const struct conf_request *r,
		      struct flume_err *err)
{
	c->words = r->argv;
	for (int i = 0; i < r->argc; i++) {
		char *word = r->argv[i];
		const char *next = i + 1 < r->argc ? r->argv[i + 1] : NULL;
		int used = 0;
		if (!strcmp(word, "--")) {
			while (++i < r->argc)
				c->words[c->n_words++] = r->argv[i];
			break;
		}
		if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
			flags->help = true;
			return 0;
		}
		if (word[0] != '-' || !word[1])
			c->words[c->n_words++] = word;
		else if (word[1] == '-')
			used = read_long(flags, r, word + 2, next, err);
		else
			used = read_short(flags, r, word + 1, next, err);
		if (used < 0)
			return used;
		i += used;
	}
	return 0;
}

static void forget(const struct flags *flags, const struct conf_request *r, void *out)
{
	const char *none = NULL;
	for (size_t i = 0; i < flags->n; i++) {
		const char *name = flags->all[i].option->instead_of;
		const struct conf_option *other = name ? conf_find(r->own, name) : NULL;
		if (other)
			memcpy((char *)out + other->at, &none, sizeof none);
	}
}

static int store_flags(const struct flags *flags, struct conf *c, const struct conf_request *r,
		       void *out, struct flume_err *err)
{
	forget(flags, r, out);
	for (size_t i = 0; i < flags->n; i++) {
		const struct flag *f = &flags->all[i];
		struct flume_err why = {0};
		int code = conf_store(c, f->option, out, CONF_FLAGS, f->text, &why);
		if (code)
			return flume_fail(err, code, "--%s: %s", f->option->name, why.text);
	}
	return 0;
}

/* ---- the other layers ---- */

static int store_defaults(struct conf *c, const struct conf_option *table, void *out,
			  struct flume_err *err)
{
	for (const struct conf_option *o = table; o->name; o++) {
		int code = 0;
		if (o->type == CONF_TEXTS && conf_begin_list(c, o, out, CONF_DEFAULT))
			code = flume_fail(err, FLUME_NOMEM, "out of memory");
		else if (o->fallback)
			code = conf_store(c, o, out, CONF_DEFAULT, o->fallback, err);
		if (code)
			return code;
	}
	return 0;
}

/* A variable that is set to nothing is as good as not set. */
static const char *variable(const struct conf_option *o)
{
	const char *text = o->env ? getenv(o->env) : NULL;
	return text && *text ? text : NULL;
}

/* Several values in one variable are separated by commas. */
static int store_parts(struct conf *c, const struct conf_option *o, void *out, const char *text,
		       struct flume_err *err)
{
	while (*text) {
		size_t n = strcspn(text, ",");
		char *part = strndup(text, n);
		int code = part ? conf_store(c, o, out, CONF_ENVIRONMENT, part, err)
				: flume_fail(err, FLUME_NOMEM, "out of memory");
		free(part);
		if (code)
			return code;
		text += n + (text[n] == ',');
	}
	return 0;
}

static int store_environment(struct conf *c, const struct conf_option *table, void *out,
			     struct flume_err *err)
{
	for (const struct conf_option *o = table; o->name; o++) {
		const char *text = variable(o);
		if (!text)
			continue;
		struct flume_err why = {0};
		int code = o->type == CONF_TEXTS
				   ? store_parts(c, o, out, text, &why)
				   : conf_store(c, o, out, CONF_ENVIRONMENT, text, &why);
		if (code)
			return flume_fail(err, code, "%s: %s", o->env, why.text);
	}
	return 0;
}

static const char *file_to_read(const struct flags *flags, const struct conf_request *r)
{
	const struct conf_option *o = conf_find(r->own, "config");
	if (!o)
		return NULL;
	for (size_t i = flags->n; i > 0; i--)
		if (flags->all[i - 1].option == o)
			return flags->all[i - 1].text;
	return variable(o);
}

static int resolve(struct flags *flags, struct conf *c, const struct conf_request *r, void *out,
		   flume_report *report, struct flume_err *err)
{
	int code = read_flags(flags, c, r, err);
	if (code)
		return code;
	if (flags->help)
		return CONF_HELP;
	code = store_defaults(c, r->own, out, err);
	const char *file = file_to_read(flags, r);
	if (!code && file)
		code = conf_read_file(c, r, out, file, report, err);
	if (!code)
		code = store_environment(c, r->own, out, err);
	return code ? code : store_flags(flags, c, r, out, err);
}

int conf_read(struct conf *c, const struct conf_request *r, void *out, flume_report *report,
	      struct flume_err *err)
{
	struct flags flags = {.all = calloc((size_t)r->argc + 1, sizeof *flags.all)};
	int code = flags.all ? resolve(&flags, c, r, out, report, err)
			     : flume_fail(err, FLUME_NOMEM, "out of memory");
	free(flags.all);
	return code;
}
