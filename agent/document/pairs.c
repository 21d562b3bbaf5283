#include "agent/document/pairs.h"

#include <string.h>

struct piece { /* of the text */
	const char *s;
	size_t len;
};

struct pair {
	struct piece key, value;
	bool bare, quoted;
};

struct scan {
	const struct pairs_rules *rules;
	const char *text, *at, *end;
	struct flume_err *err;
};

static int refuse(const struct scan *scan, const char *at, const char *why)
{
	size_t column = 1;
	for (const char *p = scan->text; p < at; p++)
		column += ((unsigned char)*p & 0xC0) != 0x80;
	return flume_fail(scan->err, FLUME_FAILED, "column %zu: %s", column, why);
}

/* Is what comes next one of `set`?  A NUL of the text is none. */
static bool is_at(const struct scan *scan, const char *set)
{
	return scan->at < scan->end && *scan->at && strchr(set, *scan->at);
}

static struct piece read_word(struct scan *scan, const char *until, const char *or_until)
{
	const char *from = scan->at;
	while (scan->at < scan->end && !is_at(scan, until) && !is_at(scan, or_until))
		scan->at++;
	return (struct piece){from, (size_t)(scan->at - from)};
}

/* Between the quotes; escapes are left for add_quoted. */
static int read_quoted(struct scan *scan, struct piece *out)
{
	const char *quote = scan->at++, *from = scan->at;
	while (scan->at < scan->end && *scan->at != '"')
		scan->at += *scan->at == '\\' ? 2 : 1;
	if (scan->at >= scan->end)
		return refuse(scan, quote, "no quote ends the value");
	*out = (struct piece){from, (size_t)(scan->at - from)};
	scan->at++;
	if (scan->at < scan->end && !is_at(scan, scan->rules->between))
		return refuse(scan, scan->at, "a value goes on behind its quotes");
	return FLUME_OK;
}

static int read_pair(struct scan *scan, struct pair *pair)
{
	const struct pairs_rules *rules = scan->rules;
	const char *from = scan->at;
	*pair = (struct pair){.key = read_word(scan, rules->between, rules->equals)};
	if (!pair->key.len)
		return refuse(scan, from, "a key is missing");
	pair->bare = !is_at(scan, rules->equals);
	if (pair->bare)
		return FLUME_OK;
	scan->at++;
	pair->quoted = is_at(scan, "\"");
	if (pair->quoted)
		return read_quoted(scan, &pair->value);
	pair->value = read_word(scan, rules->between, "");
	return FLUME_OK;
}

static bool is_same(struct piece a, struct piece b)
{
	return a.len == b.len && !memcmp(a.s, b.s, a.len);
}

/* The place of a pair: its own, or that of the one before with its key. */
static size_t place_of(const struct pair *pairs, size_t n, struct piece key)
{
	for (size_t i = 0; i < n; i++)
		if (is_same(pairs[i].key, key))
			return i;
	return n;
}

static void add_quoted(struct room *room, struct piece value)
{
	static const char names[] = "ntr", meant[] = "\n\t\r";
	struct room plain;
	room_init(&plain);
	for (size_t i = 0; i < value.len; i++) {
		char c = value.s[i];
		if (c == '\\' && i + 1 < value.len) {
			c = value.s[++i];
			const char *name = c ? strchr(names, c) : NULL;
			if (name)
				c = meant[name - names];
			else if (c != '"' && c != '\\')
				room_add_char(&plain, '\\');
		}
		room_add_char(&plain, c);
	}
	room_add_json(room, plain.s, plain.len);
	room->no_memory |= plain.no_memory;
	room_fini(&plain);
}

static void add_pair(struct room *room, const struct pair *pair)
{
	room_add_json(room, pair->key.s, pair->key.len);
	room_add_char(room, ':');
	if (pair->bare)
		room_add(room, "true", 4);
	else if (pair->quoted)
		add_quoted(room, pair->value);
	else
		room_add_json(room, pair->value.s, pair->value.len);
}

int pairs_read(const struct pairs_rules *rules, const char *text, size_t len, struct room *room,
	       struct flume_err *err)
{
	struct pair pairs[PAIRS_MOST + 1];
	struct scan scan = {rules, text, text, text + len, err};
	size_t n = 0;
	for (;;) {
		while (is_at(&scan, rules->between))
			scan.at++;
		if (scan.at == scan.end)
			break;
		int rc = read_pair(&scan, &pairs[n]);
		if (rc)
			return rc;
		size_t place = place_of(pairs, n, pairs[n].key);
		if (place == PAIRS_MOST)
			return refuse(&scan, pairs[n].key.s, "more than 256 keys");
		pairs[place] = pairs[n];
		n += place == n;
	}
	room_add_char(room, '{');
	for (size_t i = 0; i < n; i++) {
		if (i)
			room_add_char(room, ',');
		add_pair(room, &pairs[i]);
	}
	room_add_char(room, '}');
	return FLUME_OK;
}
