/*
 * A request as it comes from the wire, cut in two: head and chunked body.  However it is cut, it is
 * the same; what is found lies in it; and what is taken for a head can be read in one way only.
 *
 * The first byte says where it is cut.
 */
#include "agent/serve/chunk.h"
#include "agent/serve/head.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static char *copy(const char *text, size_t len)
{
	char *s = malloc(len + !len);
	require(s, "memory");
	memcpy(s, text, len);
	return s;
}

static void look_at_head(const struct head *h, const char *text, size_t len)
{
	unsigned hosts = 0, lengths = 0;
	require(h->size <= len, "the head lies in what came");
	require(h->path < h->size && (text[h->path] == '/' || text[h->path] == '*'), "a path");
	require(memchr(text + h->path, '\0', h->size - h->path), "which ends in the head");
	for (unsigned i = 0; i < h->fields_len; i++) {
		const struct head_field *f = &h->fields[i];
		const char *value = text + f->value;
		require(f->name_len && f->name + f->name_len < f->value + 1 &&
				f->value + f->value_len < h->size,
			"a field lies in the head");
		require(strlen(value) == f->value_len, "a value has no NUL");
		require(!value[strcspn(value, "\r\n")], "nor another line");
	}
	for (unsigned i = 0; (i = head_find(h, text, "Host", 4, i)) < h->fields_len; i++)
		hosts++;
	for (unsigned i = 0; (i = head_find(h, text, "Content-Length", 14, i)) < h->fields_len;
	     i++)
		lengths++;
	for (unsigned i = 0;
	     (i = head_find(h, text, "Transfer-Encoding", 17, i)) < h->fields_len; i++)
		lengths++;
	require(hosts <= 1 && (hosts || !h->minor), "one Host");
	require(lengths <= 1 && lengths == (unsigned)(h->has_length + h->chunked),
		"one length");
}

static enum head_result read_cut(struct head *h, char *text, size_t len, size_t cut)
{
	static const struct head_limits limits = {.head = 4096, .target = 1024};
	struct head_fault fault = {0};
	head_init(h);
	if (cut < len) {
		char *part = copy(text, cut);
		enum head_result r = head_read(h, part, cut, &limits, &fault);
		if (r != HEAD_MORE)
			memcpy(text, part, cut);
		free(part);
		if (r != HEAD_MORE)
			return r;
	}
	enum head_result r = head_read(h, text, len, &limits, &fault);
	require(r != HEAD_BAD || (fault.status >= 400 && fault.code && fault.why), "a reason");
	return r;
}

static void look_at_chunks(const char *text, size_t len, size_t cut)
{
	struct chunk whole = {0}, parts = {0};
	size_t used, made, used_too, made_too;
	char *a = copy(text, len), *b = copy(text, len);
	enum chunk_result r = chunk_read(&whole, a, len, &used, &made);
	require(made <= used && used <= len, "less is made than is read");
	require(r != CHUNK_MORE || used == len, "all is read until the end");
	cut = cut < len ? cut : len;
	enum chunk_result again = chunk_read(&parts, b, cut, &used_too, &made_too);
	if (again == CHUNK_MORE) {
		size_t more_used, more_made;
		again = chunk_read(&parts, b + used_too, len - used_too, &more_used,
				   &more_made);
		memmove(b + made_too, b + used_too, more_made);
		used_too += more_used;
		made_too += more_made;
	}
	require(again == r && made_too == made && used_too == used && !memcmp(a, b, made),
		"a body is the same however it is cut");
	free(a);
	free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct head whole, cut_up;
	if (size < 1)
		return 0;
	size_t cut = data[0], len = size - 1;
	const char *text = (const char *)data + 1;
	char *a = copy(text, len), *b = copy(text, len);
	enum head_result r = read_cut(&whole, a, len, len),
			 again = read_cut(&cut_up, b, len, cut);
	require(r == again, "a head is the same however it is cut");
	if (r == HEAD_MORE)
		require(!memcmp(a, text, len), "nothing is changed before the end");
	if (r == HEAD_DONE) {
		require(!memcmp(a, b, len) && whole.size == cut_up.size &&
				whole.fields_len == cut_up.fields_len,
			"and says the same");
		look_at_head(&whole, a, len);
		look_at_chunks(text + whole.size, len - whole.size, cut);
	}
	look_at_chunks(text, len, cut);
	free(a);
	free(b);
	return 0;
}
