#include "lib/flume.h"

#define AS_TEXT(x)  AS_GIVEN(x)
#define AS_GIVEN(x) #x

/* The makefile gives the version as a bare word, which survives any shell. */
const char *flume_version(void)
{
	return AS_TEXT(FLUME_VERSION);
}
