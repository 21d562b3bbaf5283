#include "agent/cmd/clean.h"

#include "lib/base/utf8.h"

#include <string.h>

/* C0, DEL and C1: what a terminal may take for a command.  And what ends a line, or has what follows shown in
 * another order than it stands: U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069. */
static bool is_control(const char *s, size_t n)
{
	const unsigned char *c = (const unsigned char *)s;
	if (n == 3 && c[0] == 0xe2 && c[1] == 0x80)
		return c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xa8 && c[2] <= 0xae);
	if (n == 3 && c[0] == 0xe2 && c[1] == 0x81)
		return c[2] >= 0xa6 && c[2] <= 0xa9;
	return (n == 1 && (c[0] < 0x20 || c[0] == 0x7f)) ||
	       (n == 2 && c[0] == 0xc2 && c[1] < 0xa0);
}

struct piece {
	const char *s;
	size_t n;
};

/* Bytes from here on that may be shown as they are, or what stands for a character that may not.  Returns how
 * much of `s` that is. */
static size_t next_piece(const char *s, size_t n, struct piece *out)
{
	size_t clean = 0, step = 0;
	while (clean < n && (step = utf8_length(s + clean, n - clean)) &&
	       !is_control(s + clean, step))
		clean += step;
	if (!clean && *s == '\t')
		clean = 1;
	*out = clean ? (struct piece){s, clean} : (struct piece){"\xef\xbf\xbd", 3};
	return clean ? clean : step ? step : 1;
}

void text_add_clean(struct text *t, const char *s, size_t n)
{
	struct piece piece;
	for (size_t i = 0; i < n;) {
		i += next_piece(s + i, n - i, &piece);
		text_add_n(t, piece.s, piece.n);
	}
}

/* Takes no memory, for this is what says that there is none. */
void print_clean(FILE *out, const char *s, size_t n)
{
	struct piece piece;
	for (size_t i = 0; i < n;) {
		i += next_piece(s + i, n - i, &piece);
		fwrite(piece.s, 1, piece.n, out);
	}
}

/* Of one, two or three bytes. */
static unsigned code_point(const char *s, size_t n)
{
	static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f};
	unsigned code = (unsigned char)s[0] & mask[n];
	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)s[i] & 0x3f);
	return code;
}

/* Below U+0020 is only what stands between the values. */
void print_clean_json(FILE *out, const char *json)
{
	size_t n = strlen(json);
	for (size_t i = 0; i < n;) {
		size_t step = utf8_length(json + i, n - i);
		if (!step)
			fputs("\xef\xbf\xbd", out);
		else if ((unsigned char)json[i] >= 0x20 && is_control(json + i, step))
			fprintf(out, "\\u%04x", code_point(json + i, step));
		else
			fwrite(json + i, 1, step, out);
		i += step ? step : 1;
	}
}

void print_clean_list(const char *rows)
{
	fputs("[", stdout);
	print_clean_json(stdout, rows);
	fputs(*rows ? "\n]\n" : "]\n", stdout);
}
