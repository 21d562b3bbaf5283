/* One text into one field, by its type. */
#include "agent/conf/inside.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct conf_list {
	const struct conf_option *of;
	enum conf_layer layer;
	char **items; /* NULL at the end */
	size_t n;
	struct conf_list *next;
};

static bool read_count(const char *text, int64_t *out)
{
	int64_t n = 0;
	if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 15)
		return false;
	for (; *text; text++)
		n = n * 10 + (*text - '0');
	*out = n;
	return true;
}

static bool read_size(const char *text, int64_t *out)
{
	static const struct {
		const char *unit;
		int shift;
	} units[] = {{"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"B", 0}, {"", 0}};
	char digits[16];
	size_t n = strspn(text, "0123456789");
	if (!n || n > 9)
		return false;
	memcpy(digits, text, n);
	digits[n] = '\0';
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcasecmp(text + n, units[i].unit) != 0)
			continue;
		if (!read_count(digits, out))
			return false;
		*out <<= units[i].shift;
		return *out > 0;
	}
	return false;
}

static bool read_percent(const char *text, double *out)
{
	size_t len = strlen(text);
	if (len < 2 || len > 32 || text[len - 1] != '%' ||
	    strspn(text, "0123456789.") != len - 1)
		return false;
	char *end;
	double percent = strtod(text, &end);
	if (end != text + len - 1 || percent > 100)
		return false;
	*out = percent / 100;
	return true;
}

static bool read_choice(const char *words, const char *text, int *out)
{
	size_t len = strlen(text);
	for (int i = 0; *words; i++) {
		size_t n = strcspn(words, "|");
		if (n == len && !memcmp(words, text, n)) {
			*out = i;
			return true;
		}
		words += n + (words[n] == '|');
	}
	return false;
}

static bool read_flag(const char *text, bool *out)
{
	*out = !strcmp(text, "true");
	return *out || !strcmp(text, "false");
}

int conf_begin_list(struct conf *c, const struct conf_option *o, void *out,
		    enum conf_layer layer)
{
	struct conf_list *l = c->lists;
	while (l && l->of != o)
		l = l->next;
	if (!l) {
		l = calloc(1, sizeof *l);
		char **items = calloc(1, sizeof *items);
		if (!l || !items) {
			free(l);
			free(items);
			return FLUME_NOMEM;
		}
		*l = (struct conf_list){
			.of = o, .layer = layer, .items = items, .next = c->lists};
		c->lists = l;
	}
	if (l->layer != layer) {
		while (l->n)
			free(l->items[--l->n]);
		l->items[0] = NULL;
		l->layer = layer;
	}
	*(char ***)((char *)out + o->at) = l->items;
	return 0;
}

static int add_to_list(struct conf *c, const struct conf_option *o, void *out,
		       enum conf_layer layer, const char *text)
{
	if (conf_begin_list(c, o, out, layer))
		return FLUME_NOMEM;
	struct conf_list *l = c->lists;
	while (l->of != o)
		l = l->next;
	char *copy = strdup(text);
	char **items = copy ? realloc(l->items, (l->n + 2) * sizeof *items) : NULL;
	if (!items) {
		free(copy);
		return FLUME_NOMEM;
	}
	items[l->n++] = copy;
	items[l->n] = NULL;
	l->items = items;
	*(char ***)((char *)out + o->at) = items;
	return 0;
}

int conf_store(struct conf *c, const struct conf_option *o, void *out, enum conf_layer layer,
	       const char *text, struct flume_err *err)
{
	void *field = (char *)out + o->at;
	bool good = true;
	const char *wanted = "";
	switch (o->type) {
	case CONF_TEXT:
		*(const char **)field = text;
		break;
	case CONF_TEXTS:
		if (add_to_list(c, o, out, layer, text))
			return flume_fail(err, FLUME_NOMEM, "out of memory");
		break;
	case CONF_FLAG:
		good = read_flag(text, field);
		wanted = "true or false";
		break;
	case CONF_DURATION:
		good = flume_duration_parse(text, field) == 0;
		wanted = "a duration (30s, 1m30s, 500ms)";
		break;
	case CONF_COUNT:
		good = read_count(text, field);
		wanted = "a whole number";
		break;
	case CONF_SIZE:
		good = read_size(text, field);
		wanted = "a size (1000, 64KiB, 1MiB)";
		break;
	case CONF_PERCENT:
		good = read_percent(text, field);
		wanted = "a percentage (1%, 0.5%)";
		break;
	case CONF_CHOICE:
		good = read_choice(o->value, text, field);
		wanted = o->value;
		break;
	}
	if (good)
		return 0;
	return flume_fail(err, FLUME_INVALID, "'%.80s' is not %s%s", text,
			  o->type == CONF_CHOICE ? "one of " : "", wanted);
}

void conf_fini(struct conf *c)
{
	while (c->lists) {
		struct conf_list *l = c->lists;
		c->lists = l->next;
		while (l->n)
			free(l->items[--l->n]);
		free(l->items);
		free(l);
	}
	flume_value_free(c->root);
	free(c->text);
	*c = (struct conf){0};
}
