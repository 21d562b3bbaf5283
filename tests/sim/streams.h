/* streams.h - the watches of a member. */
#ifndef FLUME_SIM_STREAMS_H
#define FLUME_SIM_STREAMS_H

#include "tests/sim/members.h"

struct stream;
struct wire;

struct stream_options {
	const char *from, *to; /* keys, as of a range  */
	int64_t start;         /* revision; 0: from now */
	bool progress, fragment;
};

void stream_new(struct wire *, const struct stream_options *);
void stream_free(struct stream *);
/* Sends what the member has applied since. */
void streams_pump(struct member *);
/* The member has no leader for long. */
void streams_unled(struct member *);
void streams_tick(struct member *);
/* The member ends; `well`: it says so. */
void streams_end(struct member *, bool well);

/* ---- what befalls them ---- */

/* They stay open and say nothing more. */
void streams_mute(struct member *);
/* They say again what they have said last, as some etcds did. */
void streams_repeat(struct member *);
/* The next deletion is not told, as some etcds did. */
void streams_lose_deletion(struct member *);

#endif
