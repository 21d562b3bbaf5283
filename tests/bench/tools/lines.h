/*
 * lines.h - what the programs that stand beside `flume run` share: lines in, lines out, in large
 * pieces.
 */
#ifndef FLUME_TESTS_BENCH_TOOLS_LINES_H
#define FLUME_TESTS_BENCH_TOOLS_LINES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES_ROOM    ((size_t)1 << 17)
#define LINES_PADDING 16 /* that may be read and written behind a line */

static char lines_out[LINES_ROOM];
static size_t lines_out_len;

static inline void lines_flush(void)
{
	for (size_t done = 0; done < lines_out_len;) {
		ssize_t n = write(STDOUT_FILENO, lines_out + done, lines_out_len - done);
		if (n < 0)
			exit(1);
		done += (size_t)n;
	}
	lines_out_len = 0;
}

/* Room for n bytes and the end of the line; NULL when there can be none. */
static inline char *lines_room(size_t n)
{
	if (n + 1 > LINES_ROOM)
		return NULL;
	if (lines_out_len + n + 1 > LINES_ROOM)
		lines_flush();
	return lines_out + lines_out_len;
}

static inline void lines_done(size_t n)
{
	lines_out_len += n;
	lines_out[lines_out_len++] = '\n';
}

/* Calls `each` with each line, which may be written to. */
static inline void lines_all(void (*each)(char *line, size_t n))
{
	static char in[LINES_ROOM + LINES_PADDING];
	size_t begin = 0, end = 0;
	ssize_t n;
	while ((n = read(STDIN_FILENO, in + end, LINES_ROOM - end)) > 0) {
		end += (size_t)n;
		char *newline;
		while ((newline = memchr(in + begin, '\n', end - begin))) {
			each(in + begin, (size_t)(newline - in) - begin);
			begin = (size_t)(newline - in) + 1;
		}
		memmove(in, in + begin, end - begin);
		end -= begin;
		begin = 0;
	}
	if (end)
		each(in, end);
	lines_flush();
}

static inline void lines_refuse(const char *why)
{
	fprintf(stderr, "a line is refused: %s\n", why);
	exit(1);
}

#endif
