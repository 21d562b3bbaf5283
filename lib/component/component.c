#include "lib/component/component.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *text, *key;
} kinds[FLUME_KINDS] = {
	[FLUME_PROCESSOR] = {"processor", "processors"},
	[FLUME_PREDICATE] = {"predicate", "predicates"},
	[FLUME_CONDITION] = {"condition", "conditions"},
	[FLUME_REDUCER] = {"reducer", "reducers"},
	[FLUME_ERROR_HANDLER] = {"error handler", "error_handlers"},
	[FLUME_CHANNEL] = {"channel", "channels"},
};

const char *flume_kind_text(enum flume_kind kind)
{
	return (unsigned)kind < FLUME_KINDS ? kinds[kind].text : "component";
}

const char *flume_kind_key(enum flume_kind kind)
{
	return (unsigned)kind < FLUME_KINDS ? kinds[kind].key : "components";
}

int component_kind(const struct flume_component *row)
{
	const bool set[FLUME_KINDS] = {
		[FLUME_PROCESSOR] = row->run,  [FLUME_PREDICATE] = row->test,
		[FLUME_CONDITION] = row->pick, [FLUME_REDUCER] = row->merge,
		[FLUME_CHANNEL] = row->send,   [FLUME_ERROR_HANDLER] = row->handle,
	};
	int kind = FLUME_INVALID;
	for (int i = 0; i < FLUME_KINDS; i++) {
		if (!set[i])
			continue;
		if (kind != FLUME_INVALID)
			return FLUME_INVALID;
		kind = i;
	}
	return kind;
}

const char component_name_pattern[] = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$";

static bool good_name(const char *name)
{
	static const char first[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	static const char rest[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	return name && *name && strchr(first, *name) && strspn(name, rest) == strlen(name) &&
	       strlen(name) <= 128;
}

static size_t text_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static const char *text_copy(char **at, const char *text)
{
	if (!text)
		return NULL;
	char *copy = *at;
	memcpy(copy, text, text_size(text));
	*at += text_size(text);
	return copy;
}

/* Name, about and words in one block, the words' pointers in front. */
static int copy_texts(struct component *component, const struct flume_component *row)
{
	size_t n = 0, bytes = text_size(row->name) + text_size(row->about);
	while (row->words && row->words[n])
		bytes += text_size(row->words[n++]);
	const char **words = malloc((n + 1) * sizeof *words + bytes);
	if (!words)
		return FLUME_NOMEM;
	char *at = (char *)(words + n + 1);
	component->is.name = text_copy(&at, row->name);
	component->is.about = text_copy(&at, row->about);
	for (size_t i = 0; i < n; i++)
		words[i] = text_copy(&at, row->words[i]);
	words[n] = NULL;
	component->is.words = row->words ? words : NULL;
	component->texts = words;
	return FLUME_OK;
}

static void component_free(struct component *component)
{
	for (size_t i = 0; i < component->n_uses; i++)
		component_unref(component->uses[i]);
	free(component->uses);
	if (component->unkeep)
		component->unkeep(component->keep);
	free(component->texts);
	free(component);
}

int component_new(struct component **out, const struct flume_component *row,
		  struct flume_err *err)
{
	int kind = component_kind(row);
	if (kind < 0)
		return flume_fail(err, FLUME_INVALID,
				  "exactly one of run, test, pick, merge, "
				  "handle and send must be set");
	if (!good_name(row->name))
		return flume_fail(err, FLUME_INVALID, "'%.64s' cannot name a %s",
				  row->name ? row->name : "", flume_kind_text(kind));
	struct component *component = calloc(1, sizeof *component);
	if (!component)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	counted_init(&component->counted);
	component->kind = kind;
	component->is = *row;
	component->depth = 1;
	component->weight = 1;
	if (copy_texts(component, row)) {
		free(component);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	*out = component;
	return FLUME_OK;
}

bool component_needs(const struct component *component, const struct component *other)
{
	bool needs = component == other;
	for (size_t i = 0; i < component->n_uses && !needs; i++)
		needs = component_needs(component->uses[i], other);
	return needs;
}

bool component_uses_whole(const struct component *component)
{
	bool whole = true;
	for (size_t i = 0; i < component->n_uses && whole; i++)
		whole = component_is_whole(component->uses[i]);
	return whole;
}

struct component *component_ref(struct component *component)
{
	if (component)
		counted_ref(&component->counted);
	return component;
}

struct component *component_unref(struct component *component)
{
	if (component && counted_unref(&component->counted)) {
		if (component->is.done)
			component->is.done(component->is.arg);
		component_free(component);
	}
	return NULL;
}
