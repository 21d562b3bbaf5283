#include "agent/source/source.h"

#include <string.h>

struct source *source_free(struct source *source)
{
	if (source)
		source->free(source);
	return NULL;
}

bool source_name_good(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strlen(name);
	return len >= 1 && len <= 128 && strchr(first, *name) && strspn(name, rest) == len;
}
