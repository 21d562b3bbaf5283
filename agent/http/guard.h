/*
 * guard.h - who may ask, and who may change things.
 *
 * A page in a browser on this host must not reach the agent.  A name that its author points at
 * 127.0.0.1 shows in Host (so only IP addresses, localhost and names we were told pass), and
 * a page of another site shows in Origin.
 *
 * Where others can reach the agent anyway, they may look under any name that leads here: what a page
 * could read there, its author could read too.
 */
#ifndef FLUME_AGENT_HTTP_GUARD_H
#define FLUME_AGENT_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

struct guard {              /* texts are owned */
	char *listen_host;  /* "" when there is none */
	char *node;         /* likewise */
	char **allow_hosts; /* NULL at the end; NULL: none */
	char *token;        /* NULL: none */
};

/* FLUME_NOMEM leaves nothing behind.  Everything may be NULL; `node` is the node's name. */
int guard_init(struct guard *, const char *listen, const char *node,
	       const char *const *allow_hosts, const char *token);
void guard_fini(struct guard *);

/* `host` as in the header: "node-1:8410", "[::1]:8410".  NULL, a client older than HTTP/1.1,
 * may. */
bool guard_host(const struct guard *, const char *host);
/* Is `origin` ("http://localhost:8410") a page that came from `host`?  NULL is no page: yes. */
bool guard_origin(const char *origin, const char *host);
/* `authorization` as in the header, may be NULL.  Takes the same time for every wrong token. */
bool guard_token(const struct guard *, const char *authorization);

#endif
