/*
 * post.h - one POST to one endpoint, plain or as a stream, over libcurl.  For this room.
 */
#ifndef FLUME_AGENT_ETCD_POST_H
#define FLUME_AGENT_ETCD_POST_H

#include "agent/etcd/client.h"
#include "agent/etcd/lines.h"

struct etcd_post;

/* How it ended.  `code` 0: the server answered, with `status`, to the end. */
struct etcd_ending {
	int code;
	long status;
	bool unsent; /* the request did not leave this machine */
	const char *text;
};

/* Both run outside of libcurl and may start and cancel posts, this one too. */
/* Of a stream: more lines may have come, under status 200. */
typedef void etcd_post_lines_fn(void *arg);
/* Once; the post is freed afterwards. What came and was not read is still there. */
typedef void etcd_post_end_fn(const struct etcd_ending *, void *arg);

struct etcd_post_options {
	size_t endpoint;
	const char *path; /* "/v3/kv/range"                                           */
	const char *body; /* lent until the end                                       */
	int first_ms;     /* until the first byte of the answer; 0: as long as the rest */
	int timeout_ms;   /* told to the server as three quarters; 0: a stream, none  */
	bool own_connection;
	etcd_post_lines_fn *on_lines; /* NULL: not a stream */
	etcd_post_end_fn *on_end;
	void *arg;
};

/* NULL when out of memory. */
struct etcd_post *etcd_post_new(struct etcd *, const struct etcd_post_options *);
/* What came; valid until on_end has returned or the post is cancelled. */
struct etcd_lines *etcd_post_lines(struct etcd_post *);
/* No callback will run.  NULL is fine; returns NULL. */
struct etcd_post *etcd_post_cancel(struct etcd_post *);

#endif
