/*
 * etcd_gateway.h - a stand-in for etcd's gateway that runs on the test's own loop: it writes down
 * what it is asked and answers what it was told to, in whatever pieces.
 */
#ifndef FLUME_TESTS_UNIT_ETCD_GATEWAY_H
#define FLUME_TESTS_UNIT_ETCD_GATEWAY_H

#include "agent/loop/loop.h"

#include <stddef.h>

enum { GATEWAY_MOST = 16 };

struct gateway_answer {
	int status; /* 0: closes the connection without a word                            */
	const char
		*body; /* NULL: never answers                                                */
	bool keeps_alive; /* says how long the body is, and waits for the next request          */
	bool stays_open; /* after the body; else the connection is closed                      */
	bool drips; /* a byte at a time                                                   */
};

struct gateway {
	struct loop *loop;
	struct loop_fd *listen;
	int fd;
	char url[64];
	struct gateway_answer answers[GATEWAY_MOST]; /* to the first, second, ... request */
	struct {
		char head[1024], body[2048];
		bool closed; /* the client closed the connection */
	} asked[GATEWAY_MOST];
	size_t n;      /* of what was asked */
	size_t visits; /* connections       */
};

void gateway_open(struct gateway *, struct loop *);
void gateway_close(struct gateway *); /* before the loop is freed */

/* The next answer, to be refined.  Status 0 closes without a word. */
struct gateway_answer *gateway_will_answer(struct gateway *, int status, const char *body);
/* Request `i` was exactly this; it had this header. */
void gateway_was_asked(const struct gateway *, size_t i, const char *path, const char *body);
void gateway_was_told(const struct gateway *, size_t i, const char *header);

/* The header of a reply, as JSON. */
#define GATEWAY_HEADER(revision)                                                        \
	"\"header\":{\"cluster_id\":\"7\",\"member_id\":\"8\",\"revision\":\"" revision \
	"\",\"raft_term\":\"2\"}"

#endif
