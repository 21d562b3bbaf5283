/* share.h - inside this room, for traffic.c, share.c and mirror.c: what a share is made of. */
#ifndef FLUME_AGENT_ENGINE_SHARE_H
#define FLUME_AGENT_ENGINE_SHARE_H

#include "agent/engine/traffic.h"

#include <pthread.h>
#include <stdatomic.h>

struct traffic {
	atomic_uint open;     /* how many are in the list                  */
	pthread_mutex_t lock; /* of the list                               */
	struct share *list;
	pthread_mutex_t farewell; /* of the two below                         */
	pthread_cond_t quiet;
	size_t threads, refs; /* refs: the loop's, and those of all shares */
};

struct mirror; /* the queue and the thread of a shadow */

struct share {
	struct traffic *traffic;
	struct share *next; /* in the list */
	atomic_size_t refs;
	char *name;
	flume_pipeline *candidate, *running;
	uint32_t part; /* of SPLIT_WHOLE */
	atomic_uint_least64_t documents;

	struct mirror *mirror; /* NULL: it is a live canary */

	bool keyed; /* by the path; else the whole document decides */
	struct path by;
	uint64_t running_calls, running_failures; /* when it began */
};

void traffic_unref(struct traffic *);
struct share *share_ref(struct share *);

/* ---- share.c ---- */

int share_new(struct traffic *, const struct share_terms *, struct share **out);
int share_set_key(struct share *, const char *by, struct flume_err *err);
struct share *share_unref(struct share *);

/* ---- mirror.c ---- */

/* With a thread that has a reference to the share. */
int mirror_start(struct share *, const struct share_terms *, struct flume_err *err);
/* Nothing more is taken, and what runs is cancelled. */
void mirror_stop(struct mirror *);
struct mirror *mirror_free(struct mirror *);
/* The document with this number, from 0. */
void mirror_offer(struct share *, uint64_t number, const char *body, size_t len);
void mirror_read(struct mirror *, struct share_counts *out);

#endif
