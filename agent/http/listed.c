#include "agent/http/listed.h"

#include <inttypes.h>
#include <string.h>

static bool is_yaml(const struct listed *list)
{
	return list->format == FLUME_YAML;
}

void listed_begin(struct listed *list, const char *key)
{
	text_addf(&list->out, is_yaml(list) ? "%s:" : "{\"%s\":[", key);
}

static void close_object(struct listed *list)
{
	if (list->n && !is_yaml(list))
		text_add_char(&list->out, '}');
}

void listed_add(struct listed *list)
{
	close_object(list);
	text_add(&list->out, is_yaml(list) ? "\n  - " : list->n ? ",\n{" : "{");
	list->n++;
	list->members = 0;
}

static void add_key(struct listed *list, const char *key)
{
	if (list->members++)
		text_add(&list->out, is_yaml(list) ? "\n    " : ",");
	text_addf(&list->out, is_yaml(list) ? "%s: " : "\"%s\":", key);
}

/* Both formats write a text in the same way, and that it is one. */
void listed_text(struct listed *list, const char *key, const char *value)
{
	add_key(list, key);
	text_add_json(&list->out, value, strlen(value));
}

void listed_number(struct listed *list, const char *key, uint64_t value)
{
	add_key(list, key);
	text_addf(&list->out, "%" PRIu64, value);
}

void listed_truth(struct listed *list, const char *key, bool value)
{
	add_key(list, key);
	text_add(&list->out, value ? "true" : "false");
}

void listed_end(struct listed *list)
{
	close_object(list);
	text_add(&list->out, !is_yaml(list) ? "]}\n" : list->n ? "\n" : " []\n");
}
