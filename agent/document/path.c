/* A path is one block of memory: the steps, the text, and the keys with their escapes undone.
 */
#include "agent/document/path.h"

#include "lib/base/utf8.h"

#include <stdlib.h>
#include <string.h>

struct scan {
	const char *text, *at;
	char *keys; /* where the next key goes */
	struct flume_err *err;
};

static int refuse(const struct scan *scan, const char *at, const char *why)
{
	size_t column = 1;
	for (const char *p = scan->text; p < at; p++)
		if (((unsigned char)*p & 0xC0) != 0x80)
			column++;
	return flume_fail(scan->err, FLUME_INVALID, "column %zu: %s", column, why);
}

static int read_key(struct scan *scan, struct path_step *step)
{
	char *key = scan->keys;
	while (*scan->at && *scan->at != '.' && *scan->at != '[') {
		if (*scan->at == '\\') {
			if (!strchr(".[\\", scan->at[1]) || !scan->at[1])
				return refuse(scan, scan->at,
					      "a backslash escapes only '.', '[' and '\\'");
			scan->at++;
		}
		size_t length = utf8_length(scan->at, strlen(scan->at));
		if (!length)
			return refuse(scan, scan->at, "not UTF-8");
		memcpy(scan->keys, scan->at, length);
		scan->keys += length;
		scan->at += length;
	}
	if (scan->keys == key)
		return refuse(scan, scan->at, "expected a key");
	*step = (struct path_step){.key = key, .len = (size_t)(scan->keys - key)};
	size_t head = step->len < sizeof step->head ? step->len : sizeof step->head;
	memcpy(&step->head, key, head);
	memset(&step->mask, 0xFF, head);
	return FLUME_OK;
}

static int read_index(struct scan *scan, struct path_step *step)
{
	const char *from = ++scan->at;
	size_t index = 0;
	for (; *scan->at >= '0' && *scan->at <= '9'; scan->at++) {
		if (scan->at - from == 9)
			return refuse(scan, from, "the index is too large");
		index = index * 10 + (size_t)(*scan->at - '0');
	}
	if (scan->at == from)
		return refuse(scan, from, "expected an index");
	if (*from == '0' && scan->at - from > 1)
		return refuse(scan, from, "an index has no leading zero");
	if (*scan->at != ']')
		return refuse(scan, scan->at, "expected ']'");
	scan->at++;
	if (*scan->at && *scan->at != '.' && *scan->at != '[')
		return refuse(scan, scan->at, "expected '.' or '['");
	*step = (struct path_step){.index = index};
	return FLUME_OK;
}

static int read_steps(struct scan *scan, struct path *path)
{
	while (path->count == 0 || *scan->at) {
		if (path->count == PATH_STEPS)
			return refuse(scan, scan->at, "the path has too many steps");
		struct path_step *step = &path->steps[path->count];
		bool bracket = *scan->at == '[';
		if (!bracket && path->count > 0)
			scan->at++; /* the dot */
		int rc = bracket ? read_index(scan, step) : read_key(scan, step);
		if (rc)
			return rc;
		step->end = (size_t)(scan->at - scan->text);
		path->count++;
	}
	return FLUME_OK;
}

/* No path has more steps than this: each but the first begins with '.' or '['. */
static size_t most_steps(const char *text)
{
	size_t n = 1;
	for (; *text; text++)
		n += *text == '.' || *text == '[';
	return n < PATH_STEPS ? n : PATH_STEPS;
}

int path_compile(struct path *out, const char *text, struct flume_err *err)
{
	size_t len = strlen(text), n = most_steps(text);
	struct path path = {.steps = malloc(n * sizeof *path.steps + 2 * len + 1)};
	if (!path.steps)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	path.text = (char *)(path.steps + n);
	memcpy(path.text, text, len + 1);
	struct scan scan = {
		.text = path.text, .at = path.text, .keys = path.text + len + 1, .err = err};
	int rc = read_steps(&scan, &path);
	if (rc)
		path_fini(&path);
	else
		*out = path;
	return rc;
}

void path_fini(struct path *path)
{
	free(path->steps);
	*path = (struct path){0};
}

static int compare_steps(const struct path_step *a, const struct path_step *b)
{
	if (!a->key || !b->key) {
		if (a->key || b->key)
			return a->key ? 1 : -1;
		return (a->index > b->index) - (a->index < b->index);
	}
	int order = memcmp(a->key, b->key, a->len < b->len ? a->len : b->len);
	return order ? order : (a->len > b->len) - (a->len < b->len);
}

int path_compare(const struct path *a, const struct path *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		int order = compare_steps(&a->steps[i], &b->steps[i]);
		if (order)
			return order;
	}
	return (a->count > b->count) - (a->count < b->count);
}

bool path_covers(const struct path *outer, const struct path *inner)
{
	if (outer->count > inner->count)
		return false;
	for (size_t i = 0; i < outer->count; i++)
		if (compare_steps(&outer->steps[i], &inner->steps[i]))
			return false;
	return true;
}
