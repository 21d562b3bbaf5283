/* Bodies in chunks, whole and cut anywhere. */
#include "agent/serve/chunk.h"
#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>

struct decoded {
	enum chunk_result result;
	char text[256];
	size_t len, used;
};

/* In pieces of so many bytes. */
static struct decoded decode(const char *text, size_t len, size_t at_a_time)
{
	struct chunk chunk = {0};
	struct decoded d = {.result = CHUNK_MORE};
	while (d.used < len && d.result == CHUNK_MORE) {
		size_t n = len - d.used < at_a_time ? len - d.used : at_a_time, used, made;
		char *copy = malloc(n);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, text + d.used, n);
		d.result = chunk_read(&chunk, copy, n, &used, &made);
		ck_assert_uint_le(made, used);
		ck_assert(d.result != CHUNK_MORE || used == n);
		ck_assert_uint_lt(d.len + made, sizeof d.text);
		memcpy(d.text + d.len, copy, made);
		free(copy);
		d.len += made;
		d.used += used;
	}
	d.text[d.len] = '\0';
	return d;
}

static const struct {
	const char *text, *body;
} good[] = {
	{"0\r\n\r\n", ""},
	{"3\r\nabc\r\n0\r\n\r\n", "abc"},
	{"3\r\nabc\r\n00A\r\n0123456789\r\n000\r\n\r\n", "abc0123456789"},
	{"2;x=\"y\"\r\nab\r\n1 ;z\r\nc\r\n0;last\r\n\r\n", "abc"},
	{"1\r\n\n\r\n1\r\n\r\r\n0\r\n\r\n", "\n\r"},
	{"1\r\na\r\n0\r\nDigest: abc\r\nOther: d\r\n\r\n", "a"},
};

START_TEST(a_right_one_is_decoded_however_it_is_cut)
{
	char text[256];
	size_t len = strlen(good[_i].text);
	strcpy(text, good[_i].text);
	strcat(text, "GET /next");
	for (size_t n = 1; n <= len + 9; n++) {
		struct decoded d = decode(text, len + 9, n);
		ck_assert_int_eq(d.result, CHUNK_DONE);
		ck_assert_str_eq(d.text, good[_i].body);
		ck_assert_uint_eq(d.used, len);
	}
}
END_TEST

static const char *const bad[] = {
	"\r\n",
	"g\r\n",
	"-1\r\n",
	"0x1\r\n",
	" 1\r\n",
	"1\na",
	"1\r\nab\r\n",
	"1\r\na\n0\r\n",
	"1\ra",
	"1;\x01\r\n",
	"1\r\na\r\n\r",
	"0\r\n a\r\n",
	"0\r\na\n\r\n",
	"0\r\na\x7f",
	";a\r\n",
	"1\r\na\rb",
	"1;a\nb\r\nc\r\n",
	"0\r\n\rX",
	"1\r\na0\r\n",
	"0\n\n",
	"10000000000000000\r\n",
	"0000000000000000\r\n",
};

START_TEST(a_wrong_one_is_refused_however_it_is_cut)
{
	size_t len = strlen(bad[_i]);
	for (size_t n = 1; n <= len; n++)
		ck_assert_msg(decode(bad[_i], len, n).result == CHUNK_BAD, "%s", bad[_i]);
}
END_TEST

START_TEST(what_is_passed_over_is_short)
{
	char text[6000];
	for (int behind = 0; behind < 2; behind++) {
		strcpy(text, behind ? "0\r\n" : "1;");
		size_t len = strlen(text);
		memset(text + len, 'a', 5000);
		ck_assert_int_eq(decode(text, len + 4000, 100).result, CHUNK_MORE);
		ck_assert_int_eq(decode(text, len + 5000, 100).result, CHUNK_BAD);
	}
}
END_TEST

Suite *suite_serve_chunk(void)
{
	Suite *suite = suite_create("serve_chunk");
	TCase *t = tcase_create("chunks");
	suite_add_tcase(suite, t);
	tcase_add_loop_test(t, a_right_one_is_decoded_however_it_is_cut, 0,
			    sizeof good / sizeof *good);
	tcase_add_loop_test(t, a_wrong_one_is_refused_however_it_is_cut, 0,
			    sizeof bad / sizeof *bad);
	tcase_add_test(t, what_is_passed_over_is_short);
	return suite;
}
