/*
 * A head is looked at twice: once for its end, line by line as it comes, so that one that comes byte
 * by byte costs no more than another; and once, when it is all there, for what it says.
 */
#include "agent/serve/head.h"

#include "agent/serve/status.h"

#include <string.h>
#include <strings.h>

#define METHOD_MOST   32
#define VERSION_ROOM  11 /* " HTTP/1.1", CR, LF */
#define LENGTH_DIGITS 18 /* so that no sum of two of them runs over */
#define EMPTY_MOST    8 /* lines before a request that are passed over: some clients send them */

enum { TOKEN = 1, TARGET = 2, TEXT = 4 }; /* what a byte may be part of */

/* clang-format off */
static const unsigned char kinds[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	4, 7, 6, 5, 7, 7, 7, 7, 6, 6, 7, 7, 6, 7, 7, 6, /*  !"#$%&'()*+,-./ */
	7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 6, 6, 6, 6, /* 0123456789:;<=>? */
	6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, /* @ABCDEFGHIJKLMNO */
	7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 6, 7, 7, /* PQRSTUVWXYZ[\]^_ */
	7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, /* `abcdefghijklmno */
	7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 7, 6, 7, 0, /* pqrstuvwxyz{|}~  */
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
	4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
};
/* clang-format on */

static size_t span(const char *s, const char *end, unsigned char kind)
{
	const char *at = s;
	while (at < end && kinds[(unsigned char)*at] & kind)
		at++;
	return (size_t)(at - s);
}

static bool is(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && !strncasecmp(s, word, len);
}

static enum head_result bad(struct head_fault *fault, unsigned status, const char *code,
			    const char *why)
{
	*fault = (struct head_fault){.status = status, .code = code, .why = why};
	return HEAD_BAD;
}

static enum head_result bad_request(struct head_fault *fault, const char *why)
{
	return bad(fault, HTTP_BAD_REQUEST, "bad-request", why);
}

void head_init(struct head *head)
{
	head->scanned = head->line = 0;
}

/* ---- where it ends ---- */

static enum head_result not_yet(const struct head *head, size_t len,
				const struct head_limits *limits, struct head_fault *fault)
{
	if (!head->line && len > limits->target + METHOD_MOST)
		return bad(fault, HTTP_URI_TOO_LONG, "url-too-long", "the URL is too long");
	if (len > limits->head)
		return bad(fault, HTTP_HEAD_TOO_LARGE, "head-too-large",
			   "the header fields are too large");
	return HEAD_MORE;
}

size_t head_skip(const char *data, size_t len)
{
	size_t n = 0;
	while (n + 2 <= len && n < (size_t)2 * EMPTY_MOST && data[n] == '\r' &&
	       data[n + 1] == '\n')
		n += 2;
	return n;
}

static enum head_result find_end(struct head *head, const char *data, size_t len,
				 const struct head_limits *limits, struct head_fault *fault)
{
	if (!head->scanned && len && *data != '\r' && *data != '\n' &&
	    !(kinds[(unsigned char)*data] & TOKEN))
		return bad_request(fault, "this does not begin like a request");
	for (;;) {
		const char *lf = len > head->scanned ? memchr(data + head->scanned, '\n',
							      len - head->scanned)
						     : NULL;
		if (!lf) {
			head->scanned = len;
			return not_yet(head, len, limits, fault);
		}
		size_t end = (size_t)(lf - data);
		if (!end || data[end - 1] != '\r')
			return bad_request(fault, "a line ends with LF alone, not with CR LF");
		bool empty = end == head->line + 1;
		head->scanned = head->line = end + 1;
		size_t skipped = empty ? head_skip(data, end + 1) : 0;
		if (!empty || skipped == end + 1)
			continue;
		if (skipped == end - 1)
			return bad_request(fault, "there are empty lines before the request");
		head->size = end + 1;
		return head->size > limits->head
			       ? bad(fault, HTTP_HEAD_TOO_LARGE, "head-too-large",
				     "the header fields are too large")
			       : HEAD_DONE;
	}
}

/* ---- the first line ---- */

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* Why the percents in a target are wrong; NULL: they are right. */
static const char *wrong_escape(const char *s, const char *end)
{
	for (; (s = memchr(s, '%', (size_t)(end - s))); s += 3) {
		if (end - s < 3 || hex(s[1]) < 0 || hex(s[2]) < 0)
			return "the URL has a '%' that two hexadecimal digits do not follow";
		if (s[1] == '0' && s[2] == '0')
			return "the URL has an encoded NUL";
	}
	return NULL;
}

static size_t decode(char *to, const char *from, const char *end)
{
	char *at = to;
	for (; from < end; from++) {
		if (*from == '%') {
			*at++ = (char)(hex(from[1]) * 16 + hex(from[2]));
			from += 2;
		} else {
			*at++ = *from;
		}
	}
	return (size_t)(at - to);
}

struct target { /* parts of it */
	char *authority;
	size_t authority_len;
	char *path, *query, *end; /* the query begins with its '?', or is `end` */
};

/* "/path?query", or with "http://host" before it; or "*". */
static bool split_target(struct target *t)
{
	char *s = t->path;
	size_t len = (size_t)(t->end - s);
	if (len > 7 && !strncasecmp(s, "http://", 7)) {
		t->authority = s + 7;
		while (t->authority + t->authority_len < t->end &&
		       t->authority[t->authority_len] != '/')
			t->authority_len++;
		t->path = t->authority + t->authority_len;
	}
	t->query = memchr(t->path, '?', (size_t)(t->end - t->path));
	if (!t->query)
		t->query = t->end;
	return t->path < t->end && (*t->path == '/' || is(s, len, "*"));
}

static enum head_result read_version(struct head *head, const char *s, const char *end,
				     struct head_fault *fault)
{
	if (end - s != 8 || memcmp(s, "HTTP/", 5) != 0 || s[6] != '.' || s[5] < '0' ||
	    s[5] > '9' || s[7] < '0' || s[7] > '9')
		return bad_request(fault, "the first line is not METHOD URL HTTP/1.1");
	head->minor = (unsigned)(s[7] - '0');
	return s[5] == '1' ? HEAD_DONE
			   : bad(fault, HTTP_BAD_VERSION, "bad-version",
				 "only HTTP/1.0 and HTTP/1.1 are spoken here");
}

/* `s` to `end`, where the CR is. */
static enum head_result read_first_line(struct head *head, const char *data, char *s, char *end,
					const struct head_limits *limits, struct target *t,
					struct head_fault *fault)
{
	size_t method = span(s, end, TOKEN);
	if (!method || method > METHOD_MOST || s[method] != ' ')
		return bad_request(fault, "the first line is not METHOD URL HTTP/1.1");
	char *at = s + method + 1;
	size_t target = span(at, end, TARGET);
	if (target > limits->target)
		return bad(fault, HTTP_URI_TOO_LONG, "url-too-long", "the URL is too long");
	if (!target || at[target] != ' ')
		return bad_request(fault, "the first line is not METHOD URL HTTP/1.1");
	if (read_version(head, at + target + 1, end, fault) != HEAD_DONE)
		return HEAD_BAD;
	*t = (struct target){.path = at, .end = at + target};
	const char *wrong = wrong_escape(at, t->end);
	if (!wrong && !split_target(t))
		wrong = "the URL is not /PATH";
	if (wrong)
		return bad(fault, HTTP_BAD_REQUEST, "bad-url", wrong);
	s[method] = '\0';
	head->method = (uint32_t)(s - data);
	head->path = (uint32_t)(t->path - data);
	head->query = t->query < t->end ? (uint32_t)(t->query + 1 - data) : 0;
	*t->end = '\0';
	t->path[decode(t->path, t->path, t->query)] = '\0';
	return HEAD_DONE;
}

/* ---- the fields ---- */

bool head_lists(const char *list, const char *word)
{
	for (;;) {
		list += strspn(list, " \t,");
		size_t len = strcspn(list, " \t,");
		if (!len)
			return false;
		if (is(list, len, word))
			return true;
		list += len;
	}
}

/* Digits, and not too many. */
static bool read_length(const char *s, size_t len, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(s[i] - '0');
	}
	return len && len <= LENGTH_DIGITS;
}

static enum head_result see_host(struct head *head, uint32_t value, struct head_fault *fault)
{
	if (head->host)
		return bad_request(fault, "more than one Host");
	head->host = value;
	return HEAD_DONE;
}

static enum head_result see_length(struct head *head, const char *data,
				   const struct head_field *f, struct head_fault *fault)
{
	if (head->has_length || head->chunked)
		return bad_request(fault, "more than one length: Content-Length and "
					  "Transfer-Encoding, or one of them twice");
	head->has_length = true;
	return read_length(data + f->value, f->value_len, &head->length)
		       ? HEAD_DONE
		       : bad_request(fault, "Content-Length is not a number of bytes");
}

static enum head_result see_coding(struct head *head, const char *data,
				   const struct head_field *f, struct head_fault *fault)
{
	if (head->has_length || head->chunked)
		return bad_request(fault, "more than one length: Content-Length and "
					  "Transfer-Encoding, or one of them twice");
	head->chunked = true;
	return is(data + f->value, f->value_len, "chunked")
		       ? HEAD_DONE
		       : bad(fault, HTTP_NOT_IMPLEMENTED, "bad-coding",
			     "the only Transfer-Encoding that is read here is chunked");
}

/* Those that say how the message is to be read. */
static enum head_result see(struct head *head, const char *data, const struct head_field *f,
			    struct head_fault *fault)
{
	const char *name = data + f->name, *value = data + f->value;
	switch (f->name_len) {
	case 4:
		return is(name, 4, "Host") ? see_host(head, f->value, fault) : HEAD_DONE;
	case 6:
		if (!is(name, 6, "Expect"))
			return HEAD_DONE;
		head->expects = true;
		return is(value, f->value_len, "100-continue")
			       ? HEAD_DONE
			       : bad(fault, HTTP_EXPECTATION_FAILED, "bad-expectation",
				     "the only Expect that is known here is 100-continue");
	case 10:
		if (!is(name, 10, "Connection"))
			return HEAD_DONE;
		head->close = head->close || head_lists(value, "close");
		head->keep_alive = head->keep_alive || head_lists(value, "keep-alive");
		return HEAD_DONE;
	case 14:
		return is(name, 14, "Content-Length") ? see_length(head, data, f, fault)
						      : HEAD_DONE;
	case 17:
		return is(name, 17, "Transfer-Encoding") ? see_coding(head, data, f, fault)
							 : HEAD_DONE;
	default:
		return HEAD_DONE;
	}
}

/* One line; `end` is where its CR is. */
static enum head_result read_field(struct head *head, char *data, char *s, char *end,
				   struct head_fault *fault)
{
	size_t name = span(s, end, TOKEN);
	if (!name || s[name] != ':')
		return bad_request(fault, *s == ' ' || *s == '\t'
						  ? "a header field goes on in the next line"
						  : "a header field is not NAME: VALUE");
	char *value = s + name + 1, *last = end;
	if (value + span(value, end, TEXT) != end)
		return bad_request(fault, "a header field has a control character");
	while (value < last && (*value == ' ' || *value == '\t'))
		value++;
	while (value < last && (last[-1] == ' ' || last[-1] == '\t'))
		last--;
	if (head->fields_len == HEAD_FIELDS)
		return bad(fault, HTTP_HEAD_TOO_LARGE, "head-too-large",
			   "there are too many header fields");
	struct head_field *f = &head->fields[head->fields_len++];
	f->name = (uint32_t)(s - data);
	f->name_len = (uint32_t)name;
	f->value = (uint32_t)(value - data);
	f->value_len = (uint32_t)(last - value);
	s[name] = *last = '\0';
	return see(head, data, f, fault);
}

/* ---- the whole ---- */

static enum head_result agree(const struct head *head, const char *data,
			      const struct target *target, struct head_fault *fault)
{
	const char *host = head->host ? data + head->host : NULL;
	if (head->minor && !host)
		return bad_request(fault, "there is no Host");
	if (!head->minor && head->chunked)
		return bad_request(fault, "HTTP/1.0 has no Transfer-Encoding");
	if (target->authority && (!host || !is(target->authority, target->authority_len, host)))
		return bad_request(fault, "the URL and Host name two hosts");
	return HEAD_DONE;
}

static char *line_end(char *s)
{
	return (char *)rawmemchr(s, '\n') - 1; /* there is one */
}

enum head_result head_read(struct head *head, char *data, size_t len,
			   const struct head_limits *limits, struct head_fault *fault)
{
	enum head_result r = find_end(head, data, len, limits, fault);
	if (r != HEAD_DONE)
		return r;
	head->host = 0;
	head->chunked = head->expects = head->close = head->keep_alive = false;
	head->has_length = false;
	head->length = 0;
	head->fields_len = 0;
	struct target target;
	char *s = data + head_skip(data, len);
	char *end = line_end(s);
	/* The authority is compared before the path, which was decoded over its place, is used. */
	r = read_first_line(head, data, s, end, limits, &target, fault);
	for (s = end + 2; r == HEAD_DONE && *s != '\r'; s = end + 2) {
		end = line_end(s);
		r = read_field(head, data, s, end, fault);
	}
	return r == HEAD_DONE ? agree(head, data, &target, fault) : r;
}

unsigned head_find(const struct head *head, const char *data, const char *name, size_t name_len,
		   unsigned from)
{
	for (; from < head->fields_len; from++) {
		const struct head_field *f = &head->fields[from];
		if (f->name_len == name_len && !strncasecmp(data + f->name, name, name_len))
			break;
	}
	return from;
}

/* ---- the query ---- */

static size_t decode_word(char *to, size_t size, const char *from, size_t len)
{
	size_t n = 0;
	for (const char *end = from + len; from < end && n + 1 < size; from++) {
		bool escape = *from == '%' && end - from > 2 && hex(from[1]) >= 0 &&
			      hex(from[2]) >= 0;
		to[n++] = escape         ? (char)(hex(from[1]) * 16 + hex(from[2]))
			  : *from == '+' ? ' '
					 : *from;
		from += escape ? 2 : 0;
	}
	to[n] = '\0';
	return n;
}

bool head_query(const char *query, const char *name, char *value, size_t size)
{
	char word[64];
	while (*query) {
		size_t len = strcspn(query, "&"), key = strcspn(query, "=&");
		decode_word(word, sizeof word, query, key);
		if (!strcmp(word, name)) {
			size_t skip = key + (key < len);
			decode_word(value, size, query + skip, len - skip);
			return true;
		}
		query += len + (query[len] == '&');
	}
	return false;
}
