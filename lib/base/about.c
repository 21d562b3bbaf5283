#include "lib/flume.h"

const char *flume_version(void)
{
	return FLUME_VERSION_TEXT;
}
