/*
 * auth.h - the decisions about a token, without the asking: what came and what time it is go
 * in, what to do comes out.  No I/O, clock or random source of its own.  For this room.
 */
#ifndef FLUME_AGENT_ETCD_AUTH_H
#define FLUME_AGENT_ETCD_AUTH_H

#include "agent/etcd/backoff.h"

#include <stdbool.h>

enum etcd_auth_phase {
	AUTH_OPEN,    /* requests go without a token: no user is given, or etcd wants none */
	AUTH_WANTING, /* requests wait; a token is asked for at `at`                      */
	AUTH_ASKING,  /* requests wait for the answer                                     */
	AUTH_HOLDING, /* requests carry the token                                         */
	AUTH_FAILED,  /* requests fail; a token is asked for at `at`                      */
};

enum {                     /* what to do, in this order */
       AUTH_DROP = 1 << 0, /* the token                                 */
       AUTH_ASK = 1 << 1,  /* for one, with `within_ms`                 */
       AUTH_GO = 1 << 2,   /* what waited goes                          */
       AUTH_STOP = 1 << 3, /* what waited fails, as the answer did      */
       AUTH_TELL = 1 << 4, /* someone has to mend this: user, password  */
       AUTH_CALM = 1 << 5, /* what was told is over                     */
};

struct etcd_auth_todo {
	unsigned what;
	int within_ms;
};

enum etcd_auth_answer {
	AUTH_TOKEN,   /* here it is                                            */
	AUTH_OFF,     /* etcd has no users at present                          */
	AUTH_WRONG,   /* the password is, or there is none to be had           */
	AUTH_NOTHING, /* no answer, or one that says nothing of the password   */
};

struct etcd_auth { /* begun by etcd_auth_begin */
	bool has_user;
	enum etcd_auth_phase phase;
	int64_t at;
	unsigned serial; /* of the last token; the first is 1                  */
	bool worked;     /* a request that carried it was answered             */
	unsigned silent; /* requests with it that were closed on, in a row     */
	bool told;
	unsigned late; /* answers that did not come, in a row                   */
	struct etcd_backoff lost, wrong;
};

void etcd_auth_begin(struct etcd_auth *, bool has_user, int64_t now);
/* When etcd_auth_time has to be called next; INT64_MAX: not at all. */
int64_t etcd_auth_wake(const struct etcd_auth *);
struct etcd_auth_todo etcd_auth_time(struct etcd_auth *, int64_t now);
struct etcd_auth_todo etcd_auth_answered(struct etcd_auth *, enum etcd_auth_answer, int64_t now,
					 uint32_t random);
/* What there is to ask with is not what was refused. */
void etcd_auth_hurry(struct etcd_auth *, int64_t now);
/* etcd did not take the token with this serial (0: there was none). */
struct etcd_auth_todo etcd_auth_refused(struct etcd_auth *, unsigned serial, int64_t now,
					uint32_t random);
/* It closed the connection without a word. */
struct etcd_auth_todo etcd_auth_closed(struct etcd_auth *, unsigned serial, int64_t now,
				       uint32_t random);
/* It took the token. */
void etcd_auth_taken(struct etcd_auth *, unsigned serial);

#endif
