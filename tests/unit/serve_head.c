/* Heads of requests: what is one, and what could be read in two ways. */
#include "agent/serve/head.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct head_limits limits = {.head = 2048, .target = 256};

struct reading { /* one at a time */
	char text[8192];
	struct head head;
	struct head_fault fault;
};
static struct reading the;

static enum head_result read_n(const char *text, size_t len)
{
	memset(&the.head, 0x5a, sizeof the.head);
	ck_assert_uint_lt(len, sizeof the.text);
	memcpy(the.text, text, len);
	head_init(&the.head);
	return head_read(&the.head, the.text, len, &limits, &the.fault);
}

static enum head_result read_head(const char *text)
{
	return read_n(text, strlen(text));
}

#define HOST "Host: a\r\n"

START_TEST(what_a_request_says_is_found)
{
	const char *text = "POST /a%20b?x=1&y HTTP/1.1\r\nHost: node-1:8410\r\n"
			   "content-LENGTH: 12\r\nAccept:  text/plain \t\r\nEmpty:\r\n\r\nbody";
	ck_assert_int_eq(read_head(text), HEAD_DONE);
	ck_assert_uint_eq(the.head.size, strlen(text) - 4);
	ck_assert_str_eq(the.text + the.head.method, "POST");
	ck_assert_str_eq(the.text + the.head.path, "/a b");
	ck_assert_str_eq(the.text + the.head.query, "x=1&y");
	ck_assert_str_eq(the.text + the.head.host, "node-1:8410");
	ck_assert_uint_eq(the.head.length, 12);
	ck_assert(the.head.has_length && !the.head.chunked && !the.head.close);
	ck_assert_uint_eq(the.head.minor, 1);
	ck_assert_uint_eq(the.head.fields_len, 4);
	unsigned i = head_find(&the.head, the.text, "accept", 6, 0);
	ck_assert_str_eq(the.text + the.head.fields[i].value, "text/plain");
	i = head_find(&the.head, the.text, "Empty", 5, 0);
	ck_assert_str_eq(the.text + the.head.fields[i].value, "");
	ck_assert_uint_eq(head_find(&the.head, the.text, "Accepts", 7, 0), 4);
	ck_assert_str_eq(the.text + the.head.size, "body");
}
END_TEST

START_TEST(a_head_may_come_byte_by_byte_and_move_meanwhile)
{
	static const char text[] = "\r\nGET /a HTTP/1.1\r\n" HOST "\r\nGET";
	struct head head;
	struct head_fault fault;
	head_init(&head);
	for (size_t n = 0; n < sizeof text - 4; n++) {
		char *copy = malloc(n + 1);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, text, n);
		ck_assert_int_eq(head_read(&head, copy, n, &limits, &fault), HEAD_MORE);
		ck_assert_int_eq(memcmp(copy, text, n), 0);
		free(copy);
	}
	char whole[sizeof text];
	memcpy(whole, text, sizeof text);
	ck_assert_int_eq(head_read(&head, whole, sizeof text - 1, &limits, &fault), HEAD_DONE);
	ck_assert_uint_eq(head.size, sizeof text - 4);
	ck_assert_str_eq(whole + head.path, "/a");
}
END_TEST

static const char *const good[] = {
	"GET / HTTP/1.1\r\n" HOST "\r\n",
	"\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
	"GET / HTTP/1.0\r\n\r\n",
	"GET / HTTP/1.7\r\n" HOST "\r\n",
	"OPTIONS * HTTP/1.1\r\n" HOST "\r\n",
	"GET http://a/b?c HTTP/1.1\r\n" HOST "\r\n",
	"GET HTTP://A/ HTTP/1.1\r\n" HOST "\r\n",
	"GET /%41%c3%bc HTTP/1.1\r\n" HOST "\r\n",
	"M-SEARCH / HTTP/1.1\r\n" HOST "\r\n",
	"POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n",
	"POST / HTTP/1.1\r\n" HOST "Content-Length: 007\r\n\r\n",
	"POST / HTTP/1.1\r\n" HOST "Content-Length: 999999999999999999\r\n\r\n",
	"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: CHUNKED\r\n\r\n",
	"POST / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "X: \xc3\xbc \xff\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "X: a\tb\r\nX: c\r\n\r\n",
	"GET / HTTP/1.1\r\nHost:a\r\n\r\n",
	"GET / HTTP/1.0\r\n\r\n",
	"\r\nGET / HTTP/1.0\r\n\r\n",
	"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n",
	"GET / HTTP/1.1\r\nHost:\r\n\r\n",
};

START_TEST(a_right_one_is_taken)
{
	ck_assert_msg(read_head(good[_i]) == HEAD_DONE, "%s: %s", good[_i], the.fault.why);
	ck_assert_uint_eq(the.head.size, strlen(good[_i]));
}
END_TEST

static const struct {
	const char *text;
	unsigned status;
	const char *why; /* a part of it */
} bad[] = {
	{"\x16\x03\x01", 400, "does not begin like a request"},
	{" GET / HTTP/1.1\r\n", 400, "does not begin like a request"},
	{"{\"a\":1}", 400, "does not begin like a request"},
	{"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 400,
	 "empty lines"},
	{"GET / HTTP/1.1\n" HOST "\r\n", 400, "LF alone"},
	{"GET / HTTP/1.1\r\nHost: a\n\r\n", 400, "LF alone"},
	{"GET / HTTP/1.1\r\n" HOST "\n", 400, "LF alone"},
	{"\nGET / HTTP/1.1\r\n", 400, "LF alone"},
	{"GET /\r\n" HOST "\r\n", 400, "METHOD URL HTTP/1.1"},
	{"GET / HTTP/1.1 \r\n" HOST "\r\n", 400, "METHOD URL HTTP/1.1"},
	{"GET  / HTTP/1.1\r\n" HOST "\r\n", 400, "METHOD URL HTTP/1.1"},
	{"GET /  HTTP/1.1\r\n" HOST "\r\n", 400, "METHOD URL HTTP/1.1"},
	{"GET / http/1.1\r\n" HOST "\r\n", 400, "METHOD URL HTTP/1.1"},
	{"GET / HTTP/1.10\r\n" HOST "\r\n", 400, "METHOD URL HTTP/1.1"},
	{"G(T / HTTP/1.1\r\n" HOST "\r\n", 400, "METHOD URL HTTP/1.1"},
	{"GET /a\tb HTTP/1.1\r\n" HOST "\r\n", 400, "METHOD URL HTTP/1.1"},
	{"GET /\xc3\xbc HTTP/1.1\r\n" HOST "\r\n", 400, "METHOD URL HTTP/1.1"},
	{"GET /\x7f HTTP/1.1\r\n" HOST "\r\n", 400, "METHOD URL HTTP/1.1"},
	{"GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400, "METHOD URL HTTP/1.1"},
	{"GET / HTTP/2.0\r\n" HOST "\r\n", 505, "HTTP/1.1"},
	{"PRI * HTTP/2.0\r\n\r\n", 505, "HTTP/1.1"},
	{"GET / HTTP/0.9\r\n\r\n", 505, "HTTP/1.1"},
	{"GET a HTTP/1.1\r\n" HOST "\r\n", 400, "/PATH"},
	{"GET ?a HTTP/1.1\r\n" HOST "\r\n", 400, "/PATH"},
	{"GET https://a/ HTTP/1.1\r\n" HOST "\r\n", 400, "/PATH"},
	{"GET http://a HTTP/1.1\r\n" HOST "\r\n", 400, "/PATH"},
	{"GET http://b/ HTTP/1.1\r\n" HOST "\r\n", 400, "two hosts"},
	{"GET http://a/ HTTP/1.0\r\n\r\n", 400, "two hosts"},
	{"GET /%4 HTTP/1.1\r\n" HOST "\r\n", 400, "two hexadecimal digits"},
	{"GET /%g0 HTTP/1.1\r\n" HOST "\r\n", 400, "two hexadecimal digits"},
	{"GET /a?b=% HTTP/1.1\r\n" HOST "\r\n", 400, "two hexadecimal digits"},
	{"GET /%00 HTTP/1.1\r\n" HOST "\r\n", 400, "encoded NUL"},
	{"GET /?a=%00 HTTP/1.1\r\n" HOST "\r\n", 400, "encoded NUL"},
	{"GET / HTTP/1.1\r\n\r\n", 400, "no Host"},
	{"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, "more than one Host"},
	{"GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", 400, "goes on in the next line"},
	{"GET / HTTP/1.1\r\n" HOST "A: b\r\n\tc: d\r\n\r\n", 400, "goes on in the next line"},
	{"GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n", 400, "NAME: VALUE"},
	{"GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n", 400, "NAME: VALUE"},
	{"GET / HTTP/1.1\r\n" HOST "A\r\n\r\n", 400, "NAME: VALUE"},
	{"GET / HTTP/1.1\r\n" HOST "A\xc3: b\r\n\r\n", 400, "NAME: VALUE"},
	{"GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n", 400, "control character"},
	{"GET / HTTP/1.1\r\n" HOST "A: \x01\r\n\r\n", 400, "control character"},
	{"GET / HTTP/1.1\r\n" HOST "A: \x7f\r\n\r\n", 400, "control character"},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 2\r\n\r\n", 400,
	 "more than one length"},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
	 400, "more than one length"},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
	 400, "more than one length"},
	{"POST / HTTP/1.1\r\n" HOST
	 "Transfer-Encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
	 400, "more than one length"},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: +2\r\n\r\n", 400, "number of bytes"},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: -2\r\n\r\n", 400, "number of bytes"},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 0x2\r\n\r\n", 400, "number of bytes"},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 2, 2\r\n\r\n", 400, "number of bytes"},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 2 2\r\n\r\n", 400, "number of bytes"},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400, "number of bytes"},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 9999999999999999999\r\n\r\n", 400,
	 "number of bytes"},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, "chunked"},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n", 501, "chunked"},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n", 501, "chunked"},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \x0b"
	 "chunked\r\n\r\n",
	 400, "control character"},
	{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "HTTP/1.0"},
	{"POST / HTTP/1.1\r\n" HOST "Expect: tea\r\n\r\n", 417, "100-continue"},
};

START_TEST(a_wrong_one_is_refused_and_told_why)
{
	ck_assert_msg(read_head(bad[_i].text) == HEAD_BAD, "%s", bad[_i].text);
	ck_assert_msg(the.fault.status == bad[_i].status, "%s: %u", bad[_i].text,
		      the.fault.status);
	ck_assert_msg(strstr(the.fault.why, bad[_i].why) != NULL, "%s: %s", bad[_i].text,
		      the.fault.why);
	ck_assert_ptr_nonnull(the.fault.code);
}
END_TEST

START_TEST(a_nul_is_no_text)
{
	static const char in_value[] = "GET / HTTP/1.1\r\n" HOST "A: b\0c\r\n\r\n";
	static const char in_url[] = "GET /a\0b HTTP/1.1\r\n" HOST "\r\n";
	ck_assert_int_eq(read_n(in_value, sizeof in_value - 1), HEAD_BAD);
	ck_assert_int_eq(read_n(in_url, sizeof in_url - 1), HEAD_BAD);
}
END_TEST

static size_t repeat(char *out, const char *what, size_t n)
{
	size_t len = strlen(what);
	for (size_t i = 0; i < n; i++)
		memcpy(out + i * len, what, len);
	out[n * len] = '\0';
	return n * len;
}

START_TEST(what_is_too_large_is_refused_before_its_end)
{
	char text[8192] = "GET /";
	repeat(text + 5, "a", 300);
	ck_assert_int_eq(read_head(text), HEAD_BAD);
	ck_assert_uint_eq(the.fault.status, 414);
	strcpy(text + 5 + 260, " HTTP/1.1\r\n" HOST "\r\n");
	ck_assert_int_eq(read_head(text), HEAD_BAD);
	ck_assert_uint_eq(the.fault.status, 414);
	strcpy(text, "GET / HTTP/1.1\r\n" HOST "A: ");
	repeat(text + strlen(text), "a", 2048);
	ck_assert_int_eq(read_head(text), HEAD_BAD);
	ck_assert_uint_eq(the.fault.status, 431);
	strcpy(text, "GET / HTTP/1.1\r\n" HOST);
	repeat(text + strlen(text), "A: b\r\n", HEAD_FIELDS);
	strcat(text, "\r\n");
	ck_assert_int_eq(read_head(text), HEAD_BAD);
	ck_assert_uint_eq(the.fault.status, 431);
	strcpy(text, "GET / HTTP/1.1\r\n" HOST);
	repeat(text + strlen(text), "A: b\r\n", HEAD_FIELDS - 1);
	strcat(text, "\r\n");
	ck_assert_int_eq(read_head(text), HEAD_DONE);
}
END_TEST

START_TEST(how_long_a_connection_lasts_is_said_in_a_list)
{
	ck_assert_int_eq(
		read_head("GET / HTTP/1.1\r\n" HOST "Connection: Upgrade, CLOSE\r\n\r\n"),
		HEAD_DONE);
	ck_assert(the.head.close && !the.head.keep_alive);
	ck_assert_int_eq(
		read_head("GET / HTTP/1.0\r\nConnection: a\r\nConnection: keep-alive\r\n\r\n"),
		HEAD_DONE);
	ck_assert(!the.head.close && the.head.keep_alive);
	ck_assert_int_eq(read_head("GET / HTTP/1.1\r\n" HOST "Connection: closed\r\n\r\n"),
			 HEAD_DONE);
	ck_assert(!the.head.close);
}
END_TEST

START_TEST(a_query_is_looked_up_and_decoded)
{
	char value[8];
	ck_assert(head_query("a=1&b=%41+c&d", "b", value, sizeof value));
	ck_assert_str_eq(value, "A c");
	ck_assert(head_query("a=1&b=%41+c&d", "d", value, sizeof value));
	ck_assert_str_eq(value, "");
	ck_assert(head_query("%61=1", "a", value, sizeof value));
	ck_assert_str_eq(value, "1");
	ck_assert(head_query("a=123456789", "a", value, sizeof value));
	ck_assert_str_eq(value, "1234567");
	ck_assert(!head_query("ab=1&c", "a", value, sizeof value));
	ck_assert(!head_query("", "a", value, sizeof value));
}
END_TEST

Suite *suite_serve_head(void)
{
	Suite *suite = suite_create("serve_head");
	TCase *t = tcase_create("heads");
	suite_add_tcase(suite, t);
	tcase_add_test(t, what_a_request_says_is_found);
	tcase_add_test(t, a_head_may_come_byte_by_byte_and_move_meanwhile);
	tcase_add_loop_test(t, a_right_one_is_taken, 0, sizeof good / sizeof *good);
	tcase_add_loop_test(t, a_wrong_one_is_refused_and_told_why, 0,
			    sizeof bad / sizeof *bad);
	tcase_add_test(t, a_nul_is_no_text);
	tcase_add_test(t, what_is_too_large_is_refused_before_its_end);
	tcase_add_test(t, how_long_a_connection_lasts_is_said_in_a_list);
	tcase_add_test(t, a_query_is_looked_up_and_decoded);
	return suite;
}
