#include "agent/http/lines.h"

#include <stdio.h>
#include <string.h>

bool lines_find(const char *path, const char *start, char *out, size_t size)
{
	bool found = false;
	FILE *file = fopen(path, "re");
	while (file && !found && fgets(out, (int)size, file))
		found = !strncmp(out, start, strlen(start));
	if (file)
		fclose(file);
	if (!found)
		*out = '\0';
	return found;
}
