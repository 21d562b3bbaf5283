/* ids.h - what a request is called in logs: X-Request-Id. */
#ifndef FLUME_AGENT_HTTP_IDS_H
#define FLUME_AGENT_HTTP_IDS_H

#include <stdbool.h>
#include <stdint.h>

#define ID_SIZE 129 /* of the longest that a client may give, NUL included */

struct ids { /* of one thread */
	uint64_t state[2];
};

/* Begins anywhere; not secret. */
void ids_init(struct ids *);
/* 32 hexadecimal digits. */
void ids_make(struct ids *, char out[ID_SIZE]);
/* May it be written into a log, and sent back?  Letters, digits and "-_.:/+=@", 1 to 128. */
bool ids_good(const char *);

#endif
