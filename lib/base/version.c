#include "lib/flume.h"

#include <string.h>

/* One identifier, a run between dots. */
struct id {
	const char *s;
	size_t n;
	bool numeric;
};

struct version {
	struct id numbers[3];
	const char *pre; /* behind the hyphen; NULL: a release */
	const char *end; /* of pre                             */
};

static struct id read_id(const char *s)
{
	struct id id = {s, 0, true};
	for (;; id.n++) {
		char c = s[id.n];
		if (c >= '0' && c <= '9')
			continue;
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'))
			break;
		id.numeric = false;
	}
	if (id.n == 0)
		id.numeric = false;
	return id;
}

static bool is_number(struct id id)
{
	return id.numeric && (id.n == 1 || id.s[0] != '0');
}

/* Dotted identifiers up to their end, or NULL.  In a pre-release a number has no leading 0. */
static const char *skip_ids(const char *s, bool pre)
{
	for (;;) {
		struct id id = read_id(s);
		if (id.n == 0 || (pre && id.numeric && !is_number(id)))
			return NULL;
		s += id.n;
		if (*s != '.')
			return s;
		s++;
	}
}

static bool read_version(struct version *v, const char *s)
{
	if (*s == 'v')
		s++;
	for (int i = 0; i < 3; i++) {
		if (i > 0 && *s++ != '.')
			return false;
		size_t n = strspn(s, "0123456789");
		v->numbers[i] = (struct id){s, n, n > 0};
		if (!is_number(v->numbers[i]))
			return false;
		s += n;
	}
	v->pre = v->end = NULL;
	if (*s == '-') {
		v->pre = s + 1;
		v->end = s = skip_ids(s + 1, true);
	}
	if (s && *s == '+')
		s = skip_ids(s + 1, false);
	return s && *s == '\0';
}

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

/* Numbers by value, however long; text bytewise; a number before any text. */
static int compare_ids(struct id a, struct id b)
{
	if (a.numeric != b.numeric)
		return a.numeric ? -1 : 1;
	if (a.numeric && a.n != b.n)
		return a.n < b.n ? -1 : 1;
	int order = memcmp(a.s, b.s, a.n < b.n ? a.n : b.n);
	if (order == 0)
		return (a.n > b.n) - (a.n < b.n);
	return sign(order);
}

static int compare_pre(const struct version *a, const struct version *b)
{
	if (!a->pre || !b->pre)
		return (a->pre == NULL) - (b->pre == NULL);
	const char *s = a->pre, *t = b->pre;
	for (;;) {
		struct id x = read_id(s), y = read_id(t);
		int order = compare_ids(x, y);
		if (order)
			return order;
		s += x.n;
		t += y.n;
		if (s == a->end || t == b->end)
			return (s != a->end) - (t != b->end);
		s++;
		t++;
	}
}

int flume_version_compare(const char *a, const char *b)
{
	struct version x, y;
	if (!read_version(&x, a) || !read_version(&y, b))
		return FLUME_INVALID;
	for (int i = 0; i < 3; i++) {
		int order = compare_ids(x.numbers[i], y.numbers[i]);
		if (order)
			return order;
	}
	return compare_pre(&x, &y);
}
