#include "agent/split/weight.h"

#include "agent/split/ab.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DIGITS "0123456789"
#define FINEST 3 /* digits behind the point */

static uint32_t add_digit(uint32_t n, char digit)
{
	n = n * 10 + (uint32_t)(digit - '0');
	return n > AB_WHOLE ? AB_WHOLE + 1 : n;
}

enum weight_outcome weight_read(const char *text, uint32_t *out)
{
	uint32_t n = 0;
	size_t whole = strspn(text, DIGITS);
	const char *rest = text + whole, *end = rest;
	if (*rest == '.') {
		rest++;
		end = rest + strspn(rest, DIGITS);
	}
	if (!whole || *end || (rest[-1] == '.' && end == rest))
		return WEIGHT_NO_NUMBER;
	for (size_t i = 0; i < whole; i++)
		n = add_digit(n, text[i]);
	for (int i = 0; i < FINEST; i++)
		n = add_digit(n, rest < end ? *rest++ : '0');
	if (n > AB_WHOLE)
		return WEIGHT_TOO_LARGE;
	if (strspn(rest, "0") < (size_t)(end - rest))
		return WEIGHT_TOO_FINE;
	*out = n;
	return WEIGHT_GOOD;
}

void weight_write(char out[WEIGHT_TEXT], uint64_t weight)
{
	int n = snprintf(out, WEIGHT_TEXT, "%" PRIu64 ".%03" PRIu64, weight / 1000,
			 weight % 1000);
	while (n > 0 && out[n - 1] == '0')
		out[--n] = '\0';
	if (n > 0 && out[n - 1] == '.')
		out[n - 1] = '\0';
}
