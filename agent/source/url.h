/* url.h - what the source of that kind is told. */
#ifndef FLUME_AGENT_SOURCE_URL_H
#define FLUME_AGENT_SOURCE_URL_H

#include "agent/source/source.h"

struct source_url_options {
	/* Either one URL, of a JSON map of names and schemas, or any number of NAME=URL, each of
	 * one schema as YAML or JSON.  NULL at the end. */
	const char *const *urls;
	const char *ca_file; /* NULL: the system's                         */
	const char
		*token_file; /* of a bearer token, which is read for each round; NULL: none */
	int64_t poll_ns;     /* 0: 30 s                                    */
	int first_ms;        /* until an answer begins; 0: 5 s             */
};

#define SOURCE_URL_POLL INT64_C(30000000000)

/* FLUME_INVALID, with `err` filled, for URLs that cannot be what they have to be. */
int source_url_check(const struct source_url_options *, struct flume_err *err);

/* Asks at a pace, with what is known of the last answer (ETag, Last-Modified).  Of a map, each
 * other answer is one BATCH_LIST; of single documents each is an event, and there is one list
 * once all are known.  What is no such document (another status, HTML, half of one, a name that is
 * none) touches nothing: the link is down, and says why.  The options are copied. */
int source_url_new(struct source **out, struct loop *, const struct source_url_options *,
		   const struct sink *, struct flume_err *err);

#endif
