#include "agent/engine/version.h"

#include <stdbool.h>
#include <string.h>

static bool is_whole(const char *version)
{
	return *version && version[strspn(version, "0123456789")] == '\0';
}

static int order_by_value(const char *a, const char *b)
{
	a += strspn(a, "0");
	b += strspn(b, "0");
	size_t n = strlen(a), m = strlen(b);
	int order = n == m ? strcmp(a, b) : n < m ? -1 : 1;
	return (order > 0) - (order < 0);
}

int version_order(const char *a, const char *b)
{
	return is_whole(a) && is_whole(b) ? order_by_value(a, b) : flume_version_compare(a, b);
}
