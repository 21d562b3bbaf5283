/*
 * A number without fraction and exponent is an integer, and no digit of it is ever lost: an order
 * number that silently loses its last one is worse than an error.  Any other is a double, and what
 * is beyond one is refused.  Reading and writing rely on the "C" locale, which a program has unless it
 * asks for another.
 */
#include "agent/document/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t digits(const char *s, size_t n)
{
	size_t i = 0;
	while (i < n && s[i] >= '0' && s[i] <= '9')
		i++;
	return i;
}

size_t number_scan(const char *s, size_t n)
{
	size_t i = n && s[0] == '-';
	size_t whole = digits(s + i, n - i);
	if (!whole)
		return 0;
	i += s[i] == '0' ? 1 : whole;
	if (i + 1 < n && s[i] == '.') {
		size_t fraction = digits(s + i + 1, n - i - 1);
		if (!fraction)
			return i;
		i += 1 + fraction;
	}
	if (i + 1 < n && (s[i] == 'e' || s[i] == 'E')) {
		size_t sign = s[i + 1] == '+' || s[i + 1] == '-';
		size_t exponent = digits(s + i + 1 + sign, n - i - 1 - sign);
		if (exponent)
			i += 1 + sign + exponent;
	}
	return i;
}

/* Up to eighteen digits, or the nineteen that still fit. */
static bool read_integer(const char *s, size_t len, int64_t *out)
{
	bool negative = s[0] == '-';
	uint64_t most = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX, value = 0;
	for (size_t i = negative; i < len; i++) {
		unsigned digit = (unsigned)(s[i] - '0');
		if (value > (most - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

/* Few digits and a small power of ten are both exact as doubles, and so their product is rounded
 * once, as it should be. */
static bool read_short(const char *s, size_t len, double *out)
{
	static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
					1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
					1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	uint64_t value = 0;
	size_t sign = s[0] == '-', behind = 0;
	bool point = false;
	if (FLT_EVAL_METHOD != 0 || len > 16 + sign)
		return false;
	for (size_t i = sign; i < len; i++) {
		if (s[i] == '.') {
			point = true;
			continue;
		}
		if (s[i] < '0' || s[i] > '9')
			return false;
		value = value * 10 + (unsigned)(s[i] - '0');
		behind += point;
	}
	double real = (double)value / powers[behind];
	*out = sign ? -real : real;
	return value < UINT64_C(1) << 53;
}

int number_read(const char *s, size_t len, struct document_view *out)
{
	struct document_view view = {.number = s, .number_len = len};
	size_t sign = s[0] == '-';
	if (sign + digits(s + sign, len - sign) == len) {
		view.kind =
			read_integer(s, len, &view.integer) ? DOCUMENT_INTEGER : DOCUMENT_LARGE;
	} else {
		view.kind = DOCUMENT_REAL;
		if (!read_short(s, len, &view.real))
			view.real = strtod(s, NULL);
		if (isinf(view.real))
			return FLUME_INVALID;
	}
	*out = view;
	return FLUME_OK;
}

size_t number_write_integer(char out[NUMBER_TEXT], int64_t value)
{
	char back[NUMBER_TEXT];
	size_t n = 0, len = 0;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	do
		back[n++] = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		out[len++] = '-';
	while (n)
		out[len++] = back[--n];
	out[len] = '\0';
	return len;
}

size_t number_write_real(char out[NUMBER_TEXT], double value)
{
	size_t len = 0;
	if (fabs(value) < 1e15 && value == (double)(int64_t)value) {
		if (signbit(value))
			out[len++] = '-';
		len += number_write_integer(out + len, (int64_t)fabs(value));
	} else {
		for (int precision = 15; precision <= 17; precision++) {
			len = (size_t)snprintf(out, NUMBER_TEXT, "%.*g", precision, value);
			if (strtod(out, NULL) == value)
				break;
		}
		if (strpbrk(out, ".e"))
			return len;
	}
	memcpy(out + len, ".0", 3); /* or it would read back as an integer */
	return len + 2;
}

/* ---- comparing ---- */

static int compare_mixed(int64_t integer, double real)
{
	if (real >= 0x1p63)
		return -1;
	if (real < -0x1p63)
		return 1;
	int64_t whole = (int64_t)real;
	if (integer != whole)
		return integer < whole ? -1 : 1;
	double fraction = real - (double)whole;
	return (fraction < 0) - (fraction > 0);
}

static int compare_digits(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (a_len != b_len)
		return a_len > b_len ? 1 : -1;
	int order = memcmp(a, b, a_len);
	return (order > 0) - (order < 0);
}

static int side(const struct document_view *large)
{
	return large->number[0] == '-' ? -1 : 1;
}

/* What is no larger than 64 bits can only lie on the inner side of it. */
static int compare_large(const struct document_view *a, const struct document_view *b)
{
	char digits_of_real[DBL_MAX_10_EXP + 8];
	int sign = side(a);
	const char *digits_of_a = a->number + (sign < 0);
	size_t len = a->number_len - (sign < 0);
	if (b->kind == DOCUMENT_LARGE) {
		if (side(b) != sign)
			return sign;
		return sign * compare_digits(digits_of_a, len, b->number + (sign < 0),
					     b->number_len - (sign < 0));
	}
	if (b->kind == DOCUMENT_INTEGER || b->real * sign < 0x1p63)
		return sign;
	int n = snprintf(digits_of_real, sizeof digits_of_real, "%.0f", b->real * sign);
	return sign * compare_digits(digits_of_a, len, digits_of_real, (size_t)n);
}

int number_compare(const struct document_view *a, const struct document_view *b)
{
	if (a->kind == DOCUMENT_LARGE)
		return compare_large(a, b);
	if (b->kind == DOCUMENT_LARGE)
		return -compare_large(b, a);
	if (a->kind == DOCUMENT_INTEGER && b->kind == DOCUMENT_INTEGER)
		return (a->integer > b->integer) - (a->integer < b->integer);
	if (a->kind == DOCUMENT_INTEGER)
		return compare_mixed(a->integer, b->real);
	if (b->kind == DOCUMENT_INTEGER)
		return -compare_mixed(b->integer, a->real);
	return (a->real > b->real) - (a->real < b->real);
}

bool number_take(struct number *out, const struct document_view *view)
{
	if (view->kind != DOCUMENT_INTEGER && view->kind != DOCUMENT_REAL)
		return false;
	*out = (struct number){view->kind == DOCUMENT_INTEGER, view->integer, view->real};
	return true;
}

struct document_view number_view(const struct number *number)
{
	return (struct document_view){.kind = number->whole ? DOCUMENT_INTEGER : DOCUMENT_REAL,
				      .integer = number->integer,
				      .real = number->real};
}
