/*
 * door.h - the sockets that clients connect to, and a thread that takes them in.
 */
#ifndef FLUME_AGENT_SERVE_DOOR_H
#define FLUME_AGENT_SERVE_DOOR_H

#include "lib/flume.h"

#include <stdbool.h>
#include <sys/socket.h>

struct door;

/* Owns `fd`, a connected socket that does not block.  Runs on the door's thread. */
typedef void door_fn(void *arg, int fd, const struct sockaddr *, socklen_t);

/* `listen` is "HOST:PORT", "[V6]:PORT" or ":PORT"; NULL: no TCP.  Returns 0, FLUME_INVALID for
 * what is no address, FLUME_EXISTS when somebody else has it, FLUME_IO or FLUME_NOMEM. */
int door_new(struct door **out, const char *listen, struct flume_err *err);
/* A unix socket too; before the door is open, once.  One that nobody listens on any more is
 * replaced.  Returns as door_new; after a failure the door is as it was. */
int door_add_local(struct door *, const char *path, struct flume_err *err);
/* Begins to take clients in.  0 or FLUME_NOMEM. */
int door_open(struct door *, door_fn *, void *arg);
/* Whoever has connected before is let in, and later ones are turned away; when it returns, `fn` does
 * not run and will not. */
void door_close(struct door *);
/* Closes it too.  NULL is fine; returns NULL. */
struct door *door_free(struct door *);
/* Of the TCP socket, 0 when there is none. */
int door_port(const struct door *);
/* Can other hosts connect? */
bool door_is_public(const struct door *);
/* Of the unix socket, "" when there is none. */
const char *door_path(const struct door *);

#endif
