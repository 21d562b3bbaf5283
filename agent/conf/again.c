/* Two readings beside each other: for a file that is read again while what it said runs. */
#include "agent/conf/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t size_of(enum conf_type type)
{
	switch (type) {
	case CONF_TEXT:
	case CONF_TEXTS:
		return sizeof(const char *);
	case CONF_FLAG:
		return sizeof(bool);
	case CONF_DURATION:
	case CONF_COUNT:
	case CONF_SIZE:
		return sizeof(int64_t);
	case CONF_PERCENT:
		return sizeof(double);
	case CONF_CHOICE:
		return sizeof(int);
	}
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_texts(const char *const *a, const char *const *b)
{
	while (*a && *b && !strcmp(*a, *b)) {
		a++;
		b++;
	}
	return !*a && !*b;
}

bool conf_same(const struct conf_option *o, const void *a, const void *b)
{
	const void *x = (const char *)a + o->at, *y = (const char *)b + o->at;
	if (o->type == CONF_TEXT)
		return same_text(*(const char *const *)x, *(const char *const *)y);
	if (o->type == CONF_TEXTS)
		return same_texts(*(const char *const *const *)x,
				  *(const char *const *const *)y);
	return !memcmp(x, y, size_of(o->type));
}

void conf_lend(const struct conf_option *o, void *to, const void *from)
{
	memcpy((char *)to + o->at, (const char *)from + o->at, size_of(o->type));
}

int conf_same_section(const struct conf *a, const struct conf *b, const char *name, bool *out)
{
	const flume_value *x = a->root ? flume_value_get(a->root, name) : NULL;
	const flume_value *y = b->root ? flume_value_get(b->root, name) : NULL;
	char *left = x ? flume_value_dup_json(x) : NULL;
	char *right = y ? flume_value_dup_json(y) : NULL;
	bool good = (left || !x) && (right || !y);
	*out = same_text(left, right);
	free(left);
	free(right);
	return good ? 0 : FLUME_NOMEM;
}

void conf_place(const struct conf *c, const char *name, char *out, size_t size)
{
	const flume_value *v = c->root ? flume_value_get(c->root, name) : NULL;
	const char *file = c->file ? c->file : "";
	if (v)
		snprintf(out, size, "%s:%u:%u", file, flume_value_line(v),
			 flume_value_column(v));
	else
		snprintf(out, size, "%s", file);
}
