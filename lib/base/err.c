#include "lib/base/utf8.h"
#include "lib/flume.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Formatted aside, so that err->text may be among the arguments. */
int flume_fail(struct flume_err *err, int code, const char *fmt, ...)
{
	if (!err)
		return code;
	char text[sizeof err->text];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (n < 0)
		text[0] = '\0';
	utf8_mend(text);
	err->code = code;
	err->path[0] = '\0';
	memcpy(err->text, text, strlen(text) + 1);
	return code;
}

const char *flume_code_text(int code)
{
	switch (code) {
	case FLUME_OK:
		return "ok";
	case FLUME_NOMEM:
		return "out of memory";
	case FLUME_INVALID:
		return "invalid argument";
	case FLUME_SYNTAX:
		return "syntax error";
	case FLUME_REJECTED:
		return "rejected";
	case FLUME_NOT_FOUND:
		return "not found";
	case FLUME_EXISTS:
		return "exists already";
	case FLUME_FAILED:
		return "failed";
	case FLUME_TIMED_OUT:
		return "timed out";
	case FLUME_CANCELLED:
		return "cancelled";
	case FLUME_REFUSED:
		return "refused";
	case FLUME_LIMITED:
		return "limited";
	case FLUME_IO:
		return "input/output error";
	case FLUME_IN_USE:
		return "in use";
	case FLUME_CONFLICT:
		return "conflict";
	default:
		return "unknown";
	}
}
