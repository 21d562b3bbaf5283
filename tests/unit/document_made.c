/* Values that are made from others: format, fail, convert, math. */
#include "tests/unit/document_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(format_writes_values_into_a_text)
{
	const char *schema = with_processor(
		"{kind: format, fields: {line: '{{{who.name}}} bought {items[0].sku}: {n} {t} "
		"{items}', n: '<{n}>'}}");
	expect_output(schema,
		      "{\"who\":{\"name\":\"A\\\"da\"},\"items\":[{\"sku\":\"x-1\"}],\"n\":1.5,"
		      "\"t\":true}",
		      "{\"who\":{\"name\":\"A\\\"da\"},\"items\":[{\"sku\":\"x-1\"}],\"n\":\"<"
		      "1.5>\",\"t\":"
		      "true,\"line\":\"{A\\\"da} bought x-1: 1.5 true "
		      "[{\\\"sku\\\":\\\"x-1\\\"}]\"}");
	expect_failure(schema, "{\"who\":{\"name\":null}}", "who.name: missing");
	expect_output(with_processor("{kind: format, fields: {a: '{a}-{b}'}, default: ''}"),
		      "{\"a\":null}", "{\"a\":\"-\"}");
	expect_output(with_processor("{kind: format, fields: {a: 'plain', b: '}}{{'}}"), "{}",
		      "{\"a\":\"plain\",\"b\":\"}{\"}");
}
END_TEST

START_TEST(format_does_not_grow_without_end)
{
	size_t len = 300000;
	char *input = malloc(len + 20);
	size_t at = (size_t)sprintf(input, "{\"a\":\"");
	memset(input + at, 'x', len);
	memcpy(input + at + len, "\"}", 3);
	expect_failure(with_processor("{kind: format, fields: {b: '{a}{a}{a}{a}'}}"), input,
		       "b: longer than 1 MiB");
	free(input);
}
END_TEST

START_TEST(fail_says_why)
{
	expect_failure(with_processor("{kind: fail, text: 'order {id} {{x}} of {who}'}"),
		       "{\"id\":7}", "order 7 {x} of nothing");
	expect_failure(with_processor("{kind: fail}"), "{}", "refused by the pipeline");
}
END_TEST

static const char *with_type(const char *type, const char *more)
{
	char declaration[200];
	snprintf(declaration, sizeof declaration, "{kind: convert, fields: {a: %s}%s}", type,
		 more);
	return with_processor(declaration);
}

static void expect_converted(const char *type, const char *from, const char *to)
{
	char input[200], output[200];
	snprintf(input, sizeof input, "{\"a\":%s}", from);
	snprintf(output, sizeof output, "{\"a\":%s}", to);
	expect_output(with_type(type, ""), input, output);
}

static void expect_not_converted(const char *type, const char *from, const char *why)
{
	char input[200];
	snprintf(input, sizeof input, "{\"a\":%s}", from);
	expect_failure(with_type(type, ""), input, why);
}

START_TEST(convert_gives_another_type)
{
	expect_converted("string", "1.5", "\"1.5\"");
	expect_converted("string", "true", "\"true\"");
	expect_converted("string", "\"x\"", "\"x\"");
	expect_converted("string", "null", "null");
	expect_converted("integer", "\"-12\"", "-12");
	expect_converted("integer", "3.0", "3");
	expect_converted("integer", "\"1e3\"", "1000");
	expect_converted("integer", "false", "0");
	expect_converted("number", "\"1.25\"", "1.25");
	expect_converted("number", "\"7\"", "7");
	expect_converted("boolean", "\"Yes\"", "true");
	expect_converted("boolean", "\"off\"", "false");
	expect_converted("boolean", "0", "false");
	expect_converted("timestamp", "\"2026-11-27t16:04:05.500+01:00\"",
			 "\"2026-11-27T15:04:05.5Z\"");
	expect_converted("timestamp", "0", "\"1970-01-01T00:00:00Z\"");
	expect_output(with_type("integer", ""), "{\"b\":1}", "{\"b\":1}");
}
END_TEST

START_TEST(what_cannot_be_converted_fails)
{
	expect_not_converted("string", "[1]", "a: an array that is not a text");
	expect_not_converted("integer", "3.5", "a: a number that is not an integer");
	expect_not_converted("integer", "1e300", "a: a number that is not an integer");
	expect_not_converted("integer", "\"99999999999999999999\"",
			     "a: a text that is not an integer");
	expect_not_converted("integer", "\" 1\"", "a: a text that is not an integer");
	expect_not_converted("number", "\"0x10\"", "a: a text that is not a number");
	expect_not_converted("number", "\"\"", "a: a text that is not a number");
	expect_not_converted("boolean", "2", "a: a number that is not a boolean");
	expect_not_converted("boolean", "\"truer\"", "a: a text that is not a boolean");
	expect_not_converted("timestamp", "\"2026-02-29T00:00:00Z\"",
			     "a: a text that is not a time");
	expect_not_converted("timestamp", "{}", "a: an object that is not a time");
}
END_TEST

START_TEST(what_becomes_of_a_failure_is_chosen)
{
	expect_output(with_type("integer", ", on_failure: nullify"), "{\"a\":\"x\"}",
		      "{\"a\":null}");
	expect_output(with_type("integer", ", on_failure: remove"), "{\"a\":\"x\",\"b\":1}",
		      "{\"b\":1}");
	expect_output(with_type("integer", ", on_failure: keep"), "{\"a\":\"x\"}",
		      "{\"a\":\"x\"}");
	expect_output(
		with_processor("{kind: convert, fields: {'l[0]': integer, 'l[1]': integer, "
			       "'l[2]': integer}, on_failure: remove}"),
		"{\"l\":[\"x\",\"2\",\"y\"]}", "{\"l\":[2]}");
}
END_TEST

/* What `expression` gives on {"a": 7, "b": {"c-d": 2.5}, "l": [3]}. */
static void expect_math(const char *expression, const char *result)
{
	char declaration[400], output[400];
	snprintf(declaration, sizeof declaration, "{kind: math, fields: {x: \"%s\"}}",
		 expression);
	snprintf(output, sizeof output, "{\"a\":7,\"b\":{\"c-d\":2.5},\"l\":[3],\"x\":%s}",
		 result);
	expect_output(with_processor(declaration), "{\"a\":7,\"b\":{\"c-d\":2.5},\"l\":[3]}",
		      output);
}

static void expect_no_math(const char *expression, const char *input, const char *why)
{
	char declaration[400];
	snprintf(declaration, sizeof declaration, "{kind: math, fields: {x: \"%s\"}}",
		 expression);
	expect_failure(with_processor(declaration), input, why);
}

START_TEST(math_computes_as_one_would)
{
	expect_math("1 + 2 * 3 - 4 / 2", "5");
	expect_math("(1 + 2) * -3", "-9");
	expect_math("--a", "7");
	expect_math("10 - 3 - 2", "5");
	expect_math("2 * 3 % 4", "2");
	expect_math("-7 % 3", "-1");
	expect_math("`b.c-d` * l[0] + a", "14.5");
	expect_math("a / 2", "3.5");
	expect_math("7 / 3.5", "2.0");
	expect_math("min(a, l[0], 2.5)", "2.5");
	expect_math("max(1, 1.0)", "1");
	expect_math("abs(-3) + abs(-0.5)", "3.5");
	expect_math("floor(-2.5) * 10 + ceil(2.1)", "-27");
	expect_math("round(2.675, 2)", "2.68");
	expect_math("round(1.005 * 3, 2)", "3.02");
	expect_math("round(-2.5)", "-3");
	expect_math("round(a, 3)", "7");
	expect_math("round(1e300)", "1e+300");
	expect_math("9007199254740993 + 0", "9007199254740993");
}
END_TEST

START_TEST(math_reads_the_document_as_it_is_before)
{
	expect_output(with_processor("{kind: math, fields: {a: b + 1, b: a * 2, c.d: a}}"),
		      "{\"a\":1,\"b\":10}", "{\"a\":11,\"b\":2,\"c\":{\"d\":1}}");
}
END_TEST

START_TEST(math_refuses_what_has_no_answer)
{
	expect_no_math("a + 1", "{}", "x: a: missing");
	expect_no_math("a + 1", "{\"a\":null}", "x: a: missing");
	expect_no_math("a + 1", "{\"a\":\"1\"}", "x: a: a text, not a number");
	expect_no_math("a + 1", "{\"a\":99999999999999999999}",
		       "x: a: too large to count with");
	expect_no_math("a / 0", "{\"a\":1}", "x: division by zero");
	expect_no_math("a % 0.0", "{\"a\":1}", "x: division by zero");
	expect_no_math("a + 1", "{\"a\":9223372036854775807}",
		       "x: the result is too large for an integer");
	expect_no_math("-a", "{\"a\":-9223372036854775808}",
		       "x: the result is too large for an integer");
	expect_no_math("a / -1", "{\"a\":-9223372036854775808}",
		       "x: the result is too large for an integer");
	expect_no_math("a * 1e308", "{\"a\":10.5}", "x: the result is too large");
	expect_no_math("round(1.5, a)", "{\"a\":16}", "x: round to 0 to 15 digits");
}
END_TEST

START_TEST(an_expression_has_its_bounds)
{
	char deep[300], wide[3000], schema[3500];
	memset(deep, '(', 65);
	strcpy(deep + 65, "1");
	snprintf(schema, sizeof schema, "{kind: math, fields: {x: '%s'}}", deep);
	expect_finding(with_processor(schema), "nested too deep [bad-value]");
	strcpy(wide, "1");
	for (int i = 0; i < 200; i++)
		strcat(wide, "+1");
	snprintf(schema, sizeof schema, "{kind: math, fields: {x: '%s'}}", wide);
	expect_finding(with_processor(schema), "the expression is too long [bad-value]");
	strcpy(wide, "max(1");
	for (int i = 0; i < 64; i++)
		strcat(wide, ",1");
	snprintf(schema, sizeof schema, "{kind: math, fields: {x: '%s)'}}", wide);
	expect_finding(with_processor(schema), "too many values wait for each other");
}
END_TEST

Suite *suite_document_made(void)
{
	Suite *suite = suite_create("document_made");
	TCase *cases = tcase_create("made");
	tcase_add_test(cases, format_writes_values_into_a_text);
	tcase_add_test(cases, format_does_not_grow_without_end);
	tcase_add_test(cases, fail_says_why);
	tcase_add_test(cases, convert_gives_another_type);
	tcase_add_test(cases, what_cannot_be_converted_fails);
	tcase_add_test(cases, what_becomes_of_a_failure_is_chosen);
	tcase_add_test(cases, math_computes_as_one_would);
	tcase_add_test(cases, math_reads_the_document_as_it_is_before);
	tcase_add_test(cases, math_refuses_what_has_no_answer);
	tcase_add_test(cases, an_expression_has_its_bounds);
	suite_add_tcase(suite, cases);
	return suite;
}
