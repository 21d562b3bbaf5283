/*
 * bucket.h - inside lib/connector: tokens that come at a rate, some of which may be saved up.
 *
 * Times are on one clock of the caller's.  Any thread may call.
 */
#ifndef FLUME_CONNECTOR_BUCKET_H
#define FLUME_CONNECTOR_BUCKET_H

#include "lib/connector/state.h"

/* The time from `from` to `to`, in which tokens come that were promised and given back. */
struct gap {
	int64_t from, to; /* equal: none */
};

#define GAPS 32

struct bucket {
	struct state state;
	int64_t origin_ns;
	/* When the bucket will be full again, doubled; the lowest bit says which of the two
	 * paces that time is counted in. */
	atomic_uint_least64_t word;
	struct pace {
		atomic_int_least64_t interval; /* in which a token comes, in ticks        */
		atomic_int_least64_t ahead;    /* so much before its time it may be taken */
		atomic_uint shift;             /* a tick is 1 << shift ns                 */
	} paces[2];
	atomic_uint n_gaps;
	/* Under the lock of the state: */
	int64_t burst;  /* 0: nobody has said yet */
	unsigned round; /* one more with each new pace */
	struct gap gaps[GAPS];
};

/* Goes by this rate from now on; the tokens there are stay, as many as the burst allows.  A new
 * bucket is full.  `interval_ns` >= 0, infinity included. */
void bucket_adopt(struct bucket *, double interval_ns, int64_t burst, int64_t now_ns);
/* Takes a token if there is one that nobody waits for. */
bool bucket_take(struct bucket *, int64_t now_ns);

struct promise {
	int64_t at_ns; /* the token may be used from then on; past or now: at once */
	int64_t slot;
	unsigned round;
};

/* The next token to come, if it comes before `before_ns`; otherwise only when that would be. */
bool bucket_promise(struct bucket *, int64_t now_ns, int64_t before_ns, struct promise *out);
/* The token was not used after all. */
void bucket_give_back(struct bucket *, const struct promise *);
bool bucket_is_full(const struct bucket *, int64_t now_ns);

#endif
