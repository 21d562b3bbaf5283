#include "lib/schema/scalar.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static size_t digits(const char *s, size_t n)
{
	size_t i = 0;
	while (i < n && s[i] >= '0' && s[i] <= '9')
		i++;
	return i;
}

size_t scalar_number(const char *s, size_t n)
{
	size_t i = n > 0 && s[0] == '-';
	size_t whole = digits(s + i, n - i);
	if (whole == 0)
		return 0;
	i += s[i] == '0' ? 1 : whole;
	if (i < n && s[i] == '.') {
		size_t fraction = digits(s + i + 1, n - i - 1);
		if (fraction == 0)
			return i;
		i += 1 + fraction;
	}
	if (i < n && (s[i] == 'e' || s[i] == 'E')) {
		size_t sign = i + 1 < n && (s[i + 1] == '+' || s[i + 1] == '-');
		size_t exponent = digits(s + i + 1 + sign, n - i - 1 - sign);
		if (exponent)
			i += 1 + sign + exponent;
	}
	return i;
}

double scalar_double(const char *text)
{
	locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!plain)
		return NAN;
	double number = strtod_l(text, NULL, plain);
	freelocale(plain);
	return number;
}

static bool is(const char *s, size_t n, const char *word)
{
	return n == strlen(word) && !memcmp(s, word, n);
}

enum flume_value_type scalar_type(const char *s, size_t n)
{
	if (n == 0 || is(s, n, "~") || is(s, n, "null"))
		return FLUME_NULL;
	if (is(s, n, "true") || is(s, n, "false"))
		return FLUME_BOOL;
	return scalar_number(s, n) == n ? FLUME_NUMBER : FLUME_TEXT;
}

bool scalar_ambiguous(const char *s, size_t n)
{
	static const char *const words[] = {"null", "true", "false", "yes", "no",
					    "on",   "off",  "y",     "n",   "<<"};
	if (n == 0 || strchr("+-.~=0123456789", s[0])) {
		int64_t ns;
		return flume_duration_parse(s, &ns) != 0 || n == 1;
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (n == strlen(words[i]) && !strncasecmp(s, words[i], n))
			return true;
	return false;
}
