/*
 * One pass over the bytes, without recursion.  What is hot here is read from top to bottom:
 * texts are scanned many bytes at a time (scan.h), numbers are only measured, and nothing is
 * decoded.  Zeros behind the last byte stand for a bound.
 *
 * Keys that are there twice are noticed when their object ends.  A filter of 256 bits says of most
 * objects at once that there are none; of the rest keys.c has to look.
 */
#include "agent/document/index.h"

#include "agent/document/keys.h"
#include "agent/document/number.h"
#include "agent/document/quoted.h"
#include "agent/document/scan.h"

struct frame { /* a container whose end has not come */
	uint32_t node, count;
	bool object, doubtful;
	uint64_t seen[4];
};

static bool refuse(struct fault *fault, size_t at, const char *why)
{
	*fault = (struct fault){.at = at, .why = why};
	return false;
}

static bool expected(struct fault *fault, size_t at, const char *what)
{
	*fault = (struct fault){.at = at, .why = what, .expected = true};
	return false;
}

/* ---- white space ---- */

static const char *skip_space(const char *p)
{
	while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')
		p++;
	return p;
}

static inline const char *skip(const char *p, bool *loose)
{
	if ((unsigned char)*p > ' ')
		return p;
	const char *next = skip_space(p);
	*loose |= next > p;
	return next;
}

/* ---- tokens ---- */

struct reading {
	const char *base, *end;
	struct fault *fault;
	bool loose;        /* there was white space between tokens */
	bool escaped_keys; /* and keys with a backslash            */
};

/* The closing quote of a text that begins at `s`; NULL when there is none. */
static inline const char *scan_text(struct reading *r, const char *s, uint8_t escaped,
				    uint8_t *flags)
{
	size_t plain;
	do {
		plain = scan_plain(s);
		s += plain;
	} while (plain == SCAN_STEP);
	if (*s == '"')
		return s;
	struct quoted quoted = quoted_scan(s, r->end);
	if (quoted.why) {
		*r->fault = (struct fault){.at = (size_t)(quoted.end - r->base),
					   .why = quoted.why,
					   .expected = quoted.expected};
		return NULL;
	}
	if (quoted.escaped)
		*flags |= escaped;
	return quoted.end;
}

/* What has very many digits or an exponent is looked at again. */
static const char *look_closely(struct reading *r, const char *s, uint8_t *kind)
{
	struct document_view number;
	size_t at = (size_t)(s - r->base), len = number_scan(s, (size_t)(r->end - s));
	bool good = false;
	if (!len)
		expected(r->fault, at, "a value");
	else if (len > DOCUMENT_NUMBER)
		refuse(r->fault, at, "the number is too long");
	else if (number_read(s, len, &number))
		refuse(r->fault, at, "the number is too large");
	else
		good = true;
	if (!good)
		return NULL;
	*kind = number.kind;
	return s + len;
}

/* Sixteen to nineteen digits, as ids have: no need to read them to know whether they fit. */
static inline const char *read_id(struct reading *r, const char *s, const char *p,
				  uint8_t *kind)
{
	static const char most[] = "9223372036854775807";
	size_t len = SCAN_STEP + scan_first(scan_no_digits(p + SCAN_STEP));
	if (len > NUMBER_SAFE || p[len] == '.' || (p[len] | 0x20) == 'e' || *p == '0' ||
	    (len == NUMBER_SAFE && memcmp(p, most, NUMBER_SAFE) > 0))
		return look_closely(r, s, kind);
	return p + len;
}

static inline const char *read_number(struct reading *r, const char *s, uint8_t *kind)
{
	const char *p = s + (*s == '-');
	uint32_t others = scan_no_digits(p);
	size_t whole = scan_first(others), end = whole;
	*kind = DOCUMENT_INTEGER;
	if (whole == SCAN_STEP)
		return read_id(r, s, p, kind);
	if (p[whole] == '.') {
		*kind = DOCUMENT_REAL;
		end = scan_first(others & (others - 1));
		if (end == whole + 1)
			return look_closely(r, s, kind);
	}
	if (!whole || end == SCAN_STEP || (*p == '0' && whole > 1) || (p[end] | 0x20) == 'e')
		return look_closely(r, s, kind);
	return p + end;
}

/* The end of a scalar; NULL when there is none. */
static inline const char *read_scalar(struct reading *r, const char *p, struct node *value)
{
	if (*p == '"') {
		value->kind = DOCUMENT_TEXT;
		p = scan_text(r, p + 1, NODE_ESCAPED, &value->flags);
		return p ? p + 1 : NULL;
	}
	if (*p == 't' || *p == 'f' || *p == 'n') {
		value->kind = *p == 'n' ? DOCUMENT_NULL : DOCUMENT_BOOL;
		if (!memcmp(p, "true", 4) || !memcmp(p, "null", 4))
			return p + 4;
		if (!memcmp(p, "false", 5))
			return p + 5;
	}
	return read_number(r, p, &value->kind);
}

/* ---- containers ---- */

static inline void open_frame(struct frame *frame, uint32_t node, bool object)
{
	frame->node = node;
	frame->count = 0;
	frame->object = object;
	frame->doubtful = false;
	frame->seen[0] = frame->seen[1] = frame->seen[2] = frame->seen[3] = 0;
}

/* A key and its colon; NULL when that is not what stands there. */
static inline const char *read_key(struct reading *r, struct frame *frame, const char *p,
				   struct node *member)
{
	if (*p != '"') {
		expected(r->fault, (size_t)(p - r->base), "a key in quotes");
		return NULL;
	}
	const char *from = p + 1;
	if (!(p = scan_text(r, from, NODE_KEY_ESCAPED, &member->flags)))
		return NULL;
	bool escaped = member->flags;
	r->escaped_keys |= escaped;
	member->key = (uint32_t)(from - r->base);
	member->key_len = (uint32_t)(p - from);
	uint32_t hash = keys_hash(from, (size_t)(p - from));
	uint64_t *seen = &frame->seen[hash >> 6 & 3], bit = UINT64_C(1) << (hash & 63);
	member->hash = (uint16_t)(hash >> 16);
	frame->doubtful |= (*seen >> (hash & 63) & 1) | escaped;
	*seen |= bit;
	p = skip(p + 1, &r->loose);
	if (*p != ':') {
		expected(r->fault, (size_t)(p - r->base), "':'");
		return NULL;
	}
	return skip(p + 1, &r->loose);
}

static bool look_at_keys(const struct document *d, uint32_t object, struct fault *fault)
{
	uint32_t again = 0;
	int differ = keys_differ(d, object, &again);
	if (differ > 0)
		return true;
	return refuse(fault, differ ? 0 : d->nodes[again].key - 1,
		      differ ? NULL : "duplicate key");
}

static struct node *grow(struct document *d, const struct node *n)
{
	d->n_nodes = (uint32_t)(n - d->nodes);
	return body_grow(d, d->n_nodes / 2 + 1, 0) ? d->nodes + d->n_nodes : NULL;
}

static bool build(struct document *d, size_t from, bool known, bool *out_loose,
		  struct fault *fault)
{
	struct frame frames[DOCUMENT_DEPTH + 1], *frame = frames;
	struct reading r = {
		.base = d->bytes, .end = d->bytes + d->n_bytes, .fault = fault, .loose = false};
	struct node *n = d->nodes + d->n_nodes, *limit = d->nodes + d->nodes_cap, *last;
	const char *p = skip_space(r.base + from);
	frames[0].object = false;
	for (;;) {
		if (n == limit) {
			if (!(n = grow(d, n)))
				return refuse(fault, 0, NULL);
			limit = d->nodes + d->nodes_cap;
		}
		*n = (struct node){0};
		if (frame->object && !(p = read_key(&r, frame, p, n)))
			return false;
		n->at = (uint32_t)(p - r.base);
		if (*p == '{' || *p == '[') {
			bool object = *p == '{';
			n->kind = object ? DOCUMENT_OBJECT : DOCUMENT_ARRAY;
			if (frame == frames + DOCUMENT_DEPTH)
				return refuse(fault, n->at, "nested too deep");
			p = skip(p + 1, &r.loose);
			if (*p != (object ? '}' : ']')) {
				open_frame(++frame, (uint32_t)(n++ - d->nodes), object);
				continue;
			}
			p++;
		} else {
			if (!(p = read_scalar(&r, p, n)))
				return false;
		}
		n->len = (uint32_t)(p - r.base) - n->at;
		last = n++;
		for (;;) {
			if (frame == frames)
				goto whole;
			frame->count++;
			p = skip(p, &r.loose);
			if (*p == ',') {
				last->next = (uint32_t)(n - d->nodes);
				p = skip(p + 1, &r.loose);
				break;
			}
			if (*p != (frame->object ? '}' : ']'))
				return expected(fault, (size_t)(p - r.base),
						frame->object ? "',' or '}'" : "',' or ']'");
			p++;
			last = d->nodes + frame->node;
			last->len = (uint32_t)(p - r.base) - last->at;
			last->first = frame->node + 1;
			last->count = frame->count;
			if (frame->doubtful && !known && !look_at_keys(d, frame->node, fault))
				return false;
			frame--;
		}
	}
whole:
	p = skip_space(p);
	if (p != r.end)
		return expected(fault, (size_t)(p - r.base), "nothing more");
	d->n_nodes = (uint32_t)(n - d->nodes);
	d->escaped_keys |= r.escaped_keys;
	*out_loose = r.loose;
	return true;
}

bool index_build(struct document *d, bool *out_loose, struct fault *fault)
{
	return build(d, 0, false, out_loose, fault);
}

bool index_more(struct document *d, size_t from)
{
	struct fault fault;
	bool loose;
	return build(d, from, true, &loose, &fault);
}

/* ---- without white space ---- */

struct piece {
	uint32_t node, end; /* where it ended before */
	bool first;         /* nothing of it was written yet */
};

/* Nodes are in the order of their bytes, and nothing is longer than it was: so each can be moved to
 * where it belongs at once. */
void index_squeeze(struct document *d)
{
	struct piece open[DOCUMENT_DEPTH + 1], *top = open;
	char *to = d->bytes;
	for (struct node *n = d->nodes; n <= d->nodes + d->n_nodes; n++) {
		bool over = n == d->nodes + d->n_nodes;
		while (top > open && (over || n->at >= top->end)) {
			struct node *closed = &d->nodes[top->node];
			*to++ = closed->kind == DOCUMENT_OBJECT ? '}' : ']';
			closed->len = (uint32_t)(to - d->bytes) - closed->at;
			top--;
		}
		if (over)
			break;
		if (top > open && !top->first)
			*to++ = ',';
		top->first = false;
		if (top > open && d->nodes[top->node].kind == DOCUMENT_OBJECT) {
			memmove(to, d->bytes + n->key - 1, n->key_len + 2);
			n->key = (uint32_t)(to - d->bytes) + 1;
			to += n->key_len + 2;
			*to++ = ':';
		}
		const char *from = d->bytes + n->at;
		n->at = (uint32_t)(to - d->bytes);
		if (body_is_container(n)) {
			*++top = (struct piece){(uint32_t)(n - d->nodes),
						(uint32_t)(from - d->bytes) + n->len, true};
			*to++ = *from;
			continue;
		}
		memmove(to, from, n->len);
		to += n->len;
	}
	d->n_bytes = (uint32_t)(to - d->bytes);
	body_pad(d);
}
