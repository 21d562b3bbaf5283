/*
 * What RFC 8259 asks of a parser: what it must take, what it must not, and what it leaves to us.  All
 * that is taken leaves as it came, but for white space.
 */
#include "tests/unit/document_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const char *about, *text;
	size_t len;
};

#define ROW(about, text)                          \
	{                                         \
		(about), (text), sizeof(text) - 1 \
	}

static const struct row taken[] = {
	ROW("an empty array", "[]"),
	ROW("an empty object", "{}"),
	ROW("an array in an array", "[[]]"),
	ROW("an array of an empty text", "[\"\"]"),
	ROW("an array that ends in a newline", "[\"a\"]\n"),
	ROW("white space before an array", " \t\r\n[1]"),
	ROW("white space behind an array", "[1] \t\r\n"),
	ROW("white space in an empty array", "[ \n ]"),
	ROW("white space in an empty object", "{ \t }"),
	ROW("white space around a comma", "[1 ,\r\n2]"),
	ROW("white space around a colon", "{\"a\"\t:\n1}"),
	ROW("kinds mixed", "[null, 1, \"1\", {}, [], true, false]"),
	ROW("many nulls", "[1,null,null,null,2]"),
	ROW("a number with an exponent that has no sign", "[0e1]"),
	ROW("an exponent in capitals", "[1E22]"),
	ROW("an exponent with a plus", "[0e+1]"),
	ROW("an exponent with a minus", "[1E-2]"),
	ROW("an exponent in capitals with a plus", "[1E+2]"),
	ROW("a fraction and an exponent", "[123.456e78]"),
	ROW("a fraction and a negative exponent", "[123.456e-78]"),
	ROW("an exponent of zeros", "[1e000000]"),
	ROW("an exponent with leading zeros", "[1e-0002]"),
	ROW("a small fraction",
	    "[-0.000000000000000000000000000000000000000000000000000000000001]"),
	ROW("minus zero", "[-0]"),
	ROW("minus zero with a fraction", "[-0.0]"),
	ROW("minus zero with an exponent", "[-0e-1]"),
	ROW("a negative integer", "[-123]"),
	ROW("a negative digit", "[-1]"),
	ROW("a fraction of nines", "[0.999999999999999999999999999999]"),
	ROW("a number of sixteen digits", "[1234567890123456]"),
	ROW("a number of seventeen digits", "[12345678901234567]"),
	ROW("a point behind sixteen digits", "[1234567890123456.5]"),
	ROW("fifteen digits and a point", "[123456789012345.5]"),
	ROW("a number as root, with a space", "42 "),
	ROW("minus as root", "-42"),
	ROW("a fraction as root", "-0.1"),
	ROW("a text as root", "\"asd\""),
	ROW("true as root", "true"),
	ROW("false as root", "false"),
	ROW("null as root", "null"),
	ROW("an object with one member", "{\"a\":\"b\"}"),
	ROW("an object with two members", "{\"asd\":\"sdf\", \"dfg\":\"fgh\"}"),
	ROW("an object with an empty key", "{\"\":0}"),
	ROW("keys that begin the same", "{\"a\":1,\"aa\":2,\"aaa\":3,\"b\":4}"),
	ROW("keys that differ in capitals", "{\"a\":1,\"A\":2}"),
	ROW("keys that look the same in other code points", "{\"\xC3\xA9\":1,\"e\xCC\x81\":2}"),
	ROW("the same key in other objects", "{\"a\":{\"a\":{\"a\":[{\"a\":1},{\"a\":1}]}}}"),
	ROW("a NUL in a key, escaped", "{\"foo\\u0000bar\":42}"),
	ROW("keys that differ behind a NUL", "{\"a\\u0000b\":1,\"a\\u0000c\":2,\"a\":3}"),
	ROW("an escape in a key", "{\"\\u0061\":1,\"\\u0062\":2}"),
	ROW("long keys", "{\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\":1,"
			 "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy\":2}"),
	ROW("each escape of one letter", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
	ROW("a backslash, escaped, behind which comes a u", "[\"\\\\u0000\"]"),
	ROW("a quote that is escaped at the end", "[\"\\\"\"]"),
	ROW("backslashes, escaped, at the end", "[\"a\\\\\\\\\"]"),
	ROW("digits in capitals", "[\"\\uABCD\\uabcd\"]"),
	ROW("a NUL, escaped", "[\"\\u0000\"]"),
	ROW("a control character, escaped", "[\"\\u0012\"]"),
	ROW("a newline, escaped as a number", "[\"new\\u000Aline\"]"),
	ROW("a quote, escaped as a number", "[\"\\u0022\"]"),
	ROW("a backslash, escaped as a number", "[\"\\u005C\"]"),
	ROW("a pair of surrogates", "[\"\\uD801\\udc37\"]"),
	ROW("two pairs of surrogates", "[\"\\ud83d\\ude39\\ud83d\\udc8d\"]"),
	ROW("the last pair of surrogates", "[\"\\uDBFF\\uDFFF\"]"),
	ROW("the last before the surrogates", "[\"\\uD7FF\"]"),
	ROW("the first behind the surrogates", "[\"\\uE000\"]"),
	ROW("no characters, escaped", "[\"\\uFFFE\\uFFFF\\uFDD0\"]"),
	ROW("a byte order mark, escaped", "[\"\\uFEFF\"]"),
	ROW("DEL", "[\"a\x7F\"]"),
	ROW("two bytes", "[\"\xC2\x80\xDF\xBF\"]"),
	ROW("three bytes", "[\"\xE0\xA0\x80\xEF\xBF\xBF\"]"),
	ROW("the neighbours of the surrogates", "[\"\xED\x9F\xBF\xEE\x80\x80\"]"),
	ROW("four bytes", "[\"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\"]"),
	ROW("line and paragraph separators", "[\"\xE2\x80\xA8\xE2\x80\xA9\"]"),
	ROW("a byte order mark in a text", "[\"\xEF\xBB\xBF\"]"),
	ROW("a text of fifteen bytes", "[\"123456789012345\"]"),
	ROW("a text of sixteen bytes", "[\"1234567890123456\"]"),
	ROW("a text of seventeen bytes", "[\"12345678901234567\"]"),
	ROW("a character across the sixteenth byte", "[\"123456789012345\xE6\xBC\xA2\"]"),
	ROW("an escape across the sixteenth byte", "[\"12345678901234\\u00e4\"]"),
	ROW("what is a comment elsewhere, in a text", "[\"a/*b*/c//d\"]"),
	ROW("brackets in a text", "[\"]}{[,:\"]"),
};

static const struct row refused[] = {
	ROW("nothing", ""),
	ROW("a space", " "),
	ROW("a byte order mark alone", "\xEF\xBB\xBF"),
	ROW("a comma alone", ","),
	ROW("a colon in an array", "[\"a\":1]"),
	ROW("a comma behind an array", "[\"\"],"),
	ROW("a comma before a value", "[,1]"),
	ROW("two commas", "[1,,2]"),
	ROW("two commas at the end", "[\"x\",,]"),
	ROW("a comma at the end", "[1,]"),
	ROW("a comma alone in an array", "[,]"),
	ROW("two closing brackets", "[\"x\"]]"),
	ROW("a value behind another", "[1 true]"),
	ROW("values side by side", "[3[4]]"),
	ROW("an array that does not end", "[\"a\""),
	ROW("an array that does not end behind a comma", "[1,"),
	ROW("an array that does not end behind newlines", "[\"a\",\n4\n,1,"),
	ROW("the wrong bracket for an array", "[1}"),
	ROW("the wrong bracket for an object", "{\"a\":1]"),
	ROW("a bracket alone", "["),
	ROW("a brace alone", "{"),
	ROW("a closing bracket alone", "]"),
	ROW("a closing brace alone", "}"),
	ROW("an asterisk", "*"),
	ROW("a star in an array", "[*]"),
	ROW("not quite false", "[fals]"),
	ROW("not quite null", "[nul]"),
	ROW("not quite true", "[tru]"),
	ROW("true that ends too soon", "tru"),
	ROW("words in capitals", "[True]"),
	ROW("null in capitals", "[NULL]"),
	ROW("a word that goes on", "[truer]"),
	ROW("not a number", "[NaN]"),
	ROW("infinity", "[Infinity]"),
	ROW("minus infinity", "[-Infinity]"),
	ROW("minus not a number", "[-NaN]"),
	ROW("two plus signs", "[++1234]"),
	ROW("a plus sign", "[+1]"),
	ROW("a leading zero", "[012]"),
	ROW("a negative leading zero", "[-012]"),
	ROW("two zeros", "[00]"),
	ROW("minus and a letter", "[-foo]"),
	ROW("minus alone", "[-]"),
	ROW("two minus signs", "[--1]"),
	ROW("minus and a space", "[- 1]"),
	ROW("a point at the end", "[1.]"),
	ROW("a point at the beginning", "[.123]"),
	ROW("a negative point at the beginning", "[-.123]"),
	ROW("a point and an exponent", "[1.e1]"),
	ROW("two points", "[1.2.3]"),
	ROW("an exponent without digits", "[1e]"),
	ROW("an exponent with a sign and no digits", "[1e+]"),
	ROW("an exponent in capitals without digits", "[0E]"),
	ROW("an exponent with two signs", "[1e+-2]"),
	ROW("a fraction in an exponent", "[1e2.5]"),
	ROW("an exponent alone", "[e1]"),
	ROW("a number in base sixteen", "[0x42]"),
	ROW("a number in base eight", "[0o7]"),
	ROW("a letter behind a number", "[1a]"),
	ROW("a number with underscores", "[1_000]"),
	ROW("a number with a space", "[1 000]"),
	ROW("digits of another script", "[\xEF\xBC\x91]"),
	ROW("a point behind sixteen digits", "[1234567890123456.]"),
	ROW("a NUL behind a number", "[1\0]"),
	ROW("a NUL behind the value", "[]\0"),
	ROW("a NUL alone", "\0"),
	ROW("single quotes", "['a']"),
	ROW("a text without quotes", "[a]"),
	ROW("a text that does not end", "[\"a"),
	ROW("a text that ends behind a backslash", "[\"\\"),
	ROW("a text whose quote is escaped", "[\"\\\"]"),
	ROW("a backslash and a NUL", "[\"\\\0\"]"),
	ROW("a backslash and a tab", "[\"\\\t\"]"),
	ROW("a backslash and a character", "[\"\\\xF0\x9F\x8C\x80\"]"),
	ROW("an escape of C", "[\"\\x00\"]"),
	ROW("an escape of the shell", "[\"\\a\"]"),
	ROW("a single quote, escaped", "[\"\\'\"]"),
	ROW("u in capitals", "[\"\\U00e4\"]"),
	ROW("u without digits", "[\"\\u\"]"),
	ROW("u with two digits", "[\"\\u00\"]"),
	ROW("u with three digits", "[\"\\u00A\"]"),
	ROW("u with a letter that is no digit", "[\"\\u00G0\"]"),
	ROW("u that ends with the text", "[\"\\u00"),
	ROW("a newline in a text", "[\"new\nline\"]"),
	ROW("a tab in a text", "[\"\t\"]"),
	ROW("a NUL in a text", "[\"a\0a\"]"),
	ROW("a control character in a text", "[\"a\x1F\"]"),
	ROW("a control character behind the sixteenth byte", "[\"12345678901234567\x01\"]"),
	ROW("a form feed as white space", "[\f]"),
	ROW("a vertical tab as white space", "[\v1]"),
	ROW("a space that does not break", "[\xC2\xA0]"),
	ROW("a word joiner", "[\xE2\x81\xA0]"),
	ROW("a separator of lines as white space", "[1,\xE2\x80\xA8"
						   "2]"),
	ROW("an object without a colon", "{\"a\" b}"),
	ROW("an object with a comma for the colon", "{\"x\", null}"),
	ROW("an object with two colons", "{\"x\"::\"b\"}"),
	ROW("an object without a value", "{\"a\":"),
	ROW("an object without a value, ended", "{\"a\":}"),
	ROW("an object with a key alone", "{\"a\"}"),
	ROW("an object without a key", "{:\"b\"}"),
	ROW("a key without quotes", "{a: \"b\"}"),
	ROW("a key in single quotes", "{'a':0}"),
	ROW("a number as key", "{1:1}"),
	ROW("null as key", "{null:null}"),
	ROW("an array as key", "{[1]:1}"),
	ROW("a comma at the end of an object", "{\"id\":0,}"),
	ROW("two commas in an object", "{\"a\":1,,\"b\":2}"),
	ROW("a comma at the beginning of an object", "{,\"a\":1}"),
	ROW("a value behind a member", "{\"a\":\"b\" 1}"),
	ROW("a comment behind an object", "{\"a\":\"b\"}/**/"),
	ROW("a comment that does not end", "{\"a\":/*comment\"b\"}"),
	ROW("a comment of one line", "{\"a\":\"b\"}//"),
	ROW("a comment of the shell", "{\"a\":\"b\"}#"),
	ROW("something behind an object", "{\"a\":true} \"x\""),
	ROW("two objects", "{}{}"),
	ROW("a bracket behind an object", "{}]"),
	ROW("a bracket behind a number", "2]"),
	ROW("a text that goes on", "\"a\"b"),
	ROW("a member beside the root", "\"a\":1"),
	ROW("values with a comma as root", "1,2"),
	ROW("a tag of HTML", "<null>"),
	ROW("a byte behind the value", "123\xE5"),
	ROW("a byte in an array", "[\xE5]"),
	ROW("a byte in a number", "[0\xE5]"),
	ROW("a byte in an exponent", "[1e1\xE5]"),
	ROW("a byte in an escape", "[\"\\u\xE5\"]"),
	/* The next ones are a choice of ours: RFC 8259 only says that it is not wise to write them. */
	ROW("a key that is there twice", "{\"a\":1,\"a\":1}"),
	ROW("a key that is there twice, among others", "{\"a\":1,\"b\":2,\"c\":3,\"a\":4}"),
	ROW("a key that is there twice, once escaped", "{\"a\":1,\"\\u0061\":2}"),
	ROW("a key that is there twice, escaped in two ways", "{\"\\u00e4\":1,\"\\u00E4\":2}"),
	ROW("an empty key that is there twice", "{\"\":1,\"\":2}"),
	ROW("a NUL in two keys", "{\"\\u0000\":1,\"\\u0000\":2}"),
};

/* What RFC 8259 leaves open. */
static const struct row taken_here[] = {
	ROW("an integer beyond 64 bits", "[100000000000000000000]"),
	ROW("a negative one", "[-123123123123123123123123123123]"),
	ROW("the first beyond 64 bits", "[9223372036854775808,-9223372036854775809]"),
	ROW("the last within", "[9223372036854775807,-9223372036854775808]"),
	ROW("an exponent that leads to nothing", "[123e-10000000]"),
	ROW("more digits than a double has", "[0.12345678901234567890123456789]"),
	ROW("the largest double", "[1.7976931348623157e308]"),
	ROW("the same with many digits", "[17976931348623157000000000.0e283]"),
	ROW("an exponent with zeros in front", "[1e0000000000000000000000000000000000001]"),
};

static const struct row refused_here[] = {
	ROW("a number beyond a double", "[1e400]"),
	ROW("a negative one", "[-1.5e+9999]"),
	ROW("an exponent with many digits",
	    "[0.4e006699999999999999999999999999999999999999999999]"),
	ROW("the first beyond a double", "[1.7976931348623159e308]"),
	ROW("the first half of a pair", "[\"\\uDADA\"]"),
	ROW("the second half of a pair", "[\"\\uDFAA\"]"),
	ROW("the first half, and something else", "[\"\\uD800abc\"]"),
	ROW("the first half twice", "[\"\\uD800\\uD800\"]"),
	ROW("the first half, and another escape", "[\"\\uD800\\n\"]"),
	ROW("the first half, and one that is no half", "[\"\\uD888\\u1234\"]"),
	ROW("the halves the other way round", "[\"\\uDd1e\\uD834\"]"),
	ROW("half of a pair in a key", "{\"\\uDFAA\":0}"),
	ROW("a surrogate in UTF-8", "[\"\xED\xA0\x80\"]"),
	ROW("a pair of surrogates in UTF-8", "[\"\xED\xA0\xBD\xED\xB8\x80\"]"),
	ROW("a byte that begins nothing", "[\"\xFF\"]"),
	ROW("a byte that only follows", "[\"\x81\"]"),
	ROW("an ending in the middle of a character", "[\"\xE0\xFF\"]"),
	ROW("a character cut short by the end", "[\"\xE6\xBC"),
	ROW("two bytes where one would do", "[\"\xC0\xAF\"]"),
	ROW("three bytes where two would do", "[\"\xE0\x80\xAF\"]"),
	ROW("four bytes where three would do", "[\"\xF0\x80\x80\xAF\"]"),
	ROW("six bytes", "[\"\xFC\x83\xBF\xBF\xBF\xBF\"]"),
	ROW("beyond the last code point", "[\"\xF4\xBF\xBF\xBF\"]"),
	ROW("Latin-1", "[\"\xE9\"]"),
	ROW("a broken character behind the sixteenth byte", "[\"1234567890123456\xC3\"]"),
	ROW("a broken character in a key", "{\"\xB9\":0}"),
	ROW("a byte order mark", "\xEF\xBB\xBF{}"),
	ROW("half of a byte order mark", "\xEF\xBB{}"),
	ROW("UTF-16, the large end first", "\0[\0\"\0\xE9\0\"\0]"),
	ROW("UTF-16, the small end first", "[\0\"\0\xE9\0\"\0]\0"),
	ROW("UTF-16 with a mark", "\xFF\xFE[\0\"\0\xE9\0\"\0]\0"),
};

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* A block of its own size, so that a sanitizer sees any read beyond it. */
static int parse(const struct row *row, size_t len, struct document **out)
{
	char *copy = malloc(len ? len : 1);
	memcpy(copy, row->text, len);
	struct flume_err err = {0};
	int rc = document_parse(out, copy, len, &err);
	free(copy);
	ck_assert_msg(rc == 0 || (rc == FLUME_SYNTAX && !strncmp(err.text, "line ", 5)),
		      "%s: %d %s", row->about, rc, err.text);
	return rc;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Takes the white space between tokens out of it. */
static void make_compact(char *text)
{
	char *to = text;
	bool quoted = false;
	for (const char *s = text; *s; s++) {
		if (quoted || !is_space(*s))
			*to++ = *s;
		if (quoted && *s == '\\')
			*to++ = *++s;
		else if (*s == '"')
			quoted = !quoted;
	}
	*to = '\0';
}

static void expect_taken(const struct row *row)
{
	struct document *document = NULL;
	char compact[400];
	int rc = parse(row, row->len, &document);
	ck_assert_msg(rc == 0, "%s is refused", row->about);
	memcpy(compact, row->text, row->len + 1);
	make_compact(compact);
	expect_document(document, compact);
}

static void expect_refused(const struct row *row)
{
	struct document *document = NULL;
	int rc = parse(row, row->len, &document);
	ck_assert_msg(rc == FLUME_SYNTAX, "%s is taken", row->about);
	ck_assert_ptr_null(document);
}

START_TEST(what_is_json_is_taken_and_leaves_as_it_came)
{
	for (size_t i = 0; i < COUNT(taken); i++)
		expect_taken(&taken[i]);
}
END_TEST

START_TEST(what_is_not_json_is_refused)
{
	for (size_t i = 0; i < COUNT(refused); i++)
		expect_refused(&refused[i]);
}
END_TEST

START_TEST(what_is_left_open_is_decided)
{
	for (size_t i = 0; i < COUNT(taken_here); i++)
		expect_taken(&taken_here[i]);
	for (size_t i = 0; i < COUNT(refused_here); i++)
		expect_refused(&refused_here[i]);
}
END_TEST

/* Every beginning of what is taken is refused, unless it is a whole number, or ends in white space. */
START_TEST(no_beginning_is_taken_for_the_whole)
{
	for (size_t i = 0; i < COUNT(taken); i++) {
		if (taken[i].text[0] != '[' && taken[i].text[0] != '{')
			continue;
		size_t end = taken[i].len;
		while (is_space(taken[i].text[end - 1]))
			end--;
		for (size_t len = 0; len < end; len++) {
			struct document *document = NULL;
			ck_assert_msg(parse(&taken[i], len, &document) == FLUME_SYNTAX,
				      "%zu bytes of %s", len, taken[i].about);
		}
	}
}
END_TEST

/* The rest of a block that the parser looks at many bytes at a time. */
START_TEST(what_stands_behind_the_text_does_not_matter)
{
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct document *document = NULL;
		char more[600];
		memset(more, '"', sizeof more);
		memcpy(more, refused[i].text, refused[i].len);
		ck_assert_msg(document_parse(&document, more, refused[i].len, NULL) ==
				      FLUME_SYNTAX,
			      "%s", refused[i].about);
	}
}
END_TEST

/* How a key is written around its number. */
struct way {
	const char *before, *after;
};

/* `n` keys in one object, of which two are the same when `again` is below `n`. */
static int parse_keys(size_t n, size_t again, struct way way)
{
	struct document *document = NULL;
	char *text = malloc(n * 50 + 3);
	size_t at = 0;
	text[at++] = '{';
	for (size_t i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, "%s\"%s%07zu%s\":%zu", i ? "," : "",
				      way.before, i == again ? n / 2 : i, way.after, i);
	text[at++] = '}';
	int rc = document_parse(&document, text, at, NULL);
	free(text);
	document_free(document);
	return rc;
}

START_TEST(a_key_is_found_again_among_any_number)
{
	static const struct way ways[] = {
		{"", ""},
		{"k", "-and-the-same-for-all"},
		{"\\u006b", ""},
	};
	static const size_t counts[] = {2, 3, 15, 16, 17, 40, 300, 5000};
	for (size_t w = 0; w < COUNT(ways); w++) {
		for (size_t i = 0; i < COUNT(counts); i++) {
			size_t n = counts[i];
			ck_assert_int_eq(parse_keys(n, n, ways[w]), 0);
			ck_assert_int_eq(parse_keys(n, 0, ways[w]), FLUME_SYNTAX);
			if (n > 2)
				ck_assert_int_eq(parse_keys(n, n - 1, ways[w]), FLUME_SYNTAX);
		}
	}
}
END_TEST

/* Their hash looks at both ends of a key alone, so it is the same for all. */
START_TEST(keys_chosen_to_share_a_hash_cost_little)
{
	const struct way way = {"12345678", "12345678"};
	ck_assert_int_eq(parse_keys(200000, 200000, way), 0);
	ck_assert_int_eq(parse_keys(200000, 7, way), FLUME_SYNTAX);
}
END_TEST

Suite *suite_document_json(void)
{
	Suite *suite = suite_create("document_json");
	TCase *cases = tcase_create("json");
	tcase_set_timeout(cases, 30);
	tcase_add_test(cases, what_is_json_is_taken_and_leaves_as_it_came);
	tcase_add_test(cases, what_is_not_json_is_refused);
	tcase_add_test(cases, what_is_left_open_is_decided);
	tcase_add_test(cases, no_beginning_is_taken_for_the_whole);
	tcase_add_test(cases, what_stands_behind_the_text_does_not_matter);
	tcase_add_test(cases, a_key_is_found_again_among_any_number);
	tcase_add_test(cases, keys_chosen_to_share_a_hash_cost_little);
	suite_add_tcase(suite, cases);
	return suite;
}
