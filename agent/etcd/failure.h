/*
 * failure.h - what a reply that is not a success says, in both dialects of the gateway and
 * without any.  Pure.  For this room.
 */
#ifndef FLUME_AGENT_ETCD_FAILURE_H
#define FLUME_AGENT_ETCD_FAILURE_H

#include "lib/flume.h"

#include <jansson.h>

enum etcd_grpc { /* gRPC's codes, as far as a decision hangs on them */
		 GRPC_OK = 0,
		 GRPC_CANCELLED = 1,
		 GRPC_UNKNOWN = 2,
		 GRPC_INVALID_ARGUMENT = 3,
		 GRPC_DEADLINE_EXCEEDED = 4,
		 GRPC_NOT_FOUND = 5,
		 GRPC_PERMISSION_DENIED = 7,
		 GRPC_RESOURCE_EXHAUSTED = 8,
		 GRPC_FAILED_PRECONDITION = 9,
		 GRPC_OUT_OF_RANGE = 11,
		 GRPC_UNIMPLEMENTED = 12,
		 GRPC_UNAVAILABLE = 14,
		 GRPC_UNAUTHENTICATED = 16,
};

struct etcd_failure {
	int grpc; /* 0: none, the reply is a success */
	char text[256];
};

/* From a reply in JSON; `http` is its status. */
struct etcd_failure etcd_failure_read(const json_t *reply, long http);
/* From one that is not JSON. */
struct etcd_failure etcd_failure_guess(const char *body, size_t len, long http);

/* From either. */
struct etcd_failure etcd_failure_parse(const char *body, size_t len, long http);

/* What etcd has against who asks: that has to be told from a bad request by its words. */
enum etcd_complaint {
	ETCD_COMPLAINT_NONE,
	ETCD_COMPLAINT_TOKEN,    /* there is none, or another is needed */
	ETCD_COMPLAINT_PASSWORD, /* it is the wrong one, or the user is */
	ETCD_COMPLAINT_NO_USERS, /* they are not switched on            */
};
enum etcd_complaint etcd_complaint(const char *text);
/* Is it only that the members have no leader at present? */
bool etcd_without_leader(const char *text);

/* The flume code it travels under. */
int etcd_failure_code(const struct etcd_failure *);
/* May another member, or the same one a moment later, do better? */
bool etcd_failure_passes(const struct etcd_failure *);
/* Is it certain that a write was not even proposed? */
bool etcd_failure_unsent(const struct etcd_failure *);

#endif
