/*
 * board.h - what the engine last said about itself, for the threads that answer HTTP.
 *
 * The engine pins up a new page whenever something changed; readers take the page that hangs
 * there.  Pages are immutable and counted, the board has a lock of a few instructions.
 */
#ifndef FLUME_AGENT_ENGINE_BOARD_H
#define FLUME_AGENT_ENGINE_BOARD_H

#include <stdbool.h>
#include <stddef.h>

struct board;

/* Bytes of a status that each proof of the source changes, and nothing else does. */
struct page_proof {
	size_t begin, end;
};

struct page {
	bool ready;              /* every wanted schema has a generation that runs */
	bool settled;            /* or has been refused or held, and never served here */
	const char *why;         /* lines of text: what is waited for, or what runs */
	const char *status;      /* the node's status, JSON */
	const char *metrics;     /* the engine's part of /metrics, Prometheus text */
	const char *brief;       /* of a status too big for etcd, what goes there; else NULL */
	struct page_proof proof; /* in the status, and in what is brief of it */
};

struct board *board_new(void); /* with a page that is not ready; NULL when out of memory */
struct board *board_free(struct board *);
/* Copies the texts.  0 or FLUME_NOMEM (then the old page stays). */
int board_pin(struct board *, const struct page *);
/* Lent until board_release, which must come before board_free; never NULL.  Any thread. */
const struct page *board_take(struct board *);
void board_release(struct board *, const struct page *);

#endif
