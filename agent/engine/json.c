#include "agent/engine/json.h"

#include "agent/engine/facts.h"
#include "lib/base/utf8.h"

#include <stdlib.h>
#include <string.h>

void add_key(struct text *t, const char *key)
{
	if (t->len && t->s[t->len - 1] != '{' && t->s[t->len - 1] != '[')
		text_add(t, ", ");
	text_addf(t, "\"%s\": ", key);
}

void add_text(struct text *t, const char *key, const char *value)
{
	add_key(t, key);
	text_add_json(t, value, strlen(value));
}

void add_known(struct text *t, const char *key, const char *value)
{
	if (*value)
		add_text(t, key, value);
}

void add_cut(struct text *t, const char *key, const char *value, size_t most)
{
	size_t n = strlen(value);
	add_key(t, key);
	text_add_json(t, value, n > most ? utf8_floor(value, most) : n);
}

void add_number(struct text *t, const char *key, int64_t value)
{
	add_key(t, key);
	text_addf(t, "%lld", (long long)value);
}

void add_truth(struct text *t, const char *key, bool value)
{
	add_key(t, key);
	text_add(t, value ? "true" : "false");
}

void add_stamp(struct text *t, const char *key, int64_t seconds)
{
	char stamp[STAMP_SIZE];
	stamp_write(stamp, seconds);
	add_text(t, key, stamp);
}

/* ---- reading ---- */

bool take_text(const flume_value *map, const char *key, char *out, size_t size)
{
	const flume_value *value = flume_value_get(map, key);
	if (!value)
		return true;
	const char *text = flume_value_text(value);
	size_t n = strlen(text);
	if (flume_value_type(value) != FLUME_TEXT)
		return false;
	if (n >= size)
		n = utf8_floor(text, size - 1);
	memcpy(out, text, n);
	out[n] = '\0';
	return true;
}

bool take_whole(const flume_value *map, const char *key, int64_t *out)
{
	const flume_value *value = flume_value_get(map, key);
	char *end;
	if (!value)
		return true;
	int64_t number = strtoll(flume_value_text(value), &end, 10);
	if (flume_value_type(value) != FLUME_NUMBER || *end || number < 0 ||
	    number == INT64_MAX)
		return false;
	*out = number;
	return true;
}

bool take_stamp(const flume_value *map, const char *key, int64_t *out_seconds)
{
	char at[STAMP_SIZE] = "";
	return take_text(map, key, at, sizeof at) && (!*at || !stamp_read(at, out_seconds));
}
