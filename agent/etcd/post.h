/*
 * post.h - one POST to one endpoint, plain or as a stream, over libcurl; with the token of the
 * client, for which it waits if need be.  For this room.
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
	bool unsent;    /* the request did not leave this machine                    */
	bool at_fault;  /* the endpoint is, or the way to it                         */
	bool closed;    /* it was read, it seems, and the connection closed on it    */
	unsigned token; /* the serial of what was shown; 0: nothing                  */
	const char *text;
};

/* Both run outside of libcurl and may start and cancel posts, this one too. */
/* Of a stream: more lines may have come, under status 200. */
typedef void etcd_post_lines_fn(void *arg);
/* Once; the post is freed afterwards. What came and was not read is still there. */
typedef void etcd_post_end_fn(const struct etcd_ending *, void *arg);

enum etcd_way {
	ETCD_WAY_SHARED, /* any connection there is                                   */
	ETCD_WAY_STREAM, /* HTTP/2: any; else, as it occupies it for long, its own    */
	ETCD_WAY_OWN,    /* a fresh one, closed afterwards: it must not go out twice,
			  * or would be in the way of others                          */
};

struct etcd_post_options {
	size_t endpoint;
	const char *path; /* "/v3/kv/range"; lent until the end                       */
	const char *body; /* lent until the end                                       */
	int first_ms;     /* until the first byte of the answer; 0: as long as the rest */
	int timeout_ms;   /* told to the server as three quarters; 0: a stream, none  */
	enum etcd_way way;
	bool anonymous;               /* without the token */
	etcd_post_lines_fn *on_lines; /* NULL: not a stream */
	etcd_post_end_fn *on_end;
	void *arg;
};

/* NULL when out of memory. */
struct etcd_post *etcd_post_new(struct etcd *, const struct etcd_post_options *);
/* What came; valid until on_end has returned or the post is cancelled. */
struct etcd_lines *etcd_post_lines(struct etcd_post *);
/* The serial of the token it showed; 0: none. */
unsigned etcd_post_token(const struct etcd_post *);
/* Does it still wait for a token? */
bool etcd_post_waits(const struct etcd_post *);
/* It got no answer, so nobody else is to share its connection. */
void etcd_post_distrust(struct etcd_post *);
/* No callback will run.  NULL is fine; returns NULL. */
struct etcd_post *etcd_post_cancel(struct etcd_post *);

/* Of login.c: those that wait for a token go, or end with this code and text. */
void etcd_posts_go(struct etcd *);
void etcd_posts_stop(struct etcd *, const struct flume_err *);
/* Of pool.c. */
void etcd_post_readable(struct etcd_post *);
void etcd_post_ended(struct etcd_post *, CURLcode);

#endif
