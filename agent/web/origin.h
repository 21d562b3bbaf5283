/* origin.h - inside agent/web: what two URLs have to do with each other.  Pure. */
#ifndef FLUME_AGENT_WEB_ORIGIN_H
#define FLUME_AGENT_WEB_ORIGIN_H

#include <stdbool.h>

/* The same scheme, host and port?  Then a token for the one may be sent to the other. */
bool origin_same(const char *a, const char *b);
bool origin_is_secure(const char *url);
/* May a redirect lead from here to there?  Never from https to http, nor to anything else. */
bool origin_may_lead(const char *from, const char *to);

#endif
