#include "lib/base/report.h"

#include <stdarg.h>

void flume_report_add(flume_report *r, const char *code, const char *path,
		      const flume_value *at, const char *hint, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	report_addv_at(r, code, path, at ? flume_value_line(at) : 0,
		       at ? flume_value_column(at) : 0, hint, fmt, args);
	va_end(args);
}
