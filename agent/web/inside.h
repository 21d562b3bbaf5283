/* inside.h - inside agent/web: the gets of one web share connections and one multi handle. */
#ifndef FLUME_AGENT_WEB_INSIDE_H
#define FLUME_AGENT_WEB_INSIDE_H

#include "agent/loop/loop.h"
#include "agent/web/multi.h"
#include "agent/web/web.h"

struct web {
	struct loop *loop;
	struct web_options options; /* its texts are ours */
	struct web_multi multi;
};

/* libcurl is done with it: not called from inside of libcurl. */
void web_finish(struct web_get *, CURLcode);

#endif
