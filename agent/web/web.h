/*
 * web.h - GET over HTTP and HTTPS, on the loop.
 *
 * Nothing here blocks: a get is started and its callback runs later, on the loop's thread, never
 * before web_get has returned.  A reply that is longer than it may be, late, or cut short is an
 * error; what came of it is not shown.  Redirects are followed, but never from https to http, and
 * the token goes to the origin that was asked for alone.  http_proxy and its kin are honoured, but for a token that is
 * not encrypted on its way.
 */
#ifndef FLUME_AGENT_WEB_H
#define FLUME_AGENT_WEB_H

#include "lib/flume.h"

struct loop;
struct web;
struct web_get;

struct web_options {         /* 0 in any field takes the default in brackets */
	const char *ca_file; /* PEM [the system's]                     */
	int connect_ms;      /* [5000]                                 */
	int first_ms;        /* until the first byte of a reply [5000] */
	int whole_ms;        /* redirects included [60000]             */
	unsigned redirects;  /* at most, of one get [5]                */
};

/* The options are copied.  NULL with `err` filled. */
struct web *web_new(struct loop *, const struct web_options *, struct flume_err *);
/* No get may be under way.  NULL is fine; returns NULL. */
struct web *web_free(struct web *);

struct web_request {
	const char *url;
	const char *etag;     /* what is known already; NULL: nothing ... */
	const char *modified; /* ... likewise                              */
	const char *token;    /* sent as a bearer token; NULL: none        */
	size_t body_max;
};

struct web_reply {
	/* 0: there is a reply, of whatever status.  FLUME_IO, FLUME_TIMED_OUT, FLUME_LIMITED (too
	 * big), FLUME_REFUSED (a redirect that may not be followed), FLUME_NOMEM; `err` says more. */
	int code;
	struct flume_err err;
	long status;
	const char *body; /* terminated by a NUL that is not counted; "" when there is none */
	size_t len;
	const char *etag, *modified, *type; /* NULL: it did not say */
	int64_t retry_after;                /* seconds; 0: it did not say */
};

/* The reply is lent. */
typedef void web_done_fn(const struct web_reply *, void *arg);

/* The request is copied.  NULL when out of memory. */
struct web_get *web_get(struct web *, const struct web_request *, web_done_fn *, void *arg);
/* The callback will not run.  NULL is fine; returns NULL. */
struct web_get *web_cancel(struct web_get *);

/* http://HOST... or https://HOST..., without user and password, and without a fragment?  `err`
 * says what is wrong. */
int web_check_url(const char *url, struct flume_err *err);

#endif
