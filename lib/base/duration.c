#include "lib/flume.h"

#include <string.h>

static const struct unit {
	const char *name;
	int64_t ns;
} units[] = {
	/* a name comes before those that it begins with */
	{"ns", 1},
	{"us", 1000},
	{"\xC2\xB5s", 1000}, /* micro sign */
	{"\xCE\xBCs", 1000}, /* Greek mu */
	{"ms", 1000000},
	{"s", 1000000000},
	{"m", 60 * INT64_C(1000000000)},
	{"h", 3600 * INT64_C(1000000000)},
};

static const struct unit *read_unit(const char **s)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t n = strlen(units[i].name);
		if (strncmp(*s, units[i].name, n) != 0)
			continue;
		*s += n;
		return &units[i];
	}
	return NULL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

#define FRACTION_DIGITS 15 /* those behind count for less than a nanosecond */

/* The digits behind the point, of one `unit`, rounded down. */
static int64_t part_of(const char *digits, size_t n, int64_t unit)
{
	int64_t value = 0, scale = 1;
	for (size_t i = 0; i < n && i < FRACTION_DIGITS; i++) {
		value = value * 10 + (digits[i] - '0');
		scale *= 10;
	}
	for (; scale % 10 == 0 && unit % 10 == 0; scale /= 10)
		unit /= 10;
	return value * unit / scale;
}

int flume_duration_parse(const char *text, int64_t *out_ns)
{
	int64_t total = 0;
	const char *s = text;
	if (!strcmp(s, "0")) {
		*out_ns = 0;
		return 0;
	}
	do {
		int64_t whole = 0;
		const char *digits = s;
		for (; is_digit(*s); s++)
			if (__builtin_mul_overflow(whole, 10, &whole) ||
			    __builtin_add_overflow(whole, *s - '0', &whole))
				return FLUME_INVALID;
		const char *point = s;
		if (*s == '.')
			for (s++; is_digit(*s); s++)
				;
		const char *fraction = point + (*point == '.');
		if (point == digits && fraction == s)
			return FLUME_INVALID;
		size_t fraction_digits = (size_t)(s - fraction);
		const struct unit *unit = read_unit(&s);
		if (!unit || __builtin_mul_overflow(whole, unit->ns, &whole) ||
		    __builtin_add_overflow(whole, part_of(fraction, fraction_digits, unit->ns),
					   &whole) ||
		    __builtin_add_overflow(total, whole, &total))
			return FLUME_INVALID;
	} while (*s);
	*out_ns = total;
	return 0;
}
