/*
 * Where one read ends and the next begins says nothing about lines: a long message comes in
 * many pieces, and the newline of a long one arrives alone.  The last message of a stream may
 * have none.
 */
#include "agent/etcd/lines.h"

#include "lib/flume.h"

#include <stdlib.h>
#include <string.h>

enum { KEEP = 64 * 1024 }; /* a bigger buffer is given back when it has been read */

static void compact(struct etcd_lines *l)
{
	size_t left = l->len - l->start;
	if (!left && l->cap > KEEP) {
		etcd_lines_fini(l);
		return;
	}
	if (l->start)
		memmove(l->s, l->s + l->start, left);
	l->scanned -= l->start;
	l->len = left;
	l->start = 0;
}

int etcd_lines_feed(struct etcd_lines *l, const char *bytes, size_t n, size_t most)
{
	if (!n)
		return 0;
	compact(l);
	if (n > most || l->len > most - n)
		return FLUME_LIMITED;
	if (l->cap - l->len < n) {
		size_t cap = l->cap ? l->cap : 1024;
		while (cap - l->len < n)
			cap *= 2;
		char *s = realloc(l->s, cap);
		if (!s)
			return FLUME_NOMEM;
		l->s = s;
		l->cap = cap;
	}
	memcpy(l->s + l->len, bytes, n);
	l->len += n;
	return 0;
}

bool etcd_lines_next(struct etcd_lines *l, const char **line, size_t *len)
{
	if (l->scanned == l->len)
		return false;
	const char *end = memchr(l->s + l->scanned, '\n', l->len - l->scanned);
	if (!end) {
		l->scanned = l->len;
		return false;
	}
	*line = l->s + l->start;
	*len = (size_t)(end - *line);
	l->start += *len + 1;
	l->scanned = l->start;
	return true;
}

const char *etcd_lines_rest(struct etcd_lines *l, size_t *len)
{
	const char *rest = l->s ? l->s + l->start : "";
	*len = l->len - l->start;
	l->start = l->scanned = l->len;
	return rest;
}

void etcd_lines_fini(struct etcd_lines *l)
{
	free(l->s);
	*l = (struct etcd_lines){0};
}
