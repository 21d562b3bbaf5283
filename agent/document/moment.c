#include "agent/document/moment.h"

#include <stdio.h>
#include <string.h>

#define DAY INT64_C(86400)

struct calendar {
	int64_t year;
	int month, day; /* from 1 */
	int of_year;    /* from 1; 0: not said */
	int hour, minute, second;
	int half; /* of twelve hours: 0 not said, 1 am, 2 pm */
	int32_t nanos;
	int zone; /* seconds to the east */
	int64_t epoch;
	bool has_epoch;
};

struct scan {
	const char *at, *end;
};

static const char *const months[] = {"january",   "february", "march",    "april",
				     "may",       "june",     "july",     "august",
				     "september", "october",  "november", "december"};
static const char *const days[] = {"monday", "tuesday",  "wednesday", "thursday",
				   "friday", "saturday", "sunday"};

/* ---- calendar ---- */

/* Days since 1970; years begin in March here, so that the leap day is the last. */
static int64_t days_from(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_from(int64_t days_since, int64_t *year, int *month, int *day)
{
	int64_t z = days_since + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = y + era * 400 + (*month <= 2);
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of(int64_t year, int month)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return lengths[month - 1] + (month == 2 && is_leap(year));
}

bool moment_is_known(const struct moment *moment)
{
	return moment->seconds >= days_from(0, 1, 1) * DAY &&
	       moment->seconds < days_from(10000, 1, 1) * DAY;
}

static bool is_time(const struct calendar *c)
{
	return c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

static bool end_calendar(const struct calendar *c, struct moment *out)
{
	struct moment moment = {c->epoch, c->nanos};
	if (!c->has_epoch) {
		bool is_date = c->of_year ? c->of_year <= 365 + is_leap(c->year)
					  : c->day <= days_of(c->year, c->month);
		if (!is_date || !is_time(c))
			return false;
		int64_t since = c->of_year ? days_from(c->year, 1, 1) + c->of_year - 1
					   : days_from(c->year, c->month, c->day);
		moment.seconds = since * DAY + c->hour * INT64_C(3600) +
				 c->minute * INT64_C(60) + c->second - c->zone;
	}
	if (!moment_is_known(&moment))
		return false;
	*out = moment;
	return true;
}

/* ---- pieces ---- */

static bool skip(struct scan *scan, char c)
{
	if (scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

/* `least` to `most` digits, of a number from `low` to `high`. */
static bool read_number(struct scan *scan, int least, int most, int64_t low, int64_t high,
			int64_t *out)
{
	int64_t value = 0;
	int n = 0;
	for (; n < most && scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9'; n++)
		value = value * 10 + (*scan->at++ - '0');
	*out = value;
	return n >= least && value >= low && value <= high;
}

static bool read_int(struct scan *scan, int least, int most, int low, int high, int *out)
{
	int64_t value;
	bool good = read_number(scan, least, most, low, high, &value);
	*out = (int)value;
	return good;
}

/* Digits behind a point; what is finer than a nanosecond is cut off. */
static bool read_fraction(struct scan *scan, int32_t *out)
{
	int32_t value = 0, scale = 100000000;
	const char *from = scan->at;
	for (; scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9'; scan->at++) {
		value += (*scan->at - '0') * scale;
		scale /= 10;
	}
	*out = value;
	return scan->at > from;
}

static bool read_zone(struct scan *scan, int *out)
{
	if (skip(scan, 'Z') || skip(scan, 'z')) {
		*out = 0;
		return true;
	}
	int hours, minutes = 0;
	bool west = skip(scan, '-');
	if ((!west && !skip(scan, '+')) || !read_int(scan, 2, 2, 0, 23, &hours))
		return false;
	bool colon = skip(scan, ':');
	bool more = scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9';
	if ((colon || more) && !read_int(scan, 2, 2, 0, 59, &minutes))
		return false;
	*out = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return true;
}

bool moment_read_zone(const char *text, size_t len, int *out)
{
	struct scan scan = {text, text + len};
	return read_zone(&scan, out) && scan.at == scan.end;
}

static size_t letters(const struct scan *scan, const char *word)
{
	size_t n = 0;
	while (scan->at + n < scan->end && word[n] && (scan->at[n] | 0x20) == word[n])
		n++;
	return n;
}

/* The whole name, or its first three letters. */
static bool read_name(struct scan *scan, const char *const *names, int n, int *out)
{
	for (int i = 0; i < n; i++) {
		size_t same = letters(scan, names[i]);
		if (same < 3)
			continue;
		scan->at += names[i][same] ? 3 : same;
		*out = i + 1;
		return true;
	}
	return false;
}

static void skip_blanks(struct scan *scan)
{
	while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t'))
		scan->at++;
}

/* ---- RFC 3339 ---- */

bool moment_read(const char *text, size_t len, struct moment *out)
{
	struct scan scan = {text, text + len};
	struct calendar c = {0};
	bool good = read_number(&scan, 4, 4, 0, 9999, &c.year) && skip(&scan, '-') &&
		    read_int(&scan, 2, 2, 1, 12, &c.month) && skip(&scan, '-') &&
		    read_int(&scan, 2, 2, 1, 31, &c.day) &&
		    (skip(&scan, 'T') || skip(&scan, 't') || skip(&scan, ' ')) &&
		    read_int(&scan, 2, 2, 0, 23, &c.hour) && skip(&scan, ':') &&
		    read_int(&scan, 2, 2, 0, 59, &c.minute) && skip(&scan, ':') &&
		    read_int(&scan, 2, 2, 0, 60, &c.second);
	if (good && skip(&scan, '.'))
		good = read_fraction(&scan, &c.nanos);
	return good && read_zone(&scan, &c.zone) && scan.at == scan.end &&
	       end_calendar(&c, out);
}

size_t moment_write(char out[MOMENT_TEXT], const struct moment *moment)
{
	int64_t since = moment->seconds / DAY, rest = moment->seconds % DAY, year;
	int month, day, second = (int)(rest < 0 ? rest + DAY : rest);
	date_from(since - (rest < 0), &year, &month, &day);
	size_t n =
		(size_t)snprintf(out, MOMENT_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year,
				 month, day, second / 3600, second / 60 % 60, second % 60);
	if (moment->nanos) {
		n += (size_t)snprintf(out + n, MOMENT_TEXT - n, ".%09d", moment->nanos);
		while (out[n - 1] == '0')
			n--;
	}
	out[n++] = 'Z';
	out[n] = '\0';
	return n;
}

/* ---- by a format ---- */

/* What stands for several, or NULL. */
static const char *meaning(char directive)
{
	switch (directive) {
	case 'T':
		return "%H:%M:%S";
	case 'F':
		return "%Y-%m-%d";
	case 'R':
		return "%H:%M";
	case 'D':
		return "%m/%d/%y";
	default:
		return NULL;
	}
}

static bool read_half(struct scan *scan, struct calendar *c)
{
	if (letters(scan, "am") == 2)
		c->half = 1;
	else if (letters(scan, "pm") == 2)
		c->half = 2;
	else
		return false;
	scan->at += 2;
	return true;
}

static bool read_short_year(struct scan *scan, struct calendar *c)
{
	bool good = read_number(scan, 2, 2, 0, 99, &c->year);
	c->year += c->year < 69 ? 2000 : 1900;
	return good;
}

static bool read_zone_name(struct scan *scan, struct calendar *c)
{
	c->zone = 0;
	size_t n = letters(scan, "utc") == 3 || letters(scan, "gmt") == 3 ? 3 : 0;
	scan->at += n;
	return n || skip(scan, 'Z');
}

static bool read_epoch(struct scan *scan, struct calendar *c)
{
	bool negative = skip(scan, '-');
	c->has_epoch = read_number(scan, 1, 15, 0, INT64_MAX, &c->epoch);
	c->epoch = negative ? -c->epoch : c->epoch;
	return c->has_epoch;
}

static bool read_piece(struct scan *scan, char directive, struct calendar *c)
{
	int ignored;
	switch (directive) {
	case 'Y':
		return read_number(scan, 4, 4, 0, 9999, &c->year);
	case 'y':
		return read_short_year(scan, c);
	case 'm':
		return read_int(scan, 1, 2, 1, 12, &c->month);
	case 'b':
	case 'B':
		return read_name(scan, months, 12, &c->month);
	case 'd':
	case 'e':
		skip_blanks(scan);
		return read_int(scan, 1, 2, 1, 31, &c->day);
	case 'j':
		return read_int(scan, 1, 3, 1, 366, &c->of_year);
	case 'H':
		return read_int(scan, 1, 2, 0, 23, &c->hour);
	case 'I':
		return read_int(scan, 1, 2, 1, 12, &c->hour);
	case 'p':
		return read_half(scan, c);
	case 'M':
		return read_int(scan, 1, 2, 0, 59, &c->minute);
	case 'S':
		return read_int(scan, 1, 2, 0, 60, &c->second);
	case 'f':
		return read_fraction(scan, &c->nanos);
	case 'z':
		return read_zone(scan, &c->zone);
	case 'Z':
		return read_zone_name(scan, c);
	case 's':
		return read_epoch(scan, c);
	case 'a':
	case 'A':
		return read_name(scan, days, 7, &ignored);
	default:
		return directive == '%' && skip(scan, '%');
	}
}

static bool read_format(struct scan *scan, const char *format, struct calendar *c)
{
	for (; *format; format++) {
		if (strchr(" \t\n", *format)) {
			skip_blanks(scan);
		} else if (*format != '%') {
			if (!skip(scan, *format))
				return false;
		} else {
			const char *several = meaning(*++format);
			if (*format == 'n' || *format == 't')
				skip_blanks(scan);
			else if (several ? !read_format(scan, several, c)
					 : !read_piece(scan, *format, c))
				return false;
		}
	}
	return true;
}

bool moment_read_format(const char *format, int zone, const char *text, size_t len,
			struct moment *out)
{
	struct scan scan = {text, text + len};
	struct calendar c = {.month = 1, .day = 1, .zone = zone};
	if (!read_format(&scan, format, &c) || scan.at != scan.end)
		return false;
	if (c.half && (c.hour < 1 || c.hour > 12))
		return false;
	if (c.half)
		c.hour = c.hour % 12 + (c.half == 2 ? 12 : 0);
	return end_calendar(&c, out);
}

static int refuse(const char *format, const char *at, const char *why, struct flume_err *err)
{
	size_t column = 1;
	for (const char *p = format; p < at; p++)
		column += ((unsigned char)*p & 0xC0) != 0x80;
	return flume_fail(err, FLUME_INVALID, "column %zu: %s", column, why);
}

int moment_check_format(const char *format, struct flume_err *err)
{
	static const char known[] = "YymbBdejHIpMSfzZsaATFRDnt%";
	bool year = false;
	for (const char *at = format; *at; at++) {
		if (*at != '%')
			continue;
		at++;
		if (!*at || !strchr(known, *at)) {
			char said[80];
			snprintf(said, sizeof said,
				 "%%%c is none of %%Y %%m %%d %%H %%M %%S ...",
				 *at > ' ' && *at < 127 ? *at : ' ');
			return refuse(format, at - 1, said, err);
		}
		year |= strchr("YysFD", *at) != NULL;
	}
	if (year)
		return FLUME_OK;
	return flume_fail(err, FLUME_INVALID, "no year is read: %%Y, %%y, %%F, %%D or %%s");
}
