#include "agent/http/etag.h"

#include <string.h>

bool etag_listed(const char *list, const char *digest, bool weak)
{
	if (!digest)
		return false;
	size_t len = strlen(digest);
	for (;;) {
		list += strspn(list, " \t,");
		if (*list == '*')
			return true;
		bool counts = true;
		if (!strncmp(list, "W/", 2)) {
			list += 2;
			counts = weak;
		}
		if (*list != '"')
			return false;
		const char *tag = ++list;
		list = strchr(tag, '"');
		if (!list)
			return false;
		if (counts && (size_t)(list - tag) == len && !memcmp(tag, digest, len))
			return true;
		list++;
	}
}
