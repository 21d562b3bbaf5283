/*
 * A number without fraction and exponent is a 64-bit integer, any other a double, and what does
 * not fit is refused: an order number that silently loses its last digit is worse than an
 * error. Reading and writing rely on the "C" locale, which a program has unless it asks for
 * another.
 */
#include "agent/document/number.h"

#include "lib/flume.h"

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

static int read_integer(const char *s, size_t len, int64_t *out)
{
	bool negative = s[0] == '-';
	uint64_t most = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX, value = 0;
	for (size_t i = negative; i < len; i++) {
		unsigned digit = (unsigned)(s[i] - '0');
		if (value > (most - digit) / 10)
			return FLUME_INVALID;
		value = value * 10 + digit;
	}
	*out = negative ? (int64_t)(0 - value) : (int64_t)value;
	return FLUME_OK;
}

int number_read(const char *s, size_t len, struct number *out)
{
	size_t sign = s[0] == '-';
	struct number number = {.whole = sign + digits(s + sign, len - sign) == len};
	if (number.whole) {
		int rc = read_integer(s, len, &number.integer);
		if (!rc)
			*out = number;
		return rc;
	}
	char room[64], *copy = len < sizeof room ? room : malloc(len + 1);
	if (!copy)
		return FLUME_NOMEM;
	memcpy(copy, s, len);
	copy[len] = '\0';
	number.real = strtod(copy, NULL);
	if (copy != room)
		free(copy);
	if (isinf(number.real))
		return FLUME_INVALID;
	*out = number;
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

int number_compare(const struct number *a, const struct number *b)
{
	if (a->whole && b->whole)
		return (a->integer > b->integer) - (a->integer < b->integer);
	if (a->whole)
		return compare_mixed(a->integer, b->real);
	if (b->whole)
		return -compare_mixed(b->integer, a->real);
	return (a->real > b->real) - (a->real < b->real);
}
