/* stream.h - POST /pipelines/NAME with a body of lines (NDJSON), each one answered as it comes. */
#ifndef FLUME_AGENT_HTTP_STREAM_H
#define FLUME_AGENT_HTTP_STREAM_H

#include "agent/http/inside.h"

/* Is this the media type of lines of JSON?  NULL: it is not. */
bool stream_type(const char *content_type);
/* In begin, with `r->timeout` for each line: the request's body and answer are streams from here on. */
void stream_begin(struct request *r);

#endif
