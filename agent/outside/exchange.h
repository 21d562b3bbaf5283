/*
 * exchange.h - one HTTP request and its reply, on a thread that waits for it.
 *
 * Connections are kept from one exchange to the next.  Redirects are not followed: a reply that
 * says so is a reply.  http_proxy and its kin are honoured.
 */
#ifndef FLUME_AGENT_OUTSIDE_EXCHANGE_H
#define FLUME_AGENT_OUTSIDE_EXCHANGE_H

#include "lib/flume.h"

struct exchange; /* one thread at a time */

/* NULL when out of memory. */
struct exchange *exchange_new(void);
struct exchange *exchange_free(struct exchange *);

struct exchange_request {
	const char *url;
	const char *body; /* NULL: GET, else POST */
	size_t len;
	const char *type;           /* of the body                              */
	const flume_value *headers; /* a map of names to values, or NULL        */
	const char *request_id; /* X-Request-Id, unless `headers` have one; NULL or "": none */
	size_t reply_max;       /* bytes                                    */
	int64_t until_ns;       /* on flume_clock_real                      */
	bool (*is_over)(void *arg); /* asked fifty times a second               */
	void *arg;
};

struct exchange_reply { /* lent until the next exchange */
	long status;
	const char *body; /* terminated */
	size_t len;
	int64_t retry_after_s; /* 0: it did not say */
};

/* 0 and a reply, of whatever status; FLUME_TIMED_OUT; FLUME_CANCELLED (is_over said so);
 * FLUME_LIMITED (a reply that is too long); FLUME_IO; FLUME_NOMEM.  `err` says more, and nothing
 * of a URL's query. */
int exchange_run(struct exchange *, const struct exchange_request *, struct exchange_reply *,
		 struct flume_err *err);

/* Findings for the fields `url` and `headers` of a declaration that stands at `path`.  0 or
 * FLUME_REJECTED. */
int exchange_check(const flume_value *decl, const char *path, flume_report *);

#endif
