/*
 * Myers' greedy search for the shortest way from one text to the other ("An O(ND) Difference
 * Algorithm and Its Variations", 1986), on what is left when the same beginning and end are taken
 * off.  Its memory grows with the square of the differences, so beyond a bound the middle is told
 * as replaced, which is true as well.
 */
#include "agent/cmd/unified.h"

#include "agent/cmd/clean.h"

#include <stdlib.h>
#include <string.h>

#define AROUND   ((size_t)3)
#define WAY_MOST 1000 /* lines that differ; 4 MB */

struct line {
	const char *s;
	size_t len; /* without the line feed */
	bool open;  /* there is none         */
	bool changed;
};

struct side {
	struct line *lines;
	size_t n;
};

static bool is_same(const struct line *a, const struct line *b)
{
	return a->len == b->len && a->open == b->open &&
	       (!a->len || !memcmp(a->s, b->s, a->len));
}

static int split(struct side *out, const struct unified_side *in)
{
	size_t n = 0;
	const char *end = in->text + in->len;
	for (const char *s = in->text; s < end; n++) {
		const char *feed = memchr(s, '\n', (size_t)(end - s));
		s = feed ? feed + 1 : end;
	}
	out->lines = calloc(n ? n : 1, sizeof *out->lines);
	if (!out->lines)
		return FLUME_NOMEM;
	for (const char *s = in->text; s < end;) {
		const char *feed = memchr(s, '\n', (size_t)(end - s));
		const char *stop = feed ? feed : end;
		out->lines[out->n++] = (struct line){s, (size_t)(stop - s), !feed, false};
		s = feed ? feed + 1 : end;
	}
	return 0;
}

/* ---- the shortest way ---- */

struct middle { /* what differs of both */
	struct line *a, *b;
	int n, m;
};

static struct middle trim(const struct side *old, const struct side *new)
{
	size_t head = 0, tail = 0;
	size_t most = old->n < new->n ? old->n : new->n;
	while (head < most && is_same(&old->lines[head], &new->lines[head]))
		head++;
	while (tail < most - head &&
	       is_same(&old->lines[old->n - 1 - tail], &new->lines[new->n - 1 - tail]))
		tail++;
	return (struct middle){old->lines + head, new->lines + head,
			       (int)(old->n - head - tail), (int)(new->n - head - tail)};
}

/* How far one gets on diagonal k with one step more than `v` tells. */
static int reach(const struct middle *m, const int *v, int d, int k)
{
	bool down = k == -d || (k != d && v[k - 1] < v[k + 1]);
	int x = down ? v[k + 1] : v[k - 1] + 1;
	while (x < m->n && x - k < m->m && is_same(&m->a[x], &m->b[x - k]))
		x++;
	return x;
}

/* The rows lie one behind the other; row d has the diagonals -d-1 to d+1. */
static size_t row_at(int d)
{
	return (size_t)d * (size_t)(d + 2) + (size_t)(d + 1);
}

static void mark_way(const struct middle *m, const int *rows, int d)
{
	int x = m->n, y = m->m;
	for (; d > 0; d--) {
		const int *v = rows + row_at(d - 1);
		int k = x - y;
		bool down = k == -d || (k != d && v[k - 1] < v[k + 1]);
		int from_k = down ? k + 1 : k - 1;
		int from_x = v[from_k], from_y = from_x - from_k;
		if (down)
			m->b[from_y].changed = true;
		else
			m->a[from_x].changed = true;
		x = from_x;
		y = from_y;
	}
}

static void mark_all(const struct middle *m)
{
	for (int i = 0; i < m->n; i++)
		m->a[i].changed = true;
	for (int i = 0; i < m->m; i++)
		m->b[i].changed = true;
}

/* Row d is the reach with d steps; in one before it there is a place for the step from nowhere. */
static int walk(const struct middle *m, int **rows, int d)
{
	size_t need = row_at(d) + (size_t)(d + 2);
	int *grown = realloc(*rows, need * sizeof *grown);
	if (!grown)
		return FLUME_NOMEM;
	*rows = grown;
	int *v = grown + row_at(d);
	const int *before = d ? grown + row_at(d - 1) : NULL;
	v[-d - 1] = v[d + 1] = -1;
	for (int k = -d; k <= d; k++)
		v[k] = -1;
	for (int k = -d; k <= d; k += 2) {
		int x = 0;
		if (before)
			x = reach(m, before, d, k);
		else
			while (x < m->n && x < m->m && is_same(&m->a[x], &m->b[x]))
				x++;
		v[k] = x;
		if (x >= m->n && x - k >= m->m)
			return 1;
	}
	return 0;
}

static int mark(const struct middle *m)
{
	int *rows = NULL;
	int rc = 0, d = 0;
	for (; !rc && d <= WAY_MOST; d++)
		rc = walk(m, &rows, d);
	if (rc == 1)
		mark_way(m, rows, d - 1);
	else if (!rc)
		mark_all(m);
	free(rows);
	return rc < 0 ? rc : 0;
}

/* ---- how it is told ---- */

static void add_line(struct text *t, char sign, const struct line *line)
{
	text_add_char(t, sign);
	text_add_clean(t, line->s, line->len);
	text_add(t, line->open ? "\n\\ No newline at end of file\n" : "\n");
}

struct place {
	size_t i, j; /* in the old one and the new one */
};

static bool differs(const struct side *old, const struct side *new, struct place p)
{
	return (p.i < old->n && old->lines[p.i].changed) ||
	       (p.j < new->n &&new->lines[p.j].changed);
}

static struct place step(const struct side *old, const struct side *new, struct place p)
{
	if (p.i < old->n && old->lines[p.i].changed)
		p.i++;
	else if (p.j < new->n &&new->lines[p.j].changed)
		p.j++;
	else
		p = (struct place){p.i + 1, p.j + 1};
	return p;
}

/* Where the part ends that begins there: behind it come more lines that are the same than are
 * shown around it. */
static struct place end_of_part(const struct side *old, const struct side *new, struct place p)
{
	struct place end = p;
	for (size_t same = 0; p.i < old->n || p.j < new->n;) {
		bool other = differs(old, new, p);
		same = other ? 0 : same + 1;
		if (same > 2 * AROUND)
			break;
		p = step(old, new, p);
		if (other)
			end = p;
	}
	return end;
}

static void add_part(struct text *t, const struct side *old, const struct side *new,
		     struct place from, struct place to)
{
	size_t n = to.i - from.i, m = to.j - from.j;
	text_addf(t, "@@ -%zu,%zu +%zu,%zu @@\n", from.i + (n > 0), n, from.j + (m > 0), m);
	while (from.i < to.i || from.j < to.j) {
		if (from.i < to.i && old->lines[from.i].changed)
			add_line(t, '-', &old->lines[from.i]);
		else if (from.j < to.j && new->lines[from.j].changed)
			add_line(t, '+', &new->lines[from.j]);
		else
			add_line(t, ' ', &old->lines[from.i]);
		from = step(old, new, from);
	}
}

static void add_parts(struct text *t, const struct side *old, const struct side *new)
{
	struct place p = {0};
	while (p.i < old->n || p.j < new->n) {
		if (!differs(old, new, p)) {
			p = step(old, new, p);
			continue;
		}
		struct place end = end_of_part(old, new, p);
		size_t before = p.i < AROUND ? p.i : AROUND;
		if (before > p.j)
			before = p.j;
		size_t left = old->n - end.i, after = left < AROUND ? left : AROUND;
		add_part(t, old, new, (struct place){p.i - before, p.j - before},
			 (struct place){end.i + after, end.j + after});
		p = end;
	}
}

int unified_diff(struct text *out, const struct unified_side *old,
		 const struct unified_side *new)
{
	struct side a = {0}, b = {0};
	int rc = split(&a, old);
	if (!rc)
		rc = split(&b, new);
	bool differ =
		!rc && (old->len != new->len || memcmp(old->text, new->text, old->len) != 0);
	if (differ) {
		const struct middle m = trim(&a, &b);
		rc = mark(&m);
	}
	if (differ && !rc) {
		text_addf(out, "--- %s\n+++ %s\n", old->label, new->label);
		add_parts(out, &a, &b);
		rc = out->failed ? FLUME_NOMEM : 0;
	}
	free(a.lines);
	free(b.lines);
	return rc;
}
