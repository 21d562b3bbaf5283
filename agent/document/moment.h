/*
 * moment.h - points in time as texts and numbers, in UTC, without locale or tables of zones.  Pure.
 *
 * Years are 0000 to 9999 of the Gregorian calendar, also before there was one.
 */
#ifndef FLUME_AGENT_DOCUMENT_MOMENT_H
#define FLUME_AGENT_DOCUMENT_MOMENT_H

#include "lib/flume.h"

struct moment {
	int64_t seconds; /* since 1970 */
	int32_t nanos;   /* 0 to 999,999,999, also before 1970 */
};

#define MOMENT_TEXT 40 /* enough for any moment_write */

/* "2026-11-27T15:04:05.123Z", "2026-11-27 16:04:05+01:00" (RFC 3339): false when it is none. */
bool moment_read(const char *text, size_t len, struct moment *out);
/* Is it within the years above? */
bool moment_is_known(const struct moment *);
/* RFC 3339 in UTC, with as many digits of the second as it takes.  Returns its length. */
size_t moment_write(char out[MOMENT_TEXT], const struct moment *);
/* "Z", "+02:00", "-0330": seconds to the east. */
bool moment_read_zone(const char *text, size_t len, int *out);

/* What a format may say: %Y %y %m %b %B %d %e %j %H %I %p %M %S %f %z %Z %s %a %A %T %F %R %D %n %t %%;
 * blank stands for any blanks, or none.  0, or FLUME_INVALID ("column 3: ..."): also for one that
 * leaves the year open. */
int moment_check_format(const char *format, struct flume_err *err);
/* By such a format; `zone` holds where the text says none.  False when it is none. */
bool moment_read_format(const char *format, int zone, const char *text, size_t len,
			struct moment *out);

#endif
