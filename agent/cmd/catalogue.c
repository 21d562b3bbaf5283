#include "agent/cmd/catalogue.h"

#include "lib/base/suggest.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *entry_text(const flume_value *map, const char *key)
{
	return flume_value_text(flume_value_get(map, key));
}

bool entry_is_true(const flume_value *map, const char *key)
{
	return !strcmp(entry_text(map, key), "true");
}

const char *entry_origin(const struct entry *e)
{
	const char *origin = entry_text(e->is, "origin");
	return *origin ? origin : "built in";
}

/* ---- all of them ---- */

static size_t count(const flume_value *root)
{
	const flume_value *kinds = flume_value_get(root, "kinds");
	size_t n = flume_value_size(flume_value_get(root, "connectors"));
	for (size_t i = 0; i < flume_value_size(kinds); i++)
		n += flume_value_size(flume_value_get(flume_value_at(kinds, i), "makers"));
	return n;
}

static void add_makers(struct catalogue *c, const flume_value *kind)
{
	const flume_value *makers = flume_value_get(kind, "makers");
	for (size_t i = 0; i < flume_value_size(makers); i++) {
		const flume_value *is = flume_value_at(makers, i);
		c->all[c->n++] =
			(struct entry){entry_text(kind, "section"), entry_text(kind, "kind"),
				       entry_text(is, "kind"), is};
	}
}

static void add_nodes(struct catalogue *c, const flume_value *connectors)
{
	for (size_t i = 0; i < flume_value_size(connectors); i++) {
		const flume_value *is = flume_value_at(connectors, i);
		const char *type = entry_text(is, "type");
		c->all[c->n++] = (struct entry){"nodes", "node",
						*type ? type : entry_text(is, "form"), is};
	}
}

int catalogue_read(struct catalogue *c, const char *spec)
{
	const struct flume_limits enough = {.bytes = 64 << 20, .nodes = 1 << 20};
	if (flume_value_parse(&c->root, spec, strlen(spec), FLUME_JSON, &enough, NULL))
		return FLUME_NOMEM;
	size_t n = count(c->root);
	c->all = calloc(n ? n : 1, sizeof *c->all);
	if (!c->all)
		return FLUME_NOMEM;
	const flume_value *kinds = flume_value_get(c->root, "kinds");
	for (size_t i = 0; i < flume_value_size(kinds); i++)
		add_makers(c, flume_value_at(kinds, i));
	add_nodes(c, flume_value_get(c->root, "connectors"));
	return 0;
}

void catalogue_fini(struct catalogue *c)
{
	flume_value_free(c->root);
	free(c->all);
	*c = (struct catalogue){0};
}

/* ---- some of them ---- */

static bool has_word(const struct entry *e, const char *word)
{
	const flume_value *fields = flume_value_get(e->is, "fields");
	bool found = strcasestr(e->section, word) || strcasestr(e->name, word) ||
		     strcasestr(entry_text(e->is, "about"), word) ||
		     strcasestr(entry_origin(e), word);
	for (size_t i = 0; i < flume_value_size(fields) && !found; i++) {
		const flume_value *field = flume_value_at(fields, i);
		found = strcasestr(entry_text(field, "name"), word) ||
			strcasestr(entry_text(field, "about"), word);
	}
	return found;
}

static bool has_words(const struct entry *e, char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!has_word(e, words[i]))
			return false;
	return true;
}

static bool is_called(const struct entry *e, char *const *words, size_t n)
{
	return n == 1 && !strcmp(e->name, words[0]);
}

static size_t keep(struct catalogue *c, char *const *words, size_t n,
		   bool (*wanted)(const struct entry *, char *const *, size_t))
{
	size_t kept = 0;
	for (size_t i = 0; i < c->n; i++)
		if (wanted(&c->all[i], words, n))
			c->all[kept++] = c->all[i];
	return kept;
}

void catalogue_find(struct catalogue *c, char *const *words, size_t n)
{
	bool named = false;
	for (size_t i = 0; i < c->n; i++)
		named |= is_called(&c->all[i], words, n);
	c->n = keep(c, words, n, named ? is_called : has_words);
}

const char *catalogue_near(const struct catalogue *c, const char *word)
{
	const char **names = calloc(c->n ? c->n : 1, sizeof *names);
	for (size_t i = 0; names && i < c->n; i++)
		names[i] = c->all[i].name;
	const char *near = names ? suggest(word, names, c->n) : NULL;
	free(names);
	return near;
}
