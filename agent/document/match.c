#include "agent/document/body.h"
#include "agent/document/keys.h"
#include "agent/document/quoted.h"
#include "lib/base/utf8.h"

#include <string.h>

#define SHOWN 80 /* bytes of a value that a message shows */
#define TOLD  3  /* differences that a message tells         */

struct value { /* a NULL document: there is nothing */
	const struct document *document;
	uint32_t node;
};

struct trail { /* the way down to a value, from the root */
	const struct trail *up;
	struct value member; /* whose key is meant; nothing: an element */
	size_t index;
};

struct match {
	const struct document_rules *rules;
	size_t differences;
	struct text said;
};

static const struct value nothing;

static void match(struct match *, const struct trail *, struct value actual,
		  struct value expected);

static const struct node *node_of(struct value value)
{
	return &value.document->nodes[value.node];
}

static const char *key_of(struct value value)
{
	return value.document->bytes + node_of(value)->key;
}

static void write_key(struct text *text, struct value member)
{
	size_t len = node_of(member)->key_len;
	struct text key = {0};
	if (text_reserve(&key, len))
		key.len = quoted_decode(key_of(member), len, key.s);
	text->failed |= key.failed;
	for (size_t i = 0; i < key.len; i++) {
		if (key.s[i] == '.' || key.s[i] == '[' || key.s[i] == '\\')
			text_add_char(text, '\\');
		text_add_char(text, key.s[i]);
	}
	text_fini(&key);
}

static void write_trail(struct text *text, const struct trail *trail)
{
	if (!trail)
		return;
	write_trail(text, trail->up);
	if (!trail->member.document) {
		text_addf(text, "[%zu]", trail->index);
		return;
	}
	if (trail->up)
		text_add_char(text, '.');
	write_key(text, trail->member);
}

static void write_shown(struct text *text, struct value value)
{
	if (!value.document) {
		text_add(text, "nothing");
		return;
	}
	struct text json = {0};
	if (text_reserve(&json, body_bound(value.document, value.node))) {
		json.len = body_write(value.document, value.node, json.s);
		text_add_n(text, json.s,
			   json.len > SHOWN ? utf8_floor(json.s, SHOWN) : json.len);
		if (json.len > SHOWN)
			text_add(text, "...");
	}
	text->failed |= json.failed;
	text_fini(&json);
}

/* ---- a difference ---- */

/* False when enough was said. */
static bool begin(struct match *m, const struct trail *trail)
{
	if (m->differences++ >= TOLD)
		return false;
	if (m->said.len)
		text_add(&m->said, "; ");
	write_trail(&m->said, trail);
	if (trail)
		text_add(&m->said, ": ");
	return true;
}

static void tell(struct text *said, struct value actual, struct value expected)
{
	text_add(said, "expected ");
	write_shown(said, expected);
	text_add(said, ", got ");
	write_shown(said, actual);
}

static const char *kind_of(struct value value)
{
	return value.document ? document_kind_text(node_of(value)->kind) : NULL;
}

/* Says what happened to a value, and not which value it was. */
static void tell_kinds(struct text *said, struct value actual, struct value expected)
{
	const char *got = kind_of(actual), *wanted = kind_of(expected);
	if (!got || !wanted)
		text_addf(said, "%s", got ? "added" : "missing");
	else if (strcmp(got, wanted) != 0)
		text_addf(said, "%s became %s", wanted, got);
	else
		text_addf(said, "another %s", strchr(got, ' ') + 1);
}

/* "PATH: expected WHAT, got WHAT"; nothing at all is shown so. */
static void differ(struct match *m, const struct trail *trail, struct value actual,
		   struct value expected)
{
	if (begin(m, trail))
		(m->rules->veiled ? tell_kinds : tell)(&m->said, actual, expected);
}

static void differ_in_size(struct match *m, const struct trail *trail, size_t actual,
			   size_t expected)
{
	if (begin(m, trail))
		text_addf(&m->said, "expected %zu element%s, got %zu", expected,
			  expected == 1 ? "" : "s", actual);
}

/* ---- the walk ---- */

static bool is_step(const struct trail *trail, const struct path_step *step)
{
	if (!trail->member.document || !step->key)
		return !trail->member.document && !step->key && trail->index == step->index;
	return !quoted_against(key_of(trail->member), node_of(trail->member)->key_len,
			       step->key, step->len);
}

static bool is_at(const struct trail *trail, const struct path *path)
{
	size_t left = path->count;
	while (trail && left && is_step(trail, &path->steps[left - 1])) {
		trail = trail->up;
		left--;
	}
	return !trail && !left;
}

static bool may_differ(const struct match *m, const struct trail *trail)
{
	for (size_t i = 0; trail && i < m->rules->n_except; i++)
		if (is_at(trail, &m->rules->except[i]))
			return true;
	return false;
}

static struct value within(struct value value, uint32_t node)
{
	return node ? (struct value){value.document, node} : nothing;
}

static void match_objects(struct match *m, const struct trail *up, struct value actual,
			  struct value expected)
{
	const struct document *left = actual.document, *right = expected.document;
	struct keys keys;
	uint32_t at = node_of(expected)->first;
	keys_init(&keys, left, actual.node, node_of(expected)->count);
	for (; at; at = right->nodes[at].next) {
		const struct trail trail = {up, {right, at}, 0};
		uint32_t same = keys_find(&keys, left, actual.node, right, at);
		match(m, &trail, within(actual, same), trail.member);
	}
	keys_fini(&keys);
	if (!m->rules->exact)
		return;
	keys_init(&keys, right, expected.node, node_of(actual)->count);
	for (at = node_of(actual)->first; at; at = left->nodes[at].next) {
		const struct trail trail = {up, {left, at}, 0};
		if (!keys_find(&keys, right, expected.node, left, at))
			match(m, &trail, trail.member, nothing);
	}
	keys_fini(&keys);
}

static void match_arrays(struct match *m, const struct trail *up, struct value actual,
			 struct value expected)
{
	struct trail trail = {.up = up};
	uint32_t at = node_of(actual)->first, wanted = node_of(expected)->first;
	if (node_of(actual)->count != node_of(expected)->count) {
		differ_in_size(m, up, node_of(actual)->count, node_of(expected)->count);
		return;
	}
	for (; at; trail.index++) {
		match(m, &trail, within(actual, at), within(expected, wanted));
		at = actual.document->nodes[at].next;
		wanted = expected.document->nodes[wanted].next;
	}
}

static bool is_equal(struct value actual, struct value expected)
{
	if (!actual.document || !expected.document)
		return false;
	struct document_view got = body_view(actual.document, actual.node);
	struct document_view wanted = body_view(expected.document, expected.node);
	return document_view_equal(&got, &wanted);
}

static bool are(enum document_kind kind, struct value a, struct value b)
{
	return a.document && b.document && node_of(a)->kind == kind && node_of(b)->kind == kind;
}

static void match(struct match *m, const struct trail *trail, struct value actual,
		  struct value expected)
{
	if (may_differ(m, trail))
		return;
	if (are(DOCUMENT_OBJECT, actual, expected))
		match_objects(m, trail, actual, expected);
	else if (are(DOCUMENT_ARRAY, actual, expected))
		match_arrays(m, trail, actual, expected);
	else if (!is_equal(actual, expected))
		differ(m, trail, actual, expected);
}

static void hand_over(struct text *said, char *why, size_t size)
{
	const char *s = said->failed || !said->s ? "out of memory" : said->s;
	size_t len = strlen(s);
	if (!size)
		return;
	size_t fits = len < size ? len : utf8_floor(s, size - 1);
	memcpy(why, s, fits);
	why[fits] = '\0';
}

bool document_matches(const struct document *actual, const struct document *expected,
		      const struct document_rules *rules, char *why, size_t size)
{
	static const struct document_rules subset;
	struct match m = {.rules = rules ? rules : &subset};
	match(&m, NULL, (struct value){actual, 0}, (struct value){expected, 0});
	if (m.differences > TOLD)
		text_addf(&m.said, "; and %zu more", m.differences - TOLD);
	if (m.differences)
		hand_over(&m.said, why, size);
	text_fini(&m.said);
	return !m.differences;
}
