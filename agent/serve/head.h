/*
 * head.h - the head of a request: its first line and its fields.  Pure.
 *
 * Strict, because a proxy before us may have read the message in another way, and what it took for
 * one request must not be two for us: one Host, one length, no line that goes on in the next, no
 * byte that is no text, lines that end with CR LF.
 */
#ifndef FLUME_AGENT_SERVE_HEAD_H
#define FLUME_AGENT_SERVE_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_FIELDS 64         /* more are 431 */
#define HEAD_MOST   (1U << 20) /* for struct head_limits */

struct head_limits {
	size_t head, target; /* bytes; at most HEAD_MOST */
};

struct head_field { /* places in the bytes that were read */
	uint32_t name, value;
	uint32_t name_len, value_len;
};

struct head {
	size_t scanned, line; /* how far it was looked at, and where that line begins */
	size_t size;          /* of the whole head */
	/* Places, as above: of texts that end with a NUL. */
	uint32_t method, path;
	uint32_t query; /* 0: there is none */
	uint32_t host;  /* 0: there is none (HTTP/1.0) */
	unsigned minor; /* of HTTP/1 */
	bool chunked, expects, close, keep_alive;
	bool has_length;
	uint64_t length;
	unsigned fields_len;
	struct head_field fields[HEAD_FIELDS];
};

struct head_fault {
	unsigned status;
	const char *code; /* a word */
	const char *why;
};

enum head_result { HEAD_MORE, HEAD_DONE, HEAD_BAD };

/* How many bytes at the beginning are empty lines, which are passed over. */
size_t head_skip(const char *data, size_t len);
/* Before the first byte of a request. */
void head_init(struct head *);
/* `data` is all that has come so far of this request and those behind it.  HEAD_DONE: texts were
 * terminated, and the path decoded, in place; HEAD_MORE leaves the bytes alone, and when it is asked
 * again they may lie elsewhere.  HEAD_BAD fills `fault`. */
enum head_result head_read(struct head *, char *data, size_t len, const struct head_limits *,
			   struct head_fault *fault);
/* The next field of that name from the `from`th on, or fields_len. */
unsigned head_find(const struct head *, const char *data, const char *name, size_t name_len,
		   unsigned from);
/* Decodes the value of `name` in a query; see exchange_query. */
bool head_query(const char *query, const char *name, char *value, size_t size);
/* Is `word` in a list with commas, in any case? */
bool head_lists(const char *list, const char *word);

#endif
