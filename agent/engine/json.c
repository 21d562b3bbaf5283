#include "agent/engine/json.h"

#include "agent/engine/facts.h"
#include "lib/base/utf8.h"

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
