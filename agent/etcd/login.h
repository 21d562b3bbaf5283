/*
 * login.h - the token of a client: asked for, shown with every request, replaced.  For this
 * room.
 */
#ifndef FLUME_AGENT_ETCD_LOGIN_H
#define FLUME_AGENT_ETCD_LOGIN_H

#include "agent/etcd/client.h"

/* FLUME_INVALID (a user without a password, ...), FLUME_NOMEM; etcd_login_free either way. */
int etcd_login_new(struct etcd *, const struct etcd_options *, struct flume_err *);
void etcd_login_free(struct etcd *);

enum { ETCD_LOGIN_WAIT = 1 };
/* May a request go?  0, ETCD_LOGIN_WAIT (etcd_posts_go or etcd_posts_stop will be called), or a
 * code, with `err`: there is no token to be had at present. */
int etcd_login_may_go(const struct etcd *, struct flume_err *);
/* What it shows: a whole header, or NULL; and the serial of the token. */
const char *etcd_login_header(const struct etcd *, unsigned *serial);

/* What became of the request that showed this token.  True: with another token it may do
 * better. */
bool etcd_login_refused(struct etcd *, unsigned serial);
bool etcd_login_closed(struct etcd *, unsigned serial);
void etcd_login_taken(struct etcd *, unsigned serial);
/* Is a user given at all? */
bool etcd_login_has_user(const struct etcd *);

#endif
