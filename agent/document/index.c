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

/* The closing quote of a text that begins at `s`; NULL and a fault when there is none. */
static inline const char *scan_text(const char *base, const char *s, const char *end,
				    uint8_t escaped, uint8_t *flags, struct fault *fault)
{
	size_t plain;
	do {
		plain = scan_plain(s);
		s += plain;
	} while (plain == SCAN_STEP);
	if (*s == '"')
		return s;
	struct quoted quoted = quoted_scan(s, end);
	if (quoted.why) {
		*fault = (struct fault){.at = (size_t)(quoted.end - base),
					.why = quoted.why,
					.expected = quoted.expected};
		return NULL;
	}
	if (quoted.escaped)
		*flags |= escaped;
	return quoted.end;
}

static inline bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

static inline const char *skip_digits(const char *p)
{
	while (is_digit(*p))
		p++;
	return p;
}

/* The end of a number at `s`; `s` itself when there is none. */
static inline const char *scan_number(const char *s, uint8_t *kind)
{
	const char *p = s + (*s == '-'), *whole = p;
	if (!is_digit(*p))
		return s;
	p = *p == '0' ? p + 1 : skip_digits(p);
	*kind = p - whole < NUMBER_SAFE ? DOCUMENT_INTEGER : DOCUMENT_LARGE;
	if (*p == '.' && is_digit(p[1])) {
		*kind = p - whole < NUMBER_SAFE ? DOCUMENT_REAL : DOCUMENT_LARGE;
		p = skip_digits(p + 1);
	}
	if ((*p | 0x20) == 'e') {
		const char *exponent = p + 1 + (p[1] == '+' || p[1] == '-');
		if (is_digit(*exponent)) {
			*kind = DOCUMENT_LARGE;
			p = skip_digits(exponent);
		}
	}
	return p;
}

/* What is long or has an exponent is looked at again. */
static bool look_closely(const char *base, struct node *n, struct fault *fault)
{
	struct document_view number;
	if (n->len > DOCUMENT_NUMBER)
		return refuse(fault, n->at, "the number is too long");
	if (number_read(base + n->at, n->len, &number))
		return refuse(fault, n->at, "the number is too large");
	n->kind = number.kind;
	return true;
}

static size_t scan_word(const char *p, uint8_t *kind)
{
	*kind = *p == 'n' ? DOCUMENT_NULL : DOCUMENT_BOOL;
	if (!memcmp(p, "true", 4) || !memcmp(p, "null", 4))
		return 4;
	return memcmp(p, "false", 5) ? 0 : 5;
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

static inline void note_key(struct frame *frame, struct node *n, const char *key)
{
	uint32_t hash = keys_hash(key, n->key_len);
	uint64_t *seen = &frame->seen[hash >> 6 & 3], bit = UINT64_C(1) << (hash & 63);
	n->hash = (uint16_t)(hash >> 16);
	frame->doubtful |= (*seen & bit) || (n->flags & NODE_KEY_ESCAPED);
	*seen |= bit;
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
	const char *const base = d->bytes, *const end = base + d->n_bytes, *p, *s;
	struct node *n = d->nodes + d->n_nodes, *limit = d->nodes + d->nodes_cap, *last;
	bool loose = false;
	frames[0].object = false;
	p = skip_space(base + from);
	for (;;) {
		if (n == limit) {
			if (!(n = grow(d, n)))
				return refuse(fault, 0, NULL);
			limit = d->nodes + d->nodes_cap;
		}
		n->next = n->key = n->key_len = n->first = n->count = 0;
		n->flags = 0;
		if (frame->object) {
			if (*p != '"')
				return expected(fault, (size_t)(p - base), "a key in quotes");
			n->key = (uint32_t)(++p - base);
			s = p;
			if (!(p = scan_text(base, p, end, NODE_KEY_ESCAPED, &n->flags, fault)))
				return false;
			n->key_len = (uint32_t)(p - s);
			note_key(frame, n, s);
			p = skip(p + 1, &loose);
			if (*p != ':')
				return expected(fault, (size_t)(p - base), "':'");
			p = skip(p + 1, &loose);
		}
		n->at = (uint32_t)(p - base);
		if (*p == '"') {
			n->kind = DOCUMENT_TEXT;
			if (!(p = scan_text(base, p + 1, end, NODE_ESCAPED, &n->flags, fault)))
				return false;
			p++;
		} else if (*p == '{' || *p == '[') {
			bool object = *p == '{';
			n->kind = object ? DOCUMENT_OBJECT : DOCUMENT_ARRAY;
			if (frame == frames + DOCUMENT_DEPTH)
				return refuse(fault, n->at, "nested too deep");
			p = skip(p + 1, &loose);
			if (*p != (object ? '}' : ']')) {
				open_frame(++frame, (uint32_t)(n++ - d->nodes), object);
				continue;
			}
			p++;
		} else if ((s = scan_number(p, &n->kind)) > p) {
			p = s;
			n->len = (uint32_t)(p - base) - n->at;
			if ((n->kind == DOCUMENT_LARGE || n->len > DOCUMENT_NUMBER) &&
			    !look_closely(base, n, fault))
				return false;
		} else {
			size_t word = scan_word(p, &n->kind);
			if (!word)
				return expected(fault, n->at, "a value");
			p += word;
		}
		n->len = (uint32_t)(p - base) - n->at;
		last = n++;
		for (;;) {
			if (frame == frames)
				goto whole;
			frame->count++;
			p = skip(p, &loose);
			if (*p == ',') {
				last->next = (uint32_t)(n - d->nodes);
				p = skip(p + 1, &loose);
				break;
			}
			if (*p != (frame->object ? '}' : ']'))
				return expected(fault, (size_t)(p - base),
						frame->object ? "',' or '}'" : "',' or ']'");
			p++;
			last = d->nodes + frame->node;
			last->len = (uint32_t)(p - base) - last->at;
			last->first = frame->node + 1;
			last->count = frame->count;
			if (frame->doubtful && !known && !look_at_keys(d, frame->node, fault))
				return false;
			frame--;
		}
	}
whole:
	p = skip_space(p);
	if (p != end)
		return expected(fault, (size_t)(p - base), "nothing more");
	d->n_nodes = (uint32_t)(n - d->nodes);
	*out_loose = loose;
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
