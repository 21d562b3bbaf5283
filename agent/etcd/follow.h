/*
 * follow.h - the decisions of a watch, without the watching: what came and what time it is go
 * in, what to do comes out.  No I/O, clock or random source of its own.  For this room.
 */
#ifndef FLUME_AGENT_ETCD_FOLLOW_H
#define FLUME_AGENT_ETCD_FOLLOW_H

#include "agent/etcd/backoff.h"
#include "agent/etcd/message.h"

enum etcd_follow_phase {
	FOLLOW_PAUSED,  /* until retry_at             */
	FOLLOW_OPENING, /* asked, not yet answered    */
	FOLLOW_UP,      /* events come                */
	FOLLOW_OVER,    /* the owner has to list anew */
};

enum {                          /* what to do, in this order */
       FOLLOW_CLOSE = 1 << 0,   /* the stream                                              */
       FOLLOW_DELIVER = 1 << 1, /* the first `deliver` of follow->held, then drop them     */
       FOLLOW_SAY_UP = 1 << 2,
       FOLLOW_SAY_PROVED = 1 << 3, /* `revision`                                           */
       FOLLOW_SAY_DOWN = 1 << 4,   /* `err`, without the endpoint                          */
       FOLLOW_RELIST = 1 << 5,     /* `why`, `revision`                                    */
       FOLLOW_PROBE = 1 << 6,      /* ask, and tell etcd_follow_probe                      */
       FOLLOW_OPEN = 1 << 7,       /* a stream from seen + 1                               */
};

struct etcd_todo {
	unsigned what;
	size_t deliver;
	int64_t revision;
	enum etcd_relist why;
	struct flume_err err;
};

struct etcd_follow {
	/* set before the start */
	int64_t seen; /* everything up to this revision has been delivered, or was listed  */
	int64_t keys; /* how many there are in the prefix after that; -1: not known        */
	int64_t first_ns, prove_ns, behind_ns;
	struct etcd_backoff backoff;

	enum etcd_follow_phase phase;
	unsigned leaderless; /* failures for want of a leader, in a row              */
	int told;            /* what the owner knows: 1 up, -1 down, 0 nothing            */
	int64_t up_since, open_by, retry_at;

	struct etcd_event *held; /* not delivered, or of a revision not complete     */
	size_t held_len;

	int64_t probe_at; /* INT64_MAX: not planned                                     */
	bool probing;
	int64_t asked_at; /* `seen` when the probe left                               */
	unsigned misses;  /* probes without answer, in a row                          */
	unsigned doubts;  /* probes that spoke for another store, in a row            */
	uint64_t cluster_id, raft_term; /* of the store; 0: not known                   */

	bool proving;      /* a probe was answered, and the watch may be behind it    */
	int64_t proof;     /* where the store was                                     */
	int64_t newest;    /* the last change in the prefix that a key there shows    */
	int64_t count;     /* keys there; -1: not comparable any more                 */
	int64_t prove_by;  /* else the watch is dead                                  */
	unsigned restarts; /* for being behind, since the last proof                  */
};

/* What a probe said; code negative: nothing but text. */
struct etcd_probed {
	int code;
	const char *text;
	int64_t revision, newest, count;
	uint64_t cluster_id, raft_term;
};

/* When etcd_follow_time has to be called next; INT64_MAX: not at all. */
int64_t etcd_follow_wake(const struct etcd_follow *);
struct etcd_todo etcd_follow_time(struct etcd_follow *, int64_t now, uint32_t random);
/* Bytes have come, of whatever. */
void etcd_follow_heard(struct etcd_follow *, int64_t now);
/* Takes the message's events. */
struct etcd_todo etcd_follow_message(struct etcd_follow *, struct etcd_message *, int64_t now,
				     uint32_t random);
/* The stream has ended, or cannot be used. */
struct etcd_todo etcd_follow_end(struct etcd_follow *, int code, const char *text, int64_t now,
				 uint32_t random);
struct etcd_todo etcd_follow_probe(struct etcd_follow *, const struct etcd_probed *,
				   int64_t now, uint32_t random);
/* After the first n of held were delivered. */
void etcd_follow_drop(struct etcd_follow *, size_t n);
void etcd_follow_fini(struct etcd_follow *);

#endif
