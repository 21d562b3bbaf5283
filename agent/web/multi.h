/*
 * multi.h - libcurl's multi interface on the loop.  For this room and agent/etcd.
 *
 * Lives on the loop's thread.  libcurl does not bear being called back: from inside of its own
 * callbacks nothing may be started or cancelled.  Those of the handles only store what came, and
 * `deliver` is called when libcurl has returned; there everything is allowed, also web_multi_fini.
 */
#ifndef FLUME_AGENT_WEB_MULTI_H
#define FLUME_AGENT_WEB_MULTI_H

#include "agent/loop/loop.h"

#include <curl/curl.h>

struct web_multi {
	CURLM *curl;
	struct loop *loop;
	struct loop_timer *timer; /* libcurl's */
	void (*deliver)(void *arg);
	void *arg;
};

/* 0 or FLUME_NOMEM.  web_multi_fini is right after either, and with zeros. */
int web_multi_init(struct web_multi *, struct loop *, void (*deliver)(void *), void *arg);
/* Without handles. */
void web_multi_fini(struct web_multi *);
/* Starts the transfer.  0 or FLUME_NOMEM. */
int web_multi_add(struct web_multi *, CURL *);

#endif
