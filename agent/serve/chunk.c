#include "agent/serve/chunk.h"

#include <stdbool.h>
#include <string.h>

#define DIGITS_MOST  15
#define SKIPPED_MOST 4096

enum {
	SIZE,
	EXTENSION,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	BEHIND, /* in a line behind the last chunk */
	BEHIND_LF,
	OVER,
	WRONG,
};

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static bool is_text(char c)
{
	return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7f);
}

static unsigned char skip(struct chunk *c, char byte, unsigned char stay)
{
	return is_text(byte) && ++c->skipped <= SKIPPED_MOST ? stay : WRONG;
}

static unsigned char in_size(struct chunk *c, char byte)
{
	int digit = hex(byte);
	if (digit >= 0) {
		c->left = c->left * 16 + (unsigned)digit;
		return ++c->digits <= DIGITS_MOST ? SIZE : WRONG;
	}
	if (!c->digits)
		return WRONG;
	if (byte == '\r')
		return SIZE_LF;
	return byte == ';' || byte == ' ' || byte == '\t' ? EXTENSION : WRONG;
}

static unsigned char after_size(struct chunk *c, char byte)
{
	bool last = !c->left;
	c->digits = 0;
	c->line = 0;
	if (byte != '\n')
		return WRONG;
	return last ? BEHIND : DATA;
}

static unsigned char behind(struct chunk *c, char byte)
{
	if (byte == '\r')
		return BEHIND_LF;
	if (!c->line && (byte == ' ' || byte == '\t'))
		return WRONG; /* a line that goes on */
	c->line++;
	return skip(c, byte, BEHIND);
}

static unsigned char behind_line(struct chunk *c, char byte)
{
	bool empty = !c->line;
	c->line = 0;
	if (byte != '\n')
		return WRONG;
	return empty ? OVER : BEHIND;
}

static unsigned char step(struct chunk *c, char byte)
{
	switch (c->state) {
	case SIZE:
		return in_size(c, byte);
	case EXTENSION:
		return byte == '\r' ? SIZE_LF : skip(c, byte, EXTENSION);
	case SIZE_LF:
		return after_size(c, byte);
	case DATA_CR:
		return byte == '\r' ? DATA_LF : WRONG;
	case DATA_LF:
		return byte == '\n' ? SIZE : WRONG;
	case BEHIND:
		return behind(c, byte);
	case BEHIND_LF:
		return behind_line(c, byte);
	default:
		return WRONG;
	}
}

/* Moves what is there of the chunk to `to`, and returns how much that is. */
static size_t take_data(struct chunk *c, char *to, const char *from, size_t len)
{
	size_t n = c->left < len ? (size_t)c->left : len;
	if (to != from)
		memmove(to, from, n);
	c->left -= n;
	if (!c->left) {
		c->state = DATA_CR;
		c->skipped = 0;
	}
	return n;
}

enum chunk_result chunk_read(struct chunk *c, char *data, size_t len, size_t *out_used,
			     size_t *out_made)
{
	size_t at = 0, made = 0;
	while (at < len && c->state < OVER) {
		if (c->state == DATA) {
			size_t n = take_data(c, data + made, data + at, len - at);
			at += n;
			made += n;
		} else {
			c->state = step(c, data[at++]);
		}
	}
	*out_used = at;
	*out_made = made;
	return c->state == OVER ? CHUNK_DONE : c->state == WRONG ? CHUNK_BAD : CHUNK_MORE;
}
