#include "agent/outside/table.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS 1024

struct span {
	size_t at, len; /* in `fields` */
};

struct csv {
	const char *at, *end;
	size_t line;        /* of `at`                           */
	size_t first;       /* line of the record that was read */
	struct text fields; /* of it, without quotes             */
	struct span spans[COLUMNS];
	size_t n;
	struct flume_err *err;
};

static int refuse(const struct csv *c, const char *why)
{
	return flume_fail(c->err, FLUME_SYNTAX, "line %zu: %s", c->first, why);
}

/* ---- records ---- */

static int read_quoted(struct csv *c)
{
	for (c->at++; c->at < c->end; c->at++) {
		if (*c->at == '\n')
			c->line++;
		if (*c->at != '"') {
			text_add_char(&c->fields, *c->at);
			continue;
		}
		if (++c->at == c->end || *c->at != '"')
			return c->at == c->end || strchr(",\r\n", *c->at)
				       ? FLUME_OK
				       : refuse(c, "text behind a closing quote");
		text_add_char(&c->fields, '"');
	}
	return refuse(c, "a quote is not closed");
}

static int read_plain(struct csv *c)
{
	const char *from = c->at;
	while (c->at < c->end && *c->at != ',' && *c->at != '\n' && *c->at != '\r')
		if (*c->at++ == '"')
			return refuse(c, "a quote in a field that does not begin with one");
	text_add_n(&c->fields, from, (size_t)(c->at - from));
	return FLUME_OK;
}

static bool end_of_record(struct csv *c)
{
	if (c->at < c->end && *c->at == '\r')
		c->at++;
	if (c->at < c->end && *c->at != '\n')
		return false;
	c->at += c->at < c->end;
	c->line++;
	return true;
}

static int read_field(struct csv *c)
{
	if (c->n == COLUMNS)
		return refuse(c, "more than 1024 fields");
	size_t from = c->fields.len;
	int rc = c->at < c->end && *c->at == '"' ? read_quoted(c) : read_plain(c);
	if (rc)
		return rc;
	if (c->fields.failed)
		return flume_fail(c->err, FLUME_NOMEM, "out of memory");
	if (c->fields.len > from && !utf8_is_all(c->fields.s + from, c->fields.len - from))
		return refuse(c, "not UTF-8");
	c->spans[c->n++] = (struct span){from, c->fields.len - from};
	return FLUME_OK;
}

static int read_record(struct csv *c)
{
	c->n = 0;
	c->fields.len = 0;
	c->first = c->line;
	for (;;) {
		int rc = read_field(c);
		if (rc)
			return rc;
		if (c->at < c->end && *c->at == ',')
			c->at++;
		else
			return end_of_record(c) ? FLUME_OK : refuse(c, "a carriage return");
	}
}

/* ---- the table ---- */

struct header {
	char *names; /* one after the other, each as a JSON string */
	struct span spans[COLUMNS];
	size_t n, key, value; /* value == n: all but the key */
};

static const char *field(const struct csv *c, size_t i)
{
	return c->fields.s ? c->fields.s + c->spans[i].at : "";
}

/* n when there is none. */
static size_t column(const struct csv *c, const char *name)
{
	size_t i = 0;
	while (i < c->n && (c->spans[i].len != strlen(name) ||
			    memcmp(field(c, i), name, c->spans[i].len) != 0))
		i++;
	return i;
}

static int find_columns(const struct csv *c, struct header *h, const char *key,
			const char *value)
{
	h->key = key ? column(c, key) : 0;
	h->value = value ? column(c, value) : c->n;
	if (h->key == c->n || (value && h->value == c->n))
		return flume_fail(c->err, FLUME_SYNTAX, "line %zu: no column is called '%.64s'",
				  c->first, h->key == c->n ? key : value);
	return FLUME_OK;
}

static int read_header(struct csv *c, struct header *h, const char *key, const char *value)
{
	struct text names = {0};
	int rc = read_record(c);
	for (size_t i = 0; i < c->n && !rc; i++) {
		for (size_t k = 0; k < i && !rc; k++)
			if (c->spans[k].len == c->spans[i].len &&
			    !memcmp(field(c, k), field(c, i), c->spans[i].len))
				rc = refuse(c, "two columns have the same name");
		size_t from = names.len;
		text_add_json(&names, field(c, i), c->spans[i].len);
		h->spans[i] = (struct span){from, names.len - from};
	}
	h->n = c->n;
	if (!rc)
		rc = find_columns(c, h, key, value);
	h->names = text_take(&names);
	return rc ? rc : h->names ? FLUME_OK : FLUME_NOMEM;
}

static void add_row(struct text *json, const struct csv *c, const struct header *h)
{
	if (h->value < h->n) {
		text_add_json(json, field(c, h->value), c->spans[h->value].len);
		return;
	}
	text_add_char(json, '{');
	for (size_t i = 0, comma = 0; i < h->n; i++) {
		if (i == h->key)
			continue;
		if (comma++)
			text_add_char(json, ',');
		text_add_n(json, h->names + h->spans[i].at, h->spans[i].len);
		text_add_char(json, ':');
		text_add_json(json, field(c, i), c->spans[i].len);
	}
	text_add_char(json, '}');
}

/* How much of a field fits into an error. */
static int shown(const struct csv *c, size_t i)
{
	size_t len = c->spans[i].len;
	return (int)(len < 64 ? len : utf8_floor(field(c, i), 64));
}

static int add_record(struct table *t, const struct csv *c, const struct header *h,
		      struct text *json)
{
	if (c->n == 1 && !c->spans[0].len) /* an empty line */
		return FLUME_OK;
	if (c->n != h->n)
		return flume_fail(c->err, FLUME_SYNTAX, "line %zu: %zu fields, expected %zu",
				  c->first, c->n, h->n);
	json->len = 0;
	add_row(json, c, h);
	int rc = json->failed ? FLUME_NOMEM
			      : table_add(t, field(c, h->key), c->spans[h->key].len, json->s,
					  json->len);
	if (rc == FLUME_EXISTS)
		return flume_fail(c->err, FLUME_SYNTAX, "line %zu: '%.*s' is there twice",
				  c->first, shown(c, h->key), field(c, h->key));
	return rc ? flume_fail(c->err, rc, "out of memory") : FLUME_OK;
}

static int read_all(struct table *t, struct csv *c, const char *key, const char *value)
{
	struct header *h = calloc(1, sizeof *h);
	struct text json = {0};
	if (!h)
		return flume_fail(c->err, FLUME_NOMEM, "out of memory");
	int rc = read_header(c, h, key, value);
	while (!rc && c->at < c->end) {
		rc = read_record(c);
		if (!rc)
			rc = add_record(t, c, h, &json);
	}
	text_fini(&json);
	free(h->names);
	free(h);
	return rc;
}

int table_read_csv(struct table **out, const char *text, size_t len, const char *key,
		   const char *value, struct flume_err *err)
{
	struct csv *c = calloc(1, sizeof *c);
	struct table *t = table_new();
	if (!c || !t) {
		free(c);
		table_free(t);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	bool mark = len >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3);
	c->at = text + (mark ? 3 : 0);
	c->end = text + len;
	c->line = 1;
	c->err = err;
	int rc = read_all(t, c, key, value);
	text_fini(&c->fields);
	free(c);
	if (rc) {
		table_free(t);
		return rc;
	}
	*out = t;
	return FLUME_OK;
}
