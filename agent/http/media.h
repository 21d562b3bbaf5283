/* media.h - YAML or JSON, as the headers Accept and Content-Type ask for it. */
#ifndef FLUME_AGENT_HTTP_MEDIA_H
#define FLUME_AGENT_HTTP_MEDIA_H

#include "lib/flume.h"

#include <stdbool.h>

/* What is liked best; of equals the one that is named more exactly, then YAML.  False: neither
 * will do.  `accept` may be NULL. */
bool media_accept(const char *accept, enum flume_format *out);
/* What a body is.  Nothing said, and plain text, is YAML.  False: neither.  May be NULL. */
bool media_type(const char *content_type, enum flume_format *out);

#endif
