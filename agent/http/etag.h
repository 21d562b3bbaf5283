/* etag.h - entity tags, which are digests of schemas in quotes. */
#ifndef FLUME_AGENT_HTTP_ETAG_H
#define FLUME_AGENT_HTTP_ETAG_H

#include <stdbool.h>

/* Is `digest` in `list`, the value of If-Match or If-None-Match?  "*" stands for any digest; a
 * NULL digest (there is no schema) is in no list.  `weak`: tags marked W/ count too. */
bool etag_listed(const char *list, const char *digest, bool weak);

#endif
