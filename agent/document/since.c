#include "agent/document/since.h"

#include "agent/document/number.h"

#include <math.h>

/* -1 is the last second of 1969, whose nanoseconds count upwards too. */
static bool from_integer(int64_t value, enum since unit, struct moment *out)
{
	int64_t rest = value % unit;
	struct moment moment = {value / unit - (rest < 0), 0};
	moment.nanos = (int32_t)((rest < 0 ? rest + unit : rest) * (1000000000 / unit));
	*out = moment;
	return moment_is_known(out);
}

/* A double of today's seconds is good for a quarter of a microsecond: more digits would be made up. */
static bool from_real(double value, enum since unit, struct moment *out)
{
	double seconds = value / unit, whole = floor(seconds);
	if (!(fabs(seconds) < 1e12))
		return false;
	int64_t micros = llround((seconds - whole) * 1e6);
	struct moment moment = {(int64_t)whole + micros / 1000000,
				(int32_t)(micros % 1000000) * 1000};
	*out = moment;
	return moment_is_known(out);
}

bool since_read(const struct document_view *view, enum since unit, struct moment *out)
{
	if (view->kind == DOCUMENT_INTEGER)
		return from_integer(view->integer, unit, out);
	return view->kind == DOCUMENT_REAL && from_real(view->real, unit, out);
}

bool since_read_text(const char *text, size_t len, enum since unit, struct moment *out)
{
	struct document_view number;
	return len && len <= 40 && number_scan(text, len) == len &&
	       !number_read(text, len, &number) && since_read(&number, unit, out);
}
