/* url.h - a URL with places for values of a document: http://host/customers/{customer.id}. */
#ifndef FLUME_AGENT_OUTSIDE_URL_H
#define FLUME_AGENT_OUTSIDE_URL_H

#include "agent/document/document.h"
#include "lib/base/text.h"

struct url;

/* Places stand in the path and the query alone.  0, FLUME_INVALID ("column 9: ...") or FLUME_NOMEM. */
int url_compile(struct url **out, const char *text, struct flume_err *err);
struct url *url_free(struct url *);
/* Values are percent-encoded.  0; FLUME_FAILED where there is none, or one that would lead elsewhere
 * ("." and ".." in a path); FLUME_NOMEM. */
int url_write(const struct url *, const struct document *, struct text *out,
	      struct flume_err *err);

#endif
