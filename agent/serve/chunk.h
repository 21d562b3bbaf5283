/*
 * chunk.h - a body that comes in chunks.  Pure; as strict as head.h.
 *
 * Extensions of a chunk and fields behind the last one are passed over, as long as they are short.
 */
#ifndef FLUME_AGENT_SERVE_CHUNK_H
#define FLUME_AGENT_SERVE_CHUNK_H

#include <stddef.h>
#include <stdint.h>

struct chunk { /* all zero: before the first */
	unsigned char state;
	unsigned digits;  /* of the size */
	uint64_t left;    /* bytes of this chunk */
	unsigned skipped; /* bytes of this extension, or of all that is behind */
	unsigned line;    /* of the line behind */
};

enum chunk_result { CHUNK_MORE, CHUNK_DONE, CHUNK_BAD };

/* Decodes `data` in place: its first *out_made bytes are body then, and *out_used bytes were read.
 * All were, but with CHUNK_DONE: what is left belongs to the next request. */
enum chunk_result chunk_read(struct chunk *, char *data, size_t len, size_t *out_used,
			     size_t *out_made);

#endif
